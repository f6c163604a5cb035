package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"bankprocessor/internal/command"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/topics"
)

type watchFlags struct {
	settings
	output, color string
	deadLetters   bool
	fromBeginning bool
	count         int
	commandID     string
	timeout       time.Duration
}

func watchCommand(t terminal) *cobra.Command {
	var f watchFlags
	c := &cobra.Command{
		Use: "watch [COMMAND...]", Short: "Shows outcomes as they come",
		Long: "Shows the outcomes of the commands, or of all seven, as a table or as NDJSON. It\n" +
			"joins no consumer group and leaves no trace.",
		Example: "  processor watch --brokers 127.0.0.1:9092 --dead-letters",
		RunE: func(c *cobra.Command, args []string) error {
			var names []command.Name
			for _, a := range args {
				name, err := commandName(a)
				if err != nil {
					return err
				}
				names = append(names, name)
			}
			return watch(c.Context(), t, f, names)
		},
	}
	f.addCluster(c)
	f.addRegistry(c)
	addOutput(c, &f.output, formatTable)
	addColor(c, &f.color)
	c.Flags().BoolVar(&f.deadLetters, "dead-letters", false, "shows dead letters, too")
	c.Flags().BoolVar(&f.fromBeginning, "from-beginning", false, "starts with the oldest that is kept")
	c.Flags().IntVarP(&f.count, "count", "n", 0, "ends after `N`; fails when fewer come within --timeout")
	c.Flags().StringVar(&f.commandID, "command-id", "", "shows the command with this `ID`, and ends after its outcome")
	c.Flags().DurationVar(&f.timeout, "timeout", 0, "ends after so long; 0 for never")
	return c
}

var errTimeout = errors.New("timeout")

func watch(ctx context.Context, t terminal, f watchFlags, names []command.Name) error {
	show := shower(t, f.output, f.color)
	if f.commandID != "" {
		id, err := command.ParseID(f.commandID)
		if err != nil {
			return fmt.Errorf("%w: --command-id: %w", errUsage, err)
		}
		f.commandID = id
		f.count = max(f.count, 1)
	}
	cfg, err := f.load(t, clusterSections...)
	if err != nil {
		return err
	}
	events, err := newCodec(cfg)
	if err != nil {
		return err
	}
	client, err := connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer client.Close()
	w, err := downstream.Open(ctx, client, events, cfg.Topics, downstream.Options{
		Commands: names, DeadLetters: f.deadLetters, FromBeginning: f.fromBeginning,
	})
	if missing, ok := errors.AsType[*kafka.UnknownTopicsError](err); ok {
		return &topics.MissingError{Topics: missing.Topics}
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(t.err, "watching; end it with Ctrl-C")
	return f.run(ctx, w, show)
}

func (f watchFlags) run(ctx context.Context, w *downstream.Watcher, show func(downstream.Event) error) error {
	limited := ctx
	if f.timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeoutCause(ctx, f.timeout, errTimeout)
		defer cancel()
	}
	seen := 0
	var failed error
	err := w.Run(limited, func(e downstream.Event) bool {
		if !f.wants(e) {
			return true
		}
		failed = show(e)
		if !e.DeadLetter() || f.commandID == "" {
			seen++ // a command's dead letter is not its end
		}
		return failed == nil && (f.count == 0 || seen < f.count)
	})
	if err == nil && failed == nil && f.commandID != "" && f.deadLetters {
		err = w.CatchUp(limited, func(e downstream.Event) {
			if f.wants(e) && failed == nil {
				failed = show(e)
			}
		})
	}
	switch {
	case failed != nil:
		return fmt.Errorf("writing: %w", failed)
	case errors.Is(err, errTimeout) && f.count > 0:
		return fmt.Errorf("%d of %d came within %s: look whether a processor runs, or wait longer with --timeout", seen, f.count, f.timeout)
	case errors.Is(err, errTimeout), ctx.Err() != nil:
		return nil
	}
	return err
}

// wants says whether the event is of the command that is watched.
func (f watchFlags) wants(e downstream.Event) bool {
	if f.commandID == "" {
		return true
	}
	return idOf(e) == f.commandID
}
