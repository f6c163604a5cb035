package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"bankprocessor/internal/demo"
	"bankprocessor/internal/telemetry"
)

func demoCommand(t terminal) *cobra.Command {
	verbose, output, color := false, "", ""
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
			options := demo.Options{Version: buildVersion(), Color: t.colored(color), Logger: log}
			if output == formatJSON {
				options.Each = func(l demo.Line) error { return writeJSON(t, l) }
			}
			return demo.Run(c.Context(), t.out, options)
		},
	}
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "shows the processor's log on standard error")
	addOutput(c, &output, formatText)
	addColor(c, &color)
	return c
}
