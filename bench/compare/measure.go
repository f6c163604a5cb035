package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

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
	if err := r.all(ctx); err != nil {
		return err
	}
	return r.report(out)
}

// runner takes measurements.
type runner struct {
	plan  plan
	world *world
	log   io.Writer
	runs  int
	rows  []row
}

func (r *runner) all(ctx context.Context) error {
	for _, c := range r.plan.cells {
		for round := range r.plan.rounds {
			for i := range c.contenders {
				who, err := contenderOf(c.contenders[(i+round)%len(c.contenders)])
				if err != nil {
					return err
				}
				if err := r.measure(ctx, c, who, round+1); err != nil {
					return fmt.Errorf("%s: %s: %w", c.name, who.name, err)
				}
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
	if err := r.backlog(ctx, s, who, &found); err != nil {
		return err
	}
	report, err := r.world.bank.Report(ctx)
	if err != nil {
		return err
	}
	found.Overlaps, found.Backward, found.RepeatedCalls = report.Overlaps, report.Backward, report.Repeated
	r.rows = append(r.rows, found)
	fmt.Fprintf(r.log, "%s, round %d, %s: %.0f/s, %.1f µs, others %.0f %%\n", c.name, round, who.name, found.PerSecond, found.CPUSeconds*1000, 100*found.Others)
	return found.wrong(who)
}

// wrong is what no contender may do.
func (r row) wrong(who contender) error {
	switch {
	case r.Lost > 0:
		return fmt.Errorf("%d commands have no outcome", r.Lost)
	case r.RepeatedOutcomes+int(r.RepeatedCalls) > 0:
		return fmt.Errorf("%d outcomes and %d calls came twice", r.RepeatedOutcomes, r.RepeatedCalls)
	case r.violations() > 0 && !who.unordered:
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

// backlog has a contender work a backlog off that lay there when it started. What
// is measured is the stretch between a tenth and nine tenths of it, or as much of
// that as the window allows.
func (r *runner) backlog(ctx context.Context, s station, who contender, found *row) (err error) {
	d, err := drive.Open(r.world.broker.Address, s.names, drive.Frugal()...)
	if err != nil {
		return err
	}
	defer d.Close()
	load, err := r.preload(ctx, s, d)
	if err != nil {
		return err
	}
	e, err := r.world.enter(ctx, s, who)
	if err != nil {
		return err
	}
	left := false
	defer func() {
		if !left {
			err = errors.Join(err, e.leave())
		}
	}()
	if err := r.watch(ctx, e, load, found); err != nil {
		return err
	}
	if found.PeakRSS, err = e.peakRSS(); err != nil {
		return err
	}
	left = true
	if err := e.leave(); err != nil {
		return err
	}
	result, err := d.Result()
	found.RepeatedOutcomes = result.Repeated
	return err
}

func (r *runner) preload(ctx context.Context, s station, d *drive.Driver) (*drive.Load, error) {
	records, err := r.draft(s, r.plan.backlog)
	if err != nil {
		return nil, err
	}
	load, err := d.Preload(ctx, records)
	clear(records)
	runtime.GC() // of the drafts, and not during the load
	return load, err
}

const (
	// glance is how often a backlog is looked at.
	glance = 2 * time.Millisecond
	// settle is how long a slow contender is left alone before it is measured.
	settle = time.Second
	// silence is how long a contender may take to its first outcome.
	silence = 30 * time.Second
)

// watch measures a contender that works a backlog off.
func (r *runner) watch(ctx context.Context, e *entry, load *drive.Load, found *row) error {
	all := r.plan.backlog
	if err := r.until(ctx, e, load, 1, silence); err != nil {
		return err
	}
	if load.Answered() == 0 {
		return fmt.Errorf("no outcome within %s", silence)
	}
	if err := r.until(ctx, e, load, all/10, settle); err != nil {
		return err
	}
	begin, err := r.world.mark(ctx, e, load.Answered())
	if err != nil {
		return err
	}
	if err := r.until(ctx, e, load, all-all/10, r.plan.window); err != nil {
		return err
	}
	end, err := r.world.mark(ctx, e, load.Answered())
	if err != nil {
		return err
	}
	found.between(begin, end)
	if end.answered < all-all/10 {
		return nil // it is cut short, and the rest is not waited for
	}
	err = r.until(ctx, e, load, all, silence)
	found.Lost = all - load.Answered()
	return err
}

// until waits until a load has so many outcomes, at most for so long.
func (r *runner) until(ctx context.Context, e *entry, load *drive.Load, answered int, most time.Duration) error {
	end := time.Now().Add(most)
	ticker := time.NewTicker(glance)
	defer ticker.Stop()
	for load.Answered() < answered && time.Now().Before(end) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		if err := e.alive(); err != nil {
			return err
		}
	}
	return nil
}
