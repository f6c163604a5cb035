package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/bench/drive"
	"bankprocessor/bench/parts"
)

const (
	// warmup is how many commands a contender gets before a rate is offered.
	warmup = 500
	// grace is how long the last outcomes of a rate may take; what has none then is
	// lost, or the contender has fallen behind.
	grace = 10 * time.Second
)

// paced offers a rate to a contender that runs already.
func (r *runner) paced(ctx context.Context, s station, who contender, found *row) error {
	d, err := drive.Open(r.world.broker.Address, s.names)
	if err != nil {
		return err
	}
	defer d.Close()
	n := max(1, int(int64(s.cell.rate)*int64(r.plan.paced)/int64(time.Second)))
	records, err := r.draft(s, warmup+n)
	if err != nil {
		return err
	}
	return r.world.with(ctx, s, who, func(e *entry) error {
		if err := r.warmUp(ctx, d, records[:warmup], e); err != nil {
			return err
		}
		return r.offer(ctx, s.cell, d, records[warmup:], e, found)
	})
}

// warmUp has a contender do something before it is measured.
func (r *runner) warmUp(ctx context.Context, d *drive.Driver, records []*kgo.Record, e *entry) error {
	settled := time.NewTimer(e.contender.warm)
	defer settled.Stop()
	bounded, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	result, err := d.Backlog(bounded, records)
	if err = errors.Join(err, e.alive()); err != nil {
		return fmt.Errorf("warming up: %w", err)
	}
	if result.Lost > 0 {
		return fmt.Errorf("warming up: %d commands have no outcome within %s", result.Lost, silence)
	}
	select {
	case <-settled.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// offer measures a contender that is offered a rate.
func (r *runner) offer(ctx context.Context, c cell, d *drive.Driver, records []*kgo.Record, e *entry, found *row) error {
	begin, err := r.world.mark(ctx, e, 0)
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, r.plan.paced+grace)
	defer cancel()
	result, err := d.Paced(bounded, records, c.rate)
	if err = errors.Join(err, e.alive()); err != nil {
		return err
	}
	end, err := r.world.mark(ctx, e, len(records)-result.Lost)
	if err != nil {
		return err
	}
	found.between(begin, end)
	found.Lost, found.RepeatedOutcomes = result.Lost, result.Repeated
	latencies := make([]time.Duration, 0, len(records))
	for i, latency := range result.Latencies {
		if latency > 0 && (c.slow == 0 || !parts.SlowDealer(drive.DealerOf(records[i]))) {
			latencies = append(latencies, latency)
		}
	}
	found.latency(latencies)
	found.PeakRSS, err = e.peakRSS()
	return err
}
