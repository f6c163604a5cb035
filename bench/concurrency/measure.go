package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"bankprocessor/bench/figures"
	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/interapi"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/secret"
)

const (
	floor      = 4
	enough     = 0.9 // of the best fixed limit's throughput
	reaction   = 2 * time.Second
	backedOff  = 2.0 / 3 // of the limit
	seek       = 5 * time.Second
	warmUp     = time.Second
	perSlot    = 4 // commands that are there for each slot of the highest limit
	comparison = "adaptive"
)

// row is one limit's figures.
type row struct {
	Limit      string  `json:"limit"`
	PerSecond  float64 `json:"calls_per_second"`
	LatencyMs  float64 `json:"mean_latency_ms"`
	OfBest     float64 `json:"of_best_fixed"`
	Settled    int     `json:"settled_at,omitempty"`
	BackoffMs  int64   `json:"backed_off_after_ms,omitempty"`
	Afterwards int     `json:"limit_after_backoff,omitempty"`
}

func measure(ctx context.Context, p plan, out io.Writer) error {
	dir, err := os.MkdirTemp("", "concurrency")
	if err != nil {
		return fmt.Errorf("making a directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b, err := startBank(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { _ = b.Stop(reaction) }()
	p.directory = dir
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte(banksim.DefaultSubscriptionKey), 0o600); err != nil {
		return fmt.Errorf("writing a key: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "app"), []byte(banksim.DefaultAppKey), 0o600); err != nil {
		return fmt.Errorf("writing a key: %w", err)
	}
	var rows []row
	best := 0.0
	for limit := max(1, p.knee/4); limit <= p.most; limit *= 2 {
		r, err := p.limited(ctx, b, limit, limit, nil)
		if err != nil {
			return err
		}
		r.Limit = fmt.Sprint(limit)
		best = max(best, r.PerSecond)
		rows = append(rows, r)
	}
	r, err := p.limited(ctx, b, floor, p.most, func(r *row, g *bankapi.Group) error { return p.slow(ctx, b, r, g) })
	if err != nil {
		return err
	}
	r.Limit = comparison
	rows = append(rows, r)
	for i := range rows {
		rows[i].OfBest = rows[i].PerSecond / best
	}
	return errors.Join(report(out, p, rows), judge(rows[len(rows)-1]))
}

// limited drives the bank under limits between least and most. What then is done
// is done while the commands still come.
func (p plan) limited(ctx context.Context, b *bank, least, most int, then func(*row, *bankapi.Group) error) (row, error) {
	if err := b.behave(ctx, p.latency, p.knee); err != nil {
		return row{}, err
	}
	method, client, err := p.method(b, least, most)
	if err != nil {
		return row{}, err
	}
	defer client.CloseIdle()
	crowdCtx, cancel := context.WithCancel(ctx)
	c := crowd{method: method}
	var all sync.WaitGroup
	for range perSlot * p.most {
		all.Go(func() { c.work(crowdCtx) })
	}
	defer func() { cancel(); all.Wait() }()

	quiet := warmUp
	if least < most {
		quiet = seek
	}
	time.Sleep(quiet)
	calls, took, start := c.calls.Load(), c.took.Load(), time.Now()
	time.Sleep(p.span)
	calls, took = c.calls.Load()-calls, c.took.Load()-took
	if calls == 0 || c.failed.Load() > 0 {
		return row{}, fmt.Errorf("%d calls answered and %d failed under a limit of %d to %d", calls, c.failed.Load(), least, most)
	}
	r := row{
		PerSecond: float64(calls) / time.Since(start).Seconds(),
		LatencyMs: float64(took) / float64(calls) / float64(time.Millisecond),
	}
	if then == nil {
		return r, ctx.Err()
	}
	return r, errors.Join(then(&r, method.Group()), ctx.Err())
}

// slow makes the bank slower and waits for the limit to come down.
func (p plan) slow(ctx context.Context, b *bank, r *row, g *bankapi.Group) error {
	r.Settled = g.State().Limit
	if err := b.behave(ctx, time.Duration(p.slowdown)*p.latency, p.knee); err != nil {
		return err
	}
	start := time.Now()
	for time.Since(start) < 3*reaction {
		time.Sleep(20 * time.Millisecond)
		r.Afterwards, r.BackoffMs = g.State().Limit, time.Since(start).Milliseconds()
		if float64(r.Afterwards) <= backedOff*float64(r.Settled) {
			break
		}
	}
	return nil
}

// method is a query of the processor's own, behind a group of its own.
func (p plan) method(b *bank, least, most int) (bankapi.Method, *bankapi.Client, error) {
	client, err := bankapi.NewClient(bankapi.HTTPConfig{BaseURL: b.url, MaxIdleConns: p.most})
	if err != nil {
		return nil, nil, err
	}
	group, err := bankapi.NewGroup(bankapi.GroupInterAPIDBSRead, bankapi.GroupConfig{MaxConcurrent: most, MinConcurrent: least}, nil)
	if err != nil {
		return nil, nil, err
	}
	methods, err := interapi.New(interapi.Config{
		SubscriptionKey: secret.Source{File: filepath.Join(p.directory, "key")},
		AppKey:          secret.Source{File: filepath.Join(p.directory, "app")},
		UserCode:        `BENCH\concurrency`, CustomerNumbers: map[string]int64{"SOLEN": 955807},
	}, interapi.Deps{Client: client, Customer: group, DBSWrite: group, DBSRead: group})
	if err != nil {
		return nil, nil, err
	}
	return methods[command.DBSLimitQuery], client, nil
}

// crowd is the commands that keep coming.
type crowd struct {
	method              bankapi.Method
	calls, took, failed atomic.Int64
}

func (c *crowd) work(ctx context.Context) {
	group := c.method.Group()
	for group.Wait(ctx) == nil {
		query := &command.Command{ID: uuid.NewString(), Payload: &command.QueryLimit{CompanyCode: "SOLEN", DealerCode: "0222", InvoicesMonth: month()}}
		start := time.Now()
		v := c.method.Call(context.WithoutCancel(ctx), query, command.Call{RequestID: uuid.NewString()})
		switch {
		case v.Status == command.Succeeded:
			c.calls.Add(1)
			c.took.Add(int64(time.Since(start)))
		case v.Delivery != command.NotSent:
			c.failed.Add(1)
		}
	}
}

func month() command.Date {
	now := time.Now()
	return command.Date{Year: now.Year(), Month: now.Month(), Day: 1}
}

func report(out io.Writer, p plan, rows []row) error {
	if p.asJSON {
		for _, r := range rows {
			if err := json.NewEncoder(out).Encode(r); err != nil {
				return fmt.Errorf("writing: %w", err)
			}
		}
		return nil
	}
	fmt.Fprintf(out, "A bank of %s a call that takes %d calls at once; %d commands wait for it.\n\n", p.latency, p.knee, perSlot*p.most)
	t := figures.Table{Columns: []string{"limit", "calls/s", "of the best fixed", "mean ms, slot included", "settled at", "backs off after"}}
	for _, r := range rows {
		settled, backoff := "", ""
		if r.Limit == comparison {
			settled, backoff = fmt.Sprint(r.Settled), fmt.Sprintf("%d ms, to %d", r.BackoffMs, r.Afterwards)
		}
		t.Add(r.Limit, fmt.Sprintf("%.0f", r.PerSecond), fmt.Sprintf("%.2f", r.OfBest), fmt.Sprintf("%.1f", r.LatencyMs), settled, backoff)
	}
	_, err := t.WriteTo(out)
	return err
}

func judge(adaptive row) error {
	switch {
	case adaptive.OfBest < enough:
		return fmt.Errorf("the adaptive limit has %.2f of the best fixed limit's throughput, want %.1f", adaptive.OfBest, enough)
	case adaptive.BackoffMs > reaction.Milliseconds():
		return fmt.Errorf("the adaptive limit had not backed off after %d ms", adaptive.BackoffMs)
	}
	return nil
}
