package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// run is the whole command line as a function. It returns the exit code.
func run(ctx context.Context, args []string, t terminal) int {
	started := false // until then, every error is a wrong usage
	root := rootCommand(t)
	onStart(root, func() { started = true })
	root.SetArgs(args)
	root.SetIn(t.in)
	root.SetOut(t.out)
	root.SetErr(t.err)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	if at, rest, lost := root.Find(args); lost != nil {
		err = knownSubcommand(at, words(rest))
	}
	failed := failureOf(command, err, started)
	failed.tell(t, wantsJSON(args))
	return failed.Code
}

// onStart has every command below c look at its flags and call f when it begins
// its work.
func onStart(c *cobra.Command, f func()) {
	for _, sub := range c.Commands() {
		onStart(sub, f)
	}
	if work := c.RunE; work != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			if err := checkValues(c); err != nil {
				return err
			}
			f()
			return work(c, args)
		}
	}
}

func rootCommand(t terminal) *cobra.Command {
	root := &cobra.Command{
		Use:   "processor",
		Short: "Turns command events on Kafka into calls to a bank, one true outcome each",
		Long: "Turns command events on Kafka into calls to a bank, one true outcome each.\n" +
			"Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.",
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true}, // ours says more
	}
	root.AddCommand(
		demoCommand(t), devCommand(t), runCommand(t), checkCommand(t), topicsCommand(t), schemasCommand(t),
		sendCommand(t), watchCommand(t), dlqCommand(t), consoleCommand(t), banksimCommand(t), completionCommand(t), versionCommand(t),
	)
	complete(root)
	suggest(root)
	return root
}

// suggest has every group of commands below c name the one that may be meant.
func suggest(c *cobra.Command) {
	for _, sub := range c.Commands() {
		suggest(sub)
	}
	c.SuggestionsMinimumDistance = 2
	if c.HasSubCommands() && c.Runnable() { // others are looked up before their flags are
		c.Args = knownSubcommand
	}
}

// words are the arguments without flags.
func words(args []string) []string {
	return slices.DeleteFunc(slices.Clone(args), func(a string) bool { return strings.HasPrefix(a, "-") })
}

func knownSubcommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q for %q", args[0], c.CommandPath())
	if meant := c.SuggestionsFor(args[0]); len(meant) > 0 {
		err = fmt.Errorf("%w; did you mean %s?", err, either(meant))
	}
	return err
}
