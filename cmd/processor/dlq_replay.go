package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"bankprocessor/internal/deadletters"
)

// The defaults of replays.
const (
	replayRate = 10
	maxReplays = 3
	maxLetters = 1000
)

type dlqReplayFlags struct {
	deskFlags
	filterFlags
	actorFlags
	all, execute, notApplied, newID, again bool
	payload, output                        string
	rate                                   float64
	maxReplays, max                        int
	wait                                   time.Duration
}

func dlqReplayCommand(t terminal) *cobra.Command {
	var f dlqReplayFlags
	c := &cobra.Command{
		Use: "replay [PLACE|COMMAND_ID...]", Short: "Has the commands of dead letters carried out again; says what it would do unless given --execute",
		Long: "Publishes the commands of dead letters again, each as the next revision: those that\n" +
			"are named, those that filters pick, or --all. Filters and --all pick what is open,\n" +
			"unless --state names another state, and always what is interrupted. Without\n" +
			"--execute it says what would be done and changes nothing. Every step is written into\n" +
			"the audit first. When it is interrupted, even killed, the same command goes on where\n" +
			"it ended and sends nothing twice. What may have been applied at the bank is refused,\n" +
			"unless --not-applied states that it has not.\n" +
			"Exit codes: 0 nothing was refused and nothing failed, 1 something was or did.",
		Example: "  processor dlq replay --config FILE --reason exhausted --since 24h\n" +
			"  processor dlq replay --config FILE --reason exhausted --since 24h --execute --why 'the bank is back'",
		RunE: func(c *cobra.Command, args []string) error { return dlqReplay(c.Context(), t, f, args) },
	}
	f.addDesk(c)
	f.filterFlags.add(c)
	f.actorFlags.add(c, "--execute")
	addOutput(c, &f.output, formatTable)
	c.Flags().BoolVar(&f.all, "all", false, "every dead letter that is open or interrupted")
	c.Flags().BoolVar(&f.execute, "execute", false, "does it, instead of saying what would be done")
	c.Flags().BoolVar(&f.notApplied, "not-applied", false, "states that the bank was asked, and has not done what is in doubt")
	c.Flags().StringVar(&f.payload, "payload", "", "`FILE` with JSON, as send takes it, or - for standard input, in place of a single letter's command")
	c.Flags().BoolVar(&f.newID, "new-id", false, "gives a single letter's command a new id, and so a life of its own")
	c.Flags().BoolVar(&f.again, "again", false, "sends named letters once more that were replayed and have come to no outcome, as the same revision")
	c.Flags().Float64Var(&f.rate, "rate", replayRate, "publishes `N` a second")
	c.Flags().IntVar(&f.maxReplays, "max-replays", maxReplays, "refuses letters that `N` replays have led to")
	c.Flags().IntVar(&f.max, "max", maxLetters, "does nothing when there are more than `N` to be replayed")
	c.Flags().DurationVar(&f.wait, "wait", 0, "waits so long for the outcomes of what was replayed, and shows them")
	return c
}

// check refuses what makes no sense together.
func (f dlqReplayFlags) check(args []string) error {
	picked := f.any()
	switch {
	case len(args) == 0 && !picked && !f.all:
		return fmt.Errorf("%w: name letters, pick them with filters such as --reason, or take --all", errUsage)
	case len(args) > 0 && (picked || f.all):
		return fmt.Errorf("%w: letters are named or picked with filters, not both", errUsage)
	case picked && f.all:
		return fmt.Errorf("%w: --all takes no filters", errUsage)
	case (f.payload != "" || f.newID) && len(args) != 1:
		return fmt.Errorf("%w: --payload and --new-id are for a single letter, by its name", errUsage)
	case f.again && len(args) == 0:
		return fmt.Errorf("%w: --again is for letters by their names", errUsage)
	case f.rate <= 0 || f.maxReplays < 1 || f.max < 1 || f.wait < 0:
		return fmt.Errorf("%w: --rate, --max-replays and --max want more than 0, and --wait no less", errUsage)
	case f.execute:
		return f.reasoned("--execute")
	}
	return nil
}

// order is what is asked for.
func (f dlqReplayFlags) order(t terminal, args []string, now time.Time) (o deadletters.Order, err error) {
	o = deadletters.Order{
		By: f.by(t), Why: f.why, NotApplied: f.notApplied, NewID: f.newID, Again: f.again, Rate: f.rate, MaxReplays: f.maxReplays,
	}
	if o.Filter, err = f.filter(now); err != nil {
		return o, err
	}
	for _, a := range args {
		ref, err := parseRef(a)
		if err != nil {
			return o, err
		}
		o.Refs = append(o.Refs, ref)
	}
	if f.payload != "" {
		o.Payload, err = f.readPayload(t)
	}
	return o, err
}

func (f dlqReplayFlags) readPayload(t terminal) ([]byte, error) {
	in, closeIn, err := input(t, []string{f.payload})
	if err != nil {
		return nil, err
	}
	defer closeIn()
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("reading --payload: %w", err)
	}
	return text, nil
}

func dlqReplay(ctx context.Context, t terminal, f dlqReplayFlags, args []string) error {
	if err := f.check(args); err != nil {
		return err
	}
	order, err := f.order(t, args, time.Now())
	if err != nil {
		return err
	}
	d, err := f.open(ctx, t)
	if err != nil {
		return err
	}
	defer d.close()
	plan, err := d.Plan(ctx, order)
	if err != nil {
		return explain(err)
	}
	if n := toReplay(plan); f.execute && n > f.max {
		return fmt.Errorf("%s would be replayed, more than --max allows (%d): narrow the filters, or raise it", counted(n, "letter"), f.max)
	}
	r := replayer{desk: d, teller: stepTeller{terminal: t, json: f.output == formatJSON, lastLine: time.Now()}, wait: f.wait}
	if !f.execute {
		return r.rehearse(plan)
	}
	return r.execute(ctx, plan)
}

// toReplay is how many steps publish something.
func toReplay(p *deadletters.Plan) int {
	n := 0
	for _, s := range p.Steps {
		if s.Replay {
			n++
		}
	}
	return n
}

// replayer carries a plan out, and tells of it.
type replayer struct {
	desk   *desk
	teller stepTeller
	wait   time.Duration
}

// rehearse says what would be done.
func (r *replayer) rehearse(plan *deadletters.Plan) error {
	for _, s := range plan.Steps {
		if err := r.teller.step(s); err != nil {
			return err
		}
	}
	if err := r.teller.rehearsed(plan); err != nil {
		return err
	}
	return refusedError(r.teller.refused, len(plan.Steps))
}

// execute does it.
func (r *replayer) execute(ctx context.Context, plan *deadletters.Plan) error {
	outcomes, err := r.watch(ctx, plan)
	if err != nil {
		return err
	}
	for _, s := range plan.Steps {
		if s.Replay {
			continue // it is told when it is taken
		}
		if err := r.teller.step(s); err != nil {
			return err
		}
	}
	var failed error
	progress, err := r.desk.Replay(ctx, plan, func(p deadletters.Progress) {
		outcomes.expect(p.Last)
		failed = errors.Join(failed, r.teller.progress(p))
	})
	r.teller.clear()
	if failed = errors.Join(failed, r.teller.replayed(plan, progress)); failed != nil {
		return failed
	}
	if err != nil {
		return unfinished(ctx, progress, err)
	}
	if err := outcomes.await(ctx, r.wait); err != nil {
		return err
	}
	return refusedError(r.teller.refused, len(plan.Steps))
}

// unfinished says how to go on after what ended a replay.
func unfinished(ctx context.Context, p deadletters.Progress, err error) error {
	ended := explain(err).Error()
	if ctx.Err() != nil {
		ended = "stopped on request"
	}
	return fmt.Errorf("%s after %d of %d: the same command goes on where this one ended, and sends nothing twice", ended, p.Done, p.Total)
}

func refusedError(refused, of int) error {
	if refused == 0 {
		return nil
	}
	return fmt.Errorf("%d of %s refused; each says why", refused, counted(of, "letter"))
}
