package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"bankprocessor/bench/drive"
)

// backlog has a contender work a backlog off that lay there when it started. What
// is measured is the stretch between a tenth and nine tenths of it, or as much of
// that as the window allows.
func (r *runner) backlog(ctx context.Context, s station, who contender, found *row) (err error) {
	d, err := drive.Open(r.world.broker.Address, s.names, drive.Frugal()...)
	if err != nil {
		return err
	}
	defer d.Close()
	all := cmp.Or(s.cell.backlog, r.plan.backlog)
	load, err := r.preload(ctx, s, d, all)
	if err != nil {
		return err
	}
	err = r.world.with(ctx, s, who, func(e *entry) error {
		return r.watch(ctx, e, load, all, max(s.cell.warm, who.warm), found)
	})
	if err != nil {
		return err
	}
	result, err := d.Result()
	found.RepeatedOutcomes = result.Repeated
	return err
}

func (r *runner) preload(ctx context.Context, s station, d *drive.Driver, n int) (*drive.Load, error) {
	records, err := r.draft(s, n)
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

// errNothing is a run that says nothing: the machine had no time for who watches, or
// the backlog is too short.
var errNothing = errors.New("there is nothing to measure")

// watch measures a contender that works a backlog off.
func (r *runner) watch(ctx context.Context, e *entry, load *drive.Load, all int, warm time.Duration, found *row) error {
	if err := r.until(ctx, e, load, 1, silence); err != nil {
		return err
	}
	if load.Answered() == 0 {
		return fmt.Errorf("no outcome within %s", silence)
	}
	first, least := all/10, settle
	if warm > 0 {
		first, least = all/2, warm
	}
	if err := r.until(ctx, e, load, first, least); err != nil {
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
	if end.answered == begin.answered {
		return fmt.Errorf("%w: %d of %d commands had an outcome before, and none has got one since", errNothing, begin.answered, all)
	}
	found.between(begin, end)
	if found.PeakRSS, err = e.peakRSS(); err != nil || end.answered < all-all/10 {
		return err // it is cut short, and the rest is not waited for
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

// with runs f beside a contender.
func (w *world) with(ctx context.Context, s station, who contender, f func(*entry) error) error {
	e, err := w.enter(ctx, s, who)
	if err != nil {
		return err
	}
	return errors.Join(f(e), e.leave())
}
