package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bankprocessor/internal/app"
)

func checkCommand(t terminal) *cobra.Command {
	var s settings
	c := &cobra.Command{
		Use: "check --config FILE", Short: "Says all that is wrong at once, and changes nothing", Args: cobra.NoArgs,
		Long: "Checks configuration, schemas, brokers, topics, secrets and the banks' addresses,\n" +
			"and says all that is wrong at once. It changes nothing, joins no group and sends\n" +
			"no credentials to a bank: secrets are looked at where they stand, since a wrong\n" +
			"one, tried at the bank five times, locks the application.",
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := s.load(t)
			if err != nil {
				return err
			}
			wrong := 0
			fmt.Fprintln(t.out, "ok    configuration")
			for _, f := range app.Check(c.Context(), cfg) {
				if f.Err != nil {
					wrong++
				}
				fmt.Fprintln(t.out, findingLine(f))
			}
			if wrong > 0 {
				return fmt.Errorf("%d of the checks failed", wrong)
			}
			return nil
		},
	}
	s.add(c)
	return c
}

func findingLine(f app.Finding) string {
	if f.Err != nil {
		return "FAIL  " + f.Name + ": " + strings.ReplaceAll(f.Err.Error(), "\n", "\n        ")
	}
	if f.Note != "" {
		return "ok    " + f.Name + " (" + f.Note + ")"
	}
	return "ok    " + f.Name
}
