package main

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bankprocessor/internal/command"
)

// shells are those that completion is for, with what writes the script of each.
var shells = map[string]func(*cobra.Command, io.Writer) error{
	"bash":       func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) },
	"zsh":        func(root *cobra.Command, w io.Writer) error { return root.GenZshCompletion(w) },
	"fish":       func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) },
	"powershell": func(root *cobra.Command, w io.Writer) error { return root.GenPowerShellCompletionWithDesc(w) },
}

func shellNames() []string { return []string{"bash", "zsh", "fish", "powershell"} }

func completionCommand(t terminal) *cobra.Command {
	return &cobra.Command{
		Use: "completion " + strings.Join(shellNames(), "|"), Short: "Prints the script that completes command lines in a shell",
		Long: "Prints the script with which a shell completes commands, flags, and what they\n" +
			"take: commands, codes, reasons, formats, files. For good:\n\n" +
			"  bash        processor completion bash > /etc/bash_completion.d/processor\n" +
			"  zsh         processor completion zsh > \"${fpath[1]}/_processor\"\n" +
			"  fish        processor completion fish > ~/.config/fish/completions/processor.fish\n" +
			"  powershell  processor completion powershell | Out-String | Invoke-Expression, in $PROFILE\n\n" +
			"bash wants its package bash-completion, zsh its compinit.",
		Example: "  source <(processor completion bash)",
		Args:    cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs), ValidArgs: shellNames(),
		RunE: func(c *cobra.Command, args []string) error { return shells[args[0]](c.Root(), t.out) },
	}
}

// vocabulary is what the placeholders of flags and arguments stand for. Others
// complete to nothing.
var vocabulary = map[string]func() []string{
	"COMMAND": commandNames,
	"REASON":  reasons,
	"CODE": func() []string {
		var all []string
		for _, info := range command.Codes() {
			all = append(all, string(info.Code)+"\t"+info.Meaning)
		}
		return all
	},
	"STATUS": func() []string {
		var all []string
		for _, s := range command.Statuses() {
			all = append(all, string(s))
		}
		return all
	},
}

// extensions are those of the files that a flag or, by the command's name, an
// argument names. Other files may have any.
var extensions = map[string][]string{
	"config": {"yaml", "yml"},
	"keyset": {"json"}, "private": {"json"}, "public": {"json"}, "list": {"json"},
	"tls-cert": {"pem", "crt"}, "tls-key": {"pem", "key"}, "tls-client-ca": {"pem", "crt"},
	"ledger": {"ndjson"}, "send": {"json", "ndjson"},
}

// complete has every flag and argument below c completed by what it takes.
func complete(c *cobra.Command) {
	for _, sub := range c.Commands() {
		complete(sub)
	}
	if c.ValidArgs == nil && c.ValidArgsFunction == nil {
		c.ValidArgsFunction = completeArguments
	}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.NoOptDefVal != "" { // takes no value
			return
		}
		placeholder, _ := pflag.UnquoteUsage(f)
		values, directive := valuesFor(placeholder, f.Name)
		if only := valuesOf(f); only != nil {
			values = only
		}
		offer := func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			return beginning(values, begun, directive)
		}
		if err := c.RegisterFlagCompletionFunc(f.Name, offer); err != nil {
			panic(err) // registered twice: a mistake in the program
		}
	})
}

// completeArguments goes by the placeholders of the command's usage line.
func completeArguments(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	placeholders := arguments(c)
	at := len(args)
	if last := len(placeholders) - 1; last >= 0 && strings.Contains(placeholders[last], "...") {
		at = min(at, last)
	}
	if at >= len(placeholders) {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	placeholder, _, _ := strings.Cut(strings.Trim(placeholders[at], "[]."), "|")
	values, directive := valuesFor(placeholder, c.Name())
	values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return slices.Contains(args, v) })
	return beginning(values, begun, directive)
}

// beginning are the values that begin as what has been typed. What stands for files
// is the shell's to look up.
func beginning(values []string, begun string, directive cobra.ShellCompDirective) ([]string, cobra.ShellCompDirective) {
	if directive == cobra.ShellCompDirectiveNoFileComp {
		values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !strings.HasPrefix(v, begun) })
	}
	return values, directive
}

// arguments are the placeholders of a command's arguments, without those of flags.
func arguments(c *cobra.Command) []string {
	var all []string
	words := strings.Fields(c.Use)[1:]
	for i, word := range words {
		if !strings.HasPrefix(word, "-") && (i == 0 || !strings.HasPrefix(words[i-1], "-")) {
			all = append(all, word)
		}
	}
	return all
}

// valuesFor is what a placeholder completes to. name is the flag's or the
// command's.
func valuesFor(placeholder, name string) ([]string, cobra.ShellCompDirective) {
	switch values, ok := vocabulary[placeholder]; {
	case ok:
		return values(), cobra.ShellCompDirectiveNoFileComp
	case placeholder != "FILE":
		return nil, cobra.ShellCompDirectiveNoFileComp
	case extensions[name] != nil:
		return extensions[name], cobra.ShellCompDirectiveFilterFileExt
	}
	return nil, cobra.ShellCompDirectiveDefault
}
