package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"bankprocessor/internal/console"
)

func consoleCommand(t terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "console", Short: "Makes the tokens that operators sign in to the console with", Args: cobra.NoArgs,
		Long: "Keeps who may sign in to the console, the page at / on the admin port. Nothing\n" +
			"here talks to Kafka or to a processor.",
		RunE: func(*cobra.Command, []string) error { return fmt.Errorf("%w: want token", errUsage) },
	}
	c.AddCommand(tokenCommand(t))
	return c
}

func tokenCommand(t terminal) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "token NAME", Short: "Makes a token for an operator; it is shown once", Args: cobra.ExactArgs(1),
		Long: "Makes a token for an operator, and the line of console.tokens_file that lets it\n" +
			"in. The line holds the token's digest alone; the token is shown once and stored\n" +
			"nowhere. The audit calls the operator by NAME.",
		Example: "  processor console token alice",
		RunE: func(_ *cobra.Command, args []string) error {
			return newToken(t, args[0], output)
		},
	}
	addOutput(c, &output, formatText)
	return c
}

func newToken(t terminal, name, output string) error {
	token, line, err := console.NewToken(name)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if output == formatJSON {
		return writeJSON(t, map[string]string{"name": name, "token": token.Reveal(), "line": line})
	}
	_, err = fmt.Fprintf(t.out, `token  %s
line   %s

Give the token to %s, who signs in with it; it is not shown again.
Add the line to console.tokens_file: it counts without a restart.
`, token.Reveal(), line, name)
	return err
}
