package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bankprocessor/test/pages"
)

var update = flag.Bool("update", false, "rewrite the generated parts of docs/reference/cli.md")

// The generated part of the page is what the commands say of themselves, and what
// they print in JSON.
func TestCLIReference(t *testing.T) {
	t.Parallel()
	pages.Hold(t, "../../docs/reference/cli.md", "commands", "go test ./cmd/processor -run TestCLIReference -update",
		commandsAsMarkdown(t), *update)
}

func commandsAsMarkdown(t *testing.T) string {
	examples := outputExamples(t)
	var b strings.Builder
	all := slices.DeleteFunc(leaves(rootCommand(terminal{})), func(c *cobra.Command) bool { return c.Name() == "help" })
	b.WriteString("\n| command | |\n| --- | --- |\n")
	for _, c := range all {
		fmt.Fprintf(&b, "| [%s](#%s) | %s |\n", c.CommandPath(), strings.ReplaceAll(c.CommandPath(), " ", "-"), c.Short)
	}
	for _, c := range all {
		commandAsMarkdown(&b, c)
		example, has := examples[c.CommandPath()]
		if needs := c.Flags().Lookup("output") != nil; needs != has {
			t.Errorf("%s: prints JSON %t, and has an example of it %t: see outputExamples", c.CommandPath(), needs, has)
		}
		if has {
			example.asMarkdown(&b)
		}
		delete(examples, c.CommandPath())
	}
	for path := range examples {
		t.Errorf("there is no command %s", path)
	}
	return b.String()
}

func commandAsMarkdown(b *strings.Builder, c *cobra.Command) {
	words := c.Long
	if words == "" {
		words = c.Short + "."
	}
	fmt.Fprintf(b, "\n## %s\n\n%s\n", c.CommandPath(), proseAsMarkdown(words))
	fmt.Fprintf(b, "```sh\n%s\n```\n", c.UseLine())
	if c.Example != "" {
		fmt.Fprint(b, "\nFor instance:\n\n```sh\n")
		for line := range strings.Lines(c.Example) {
			b.WriteString(strings.TrimPrefix(line, "  "))
		}
		b.WriteString("\n```\n")
	}
	if c.HasAvailableFlags() {
		b.WriteString("\n| flag | takes | default | |\n| --- | --- | --- | --- |\n")
		c.Flags().VisitAll(func(f *pflag.Flag) { flagAsMarkdown(b, f) })
	}
}

// proseAsMarkdown keeps what is indented as it is.
func proseAsMarkdown(words string) string {
	var b strings.Builder
	inBlock := false
	for line := range strings.Lines(words + "\n") {
		indented := strings.HasPrefix(line, "  ")
		if indented != inBlock {
			if indented && !strings.HasSuffix(b.String(), "\n\n") {
				b.WriteString("\n")
			}
			b.WriteString("```\n")
			inBlock = indented
			if !inBlock && line != "\n" {
				b.WriteString("\n")
			}
		}
		b.WriteString(strings.TrimPrefix(line, "  "))
	}
	if inBlock {
		b.WriteString("```\n")
	}
	return b.String()
}

func flagAsMarkdown(b *strings.Builder, f *pflag.Flag) {
	placeholder, usage := pflag.UnquoteUsage(f)
	name, takes, byDefault := "`--"+f.Name+"`", placeholder, ""
	if f.Shorthand != "" {
		name = "`-" + f.Shorthand + "`, " + name
	}
	if strings.HasPrefix(takes, "int") {
		takes = "number"
	}
	if values := valuesOf(f); values != nil {
		takes = "`" + strings.Join(values, "` `") + "`"
	}
	if f.DefValue != "" && f.NoOptDefVal == "" {
		byDefault = "`" + f.DefValue + "`"
	}
	if f.Annotations[cobra.BashCompOneRequiredFlag] != nil {
		byDefault = "required"
	}
	usage = strings.ReplaceAll(strings.ReplaceAll(usage, "\n", " "), "|", `\|`)
	fmt.Fprintf(b, "| %s | %s | %s | %s |\n", name, takes, byDefault, usage)
}
