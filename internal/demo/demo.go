package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"bankprocessor/internal/app"
	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
	"bankprocessor/internal/upstream"
)

// Options are how the demo shows itself.
type Options struct {
	Version string
	Color   bool
	// Logger gets the processor's log; nil discards it.
	Logger *slog.Logger
	// Each, if there is one, gets the lines of the closing table as they come about,
	// and nothing is printed. Its error ends the demo.
	Each func(Line) error
}

// ErrWrong is what Run returns when an outcome is not as it should be.
var ErrWrong = errors.New("not every outcome is as it should be")

// openFor is how long the demo's breakers stay open.
const openFor = 2 * time.Second

// Config is the configuration of a processor over a sandbox whose waits are a
// person's.
func Config(box *sandbox.Sandbox) config.Config {
	c := app.SandboxConfig(box, topics.Config{})
	c.Processing.Settle = []time.Duration{200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond}
	for _, group := range []*bankapi.GroupConfig{
		&c.Banks.InterAPI.Customer, &c.Banks.InterAPI.DBSWrite, &c.Banks.InterAPI.DBSRead,
		&c.Banks.LoanAPI.Loan, &c.Banks.LoanAPI.TokenCalls,
	} {
		group.OpenFor = openFor
	}
	return c
}

// Run plays the whole scenario and prints it. It returns ErrWrong when an outcome
// differs from what it should be, and any other error when the demo itself could
// not go on.
func Run(ctx context.Context, out io.Writer, o Options) error {
	return run(ctx, out, o, scenario())
}

func run(ctx context.Context, out io.Writer, o Options, acts []act) (err error) {
	start := time.Now()
	report := newReporter(out, o)
	report.say("A Kafka broker, a simulated bank and the processor, in this one process, over TCP on loopback.")

	box, err := sandbox.Start(ctx, sandbox.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.Stop()) }()
	cfg := Config(box)
	s := newStage(box.Bank())
	processor, err := app.New(cfg, app.Options{Version: o.Version, Logger: o.Logger, OnBreaker: s.breakerChanged})
	if err != nil {
		return err
	}
	if err := processor.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, processor.Stop(context.WithoutCancel(ctx))) }()
	report.say("broker %s   bank %s   health http://%s/healthz", box.Brokers()[0], box.BankURL(), processor.AdminAddress())

	end, err := s.open(ctx, box, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	for _, a := range acts {
		report.act(a.title)
		for _, st := range a.steps {
			p, err := s.play(ctx, st)
			if err != nil {
				return err
			}
			if err := report.step(p); err != nil {
				return err
			}
		}
	}
	report.act("An outage: the bank answers 503 to limit queries, then recovers")
	down, err := s.playOutage(ctx)
	if err != nil {
		return err
	}
	if err := report.outage(down); err != nil {
		return err
	}
	if wrong := report.table(); wrong > 0 {
		report.say("\n%s", report.red(fmt.Sprintf("%d of %d are not as they should be.", wrong, len(report.all))))
		return ErrWrong
	}
	report.say("\nAll %d as they should be, in %s.", len(report.all), time.Since(start).Round(100*time.Millisecond))
	return nil
}

// open connects an upstream and a downstream to the sandbox. end disconnects them.
func (s *stage) open(ctx context.Context, box *sandbox.Sandbox, cfg config.Config) (end func() error, err error) {
	client, err := kafka.New(kafka.Config{Brokers: box.Brokers()})
	if err != nil {
		return nil, err
	}
	events, err := codec.New(codec.Options{})
	if err != nil {
		return nil, err
	}
	s.drafter = upstream.Drafter{
		Codec: events, Topics: cfg.Topics, Now: time.Now, NewIDs: true,
		Rules: func(now time.Time) command.Rules {
			return command.Rules{Now: now, Currencies: cfg.Processing.Currencies}
		},
	}
	if s.sender, err = upstream.NewSender(ctx, client, slog.New(slog.DiscardHandler)); err != nil {
		return nil, err
	}
	watcher, err := downstream.Open(ctx, client, events, cfg.Topics, downstream.Options{DeadLetters: true, FromBeginning: true})
	if err != nil {
		return nil, errors.Join(err, s.sender.Close(ctx))
	}
	watching, stop := context.WithCancel(ctx)
	watched := make(chan error, 1)
	go func() { watched <- watcher.Run(watching, s.collect) }()
	return func() error {
		stop()
		err := <-watched
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		err = errors.Join(err, s.sender.Close(context.WithoutCancel(ctx)))
		client.Close()
		return err
	}, nil
}
