package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"bankprocessor/internal/demo"
	"bankprocessor/internal/telemetry"
)

func demoCommand(t terminal) *cobra.Command {
	verbose := false
	c := &cobra.Command{
		Use: "demo", Short: "Shows the whole job on embedded parts, and checks every outcome", Args: cobra.NoArgs,
		Long: "Starts an embedded broker, the bank simulator and the processor, sends commands of\n" +
			"all seven kinds, good and bad, and prints every outcome. It fails when one is not\n" +
			"as it should be.",
		RunE: func(c *cobra.Command, _ []string) error {
			log := slog.New(slog.DiscardHandler)
			if verbose {
				log = telemetry.NewLogger(t.err, telemetry.LogConfig{Format: "text"})
			}
			return demo.Run(c.Context(), t.out, demo.Options{
				Version: buildVersion(), Color: t.colored(), Logger: log,
			})
		},
	}
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "shows the processor's log on standard error")
	return c
}
