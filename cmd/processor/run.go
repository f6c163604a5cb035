package main

import (
	"github.com/spf13/cobra"

	"bankprocessor/internal/app"
	"bankprocessor/internal/telemetry"
)

func runCommand(t terminal) *cobra.Command {
	var s settings
	c := &cobra.Command{
		Use: "run --config FILE", Short: "Runs the processor", Args: cobra.NoArgs,
		Long: "Runs the processor until SIGINT or SIGTERM, and then finishes what it has\n" +
			"started. A second signal ends it at once. Logs go to standard error.",
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := s.load(t)
			if err != nil {
				return err
			}
			log := telemetry.NewLogger(t.err, cfg.Log)
			tuneMemory(log)
			a, err := app.New(cfg, app.Options{Version: buildVersion(), Logger: log})
			if err != nil {
				return err
			}
			return a.Run(c.Context(), nil)
		},
	}
	s.add(c)
	return c
}
