package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/bench/drive"
	"bankprocessor/bench/parts"
	"bankprocessor/internal/topics"
)

// measure runs the plan and prints what it found.
func measure(ctx context.Context, p plan, out, log io.Writer) (err error) {
	w := &world{}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.open(ctx, p, log); err != nil {
		return err
	}
	r := &runner{plan: p, world: w, log: log}
	if p.output == outputJSON {
		r.print = json.NewEncoder(out).Encode
	}
	err = r.all(ctx)
	p.missing = r.missing
	return errors.Join(err, present(p, r.rows, out))
}

// present shows rows as the plan wants it.
func present(p plan, found rows, out io.Writer) error {
	r := newReport(p, found)
	if p.output == outputTable {
		if err := r.write(out); err != nil {
			return err
		}
	}
	if p.update != "" {
		if err := update(p.update, p.plot, r); err != nil {
			return err
		}
	}
	if p.plot != "" {
		var drawn bytes.Buffer
		err := errors.Join(r.plot(&drawn), os.WriteFile(p.plot, drawn.Bytes(), 0o644))
		if err != nil {
			return fmt.Errorf("drawing: %w", err)
		}
	}
	if p.gate == "" {
		return nil
	}
	g, err := readGate(p.gate)
	if err != nil {
		return err
	}
	return g.check(out, r)
}

// runner takes measurements.
type runner struct {
	plan  plan
	world *world
	log   io.Writer
	runs  int
	rows  rows
	print func(any) error // a row; nil for later
	// missing are peers that cannot be built here, runs of theirs that failed, and runs
	// that say nothing.
	missing []string
	// wrong is what the strict ones have done.
	wrong []error
}

func (r *runner) all(ctx context.Context) error {
	if err := r.prepare(ctx); err != nil {
		return err
	}
	for _, group := range together(r.plan.cells) {
		for round := range r.plan.rounds {
			for _, c := range group {
				if err := r.round(ctx, c, round); err != nil {
					return err
				}
			}
		}
	}
	return errors.Join(r.wrong...)
}

// round measures a cell once with each contender; the order moves on by one.
func (r *runner) round(ctx context.Context, c cell, round int) error {
	for i := range c.contenders {
		who, err := contenderOf(c.contenders[(i+round)%len(c.contenders)])
		if err != nil {
			return err
		}
		err = r.measure(ctx, c, who, round+1)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %s: %w", c.name, who.name, context.Cause(ctx))
		case err != nil && who.strict && !errors.Is(err, errNothing): // the rest is measured all the same
			fmt.Fprintf(r.log, "%s: %s: %v\n", c.name, who.name, err)
			r.wrong = append(r.wrong, fmt.Errorf("%s: %s: %w", c.name, who.name, err))
		case err != nil: // is told, and fails nothing
			fmt.Fprintf(r.log, "%s: %s: %v\n", c.name, who.name, err)
			r.missing = append(r.missing, fmt.Sprintf("%s at %s, round %d", who.name, c.name, round+1))
		}
	}
	return nil
}

// prepare builds the contenders, and leaves out peers that cannot be built here.
func (r *runner) prepare(ctx context.Context) error {
	for _, who := range contenders() {
		wanted := func(c cell) bool { return slices.Contains(c.contenders, who.name) }
		if !slices.ContainsFunc(r.plan.cells, wanted) {
			continue
		}
		err := who.prepare(ctx, r.world)
		if err != nil && (who.strict || ctx.Err() != nil) {
			return err
		}
		if err != nil {
			fmt.Fprintf(r.log, "compare: without %s: %v\n", who.name, err)
			r.missing = append(r.missing, who.name+", which could not be built")
			for i := range r.plan.cells {
				c := &r.plan.cells[i]
				c.contenders = slices.DeleteFunc(c.contenders, func(name string) bool { return name == who.name })
			}
		}
	}
	return nil
}

// measure takes one measurement, with topics and a group of its own.
func (r *runner) measure(ctx context.Context, c cell, who contender, round int) (err error) {
	r.runs++
	prefix := fmt.Sprintf("run-%d.", r.runs)
	s := station{
		cell: c, group: prefix + "group", name: prefix + "process",
		names: topics.Config{Prefix: prefix, Partitions: int32(c.partitions), DeadLetterPartitions: 1, ReplicationFactor: 1}.WithDefaults(),
	}
	if err := r.world.topics.Create(ctx, s.names); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.world.topics.Delete(context.WithoutCancel(ctx), s.names)) }()
	if err := r.world.bank.Behave(ctx, parts.Behaviour{Latency: c.latency, Slow: c.slow}); err != nil {
		return err
	}
	found := newRow(r.world.broker.Kind, c, who.name, round)
	if c.rate > 0 {
		err = r.paced(ctx, s, who, &found)
	} else {
		err = r.backlog(ctx, s, who, &found)
	}
	if err != nil {
		return err
	}
	report, err := r.world.bank.Report(ctx)
	if err != nil {
		return err
	}
	found.Overlaps, found.Backward, found.RepeatedCalls = report.Overlaps, report.Backward, report.Repeated
	found.Connections = report.Connections
	found.BodyBytes = report.Bytes / max(report.Calls, 1)
	r.rows = append(r.rows, found)
	fmt.Fprintln(r.log, found)
	if r.print != nil {
		if err := r.print(found); err != nil {
			return fmt.Errorf("printing a row: %w", err)
		}
	}
	return found.wrong(who)
}

// wrong is what no strict contender may do.
func (r row) wrong(who contender) error {
	switch {
	case !who.strict:
		return nil
	case r.Lost > 0:
		return fmt.Errorf("%d commands have no outcome", r.Lost)
	case r.RepeatedOutcomes+int(r.RepeatedCalls) > 0:
		return fmt.Errorf("%d outcomes and %d calls came twice", r.RepeatedOutcomes, r.RepeatedCalls)
	case r.violations() > 0:
		return fmt.Errorf("%d calls overlapped another of their key, %d came after a later one", r.Overlaps, r.Backward)
	}
	return nil
}

func (r *runner) draft(s station, n int) ([]*kgo.Record, error) {
	invoices, err := drive.NewInvoices(s.cell.keys, uint64(r.runs))
	if s.cell.zipf > 0 {
		invoices, err = drive.NewSkewedInvoices(s.cell.keys, s.cell.zipf, uint64(r.runs))
	}
	if err != nil {
		return nil, err
	}
	return invoices.Draft(s.names, n)
}
