package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
)

// life is one revision of a command.
type life struct {
	id       string
	revision int32
}

// awaited are the outcomes that replays will lead to.
type awaited struct {
	watcher *downstream.Watcher
	desk    *desk
	show    func(downstream.Event) error
	lives   map[life]bool
	// resumed says that the outcome of one may have come before anybody looked.
	resumed bool
}

// watch begins to look for outcomes, before anything is published. It returns nil
// where nobody waits for them.
func (r *replayer) watch(ctx context.Context, plan *deadletters.Plan) (*awaited, error) {
	if r.wait == 0 || toReplay(plan) == 0 {
		return nil, nil
	}
	w, err := downstream.Open(ctx, r.desk.client, r.desk.events, r.desk.cfg.Topics, downstream.Options{})
	if err != nil {
		return nil, err
	}
	format := formatTable
	if r.teller.json {
		format = formatJSON
	}
	return &awaited{
		watcher: w, desk: r.desk, show: shower(r.teller.terminal, format, colorAuto), lives: map[life]bool{},
	}, nil
}

// expect waits for the outcome of what a step has published. Nobody may wait.
func (a *awaited) expect(s deadletters.Step) {
	if a == nil || s.Sent == "" {
		return
	}
	of := life{s.Entry.Letter.CommandID, s.Revision}
	if id := newIDOf(s); id != "" {
		of = life{id, command.FirstRevision}
	}
	if of.id == "" || of.revision == 0 {
		return // bytes that nobody could read: what they will be is not known
	}
	a.lives[of] = true
	a.resumed = a.resumed || s.Resumed
}

// await shows the outcomes as they come, until all are there. Nobody may wait.
func (a *awaited) await(ctx context.Context, within time.Duration) error {
	if a == nil {
		return nil
	}
	all := len(a.lives)
	if a.resumed {
		if err := a.past(ctx); err != nil {
			return err
		}
	}
	if len(a.lives) == 0 {
		return nil
	}
	limited, cancel := context.WithTimeoutCause(ctx, within, errTimeout)
	defer cancel()
	var failed error
	err := a.watcher.Run(limited, func(e downstream.Event) bool {
		if o := e.Outcome; o != nil && a.lives[life{o.CommandID, o.Revision}] {
			delete(a.lives, life{o.CommandID, o.Revision})
			failed = a.show(e)
		}
		return failed == nil && len(a.lives) > 0
	})
	switch {
	case failed != nil:
		return fmt.Errorf("writing: %w", failed)
	case errors.Is(err, errTimeout), ctx.Err() != nil:
		return fmt.Errorf("%d of %d outcomes came in time (--wait): look whether a processor runs; `processor dlq list --state replaying` has the letters of the others",
			all-len(a.lives), all)
	}
	return err
}

// past shows the outcomes of which the audit knows already.
func (a *awaited) past(ctx context.Context) error {
	var failed error
	err := a.desk.Trail(ctx, func(r command.AuditRecord) bool {
		if of := (life{r.CommandID, r.Revision}); r.Phase == command.AuditOutcome && a.lives[of] {
			delete(a.lives, of)
			failed = a.show(downstream.Event{Record: kafka.Record{Time: r.At}, Outcome: &command.Outcome{
				CommandID: r.CommandID, Command: r.Command, Revision: r.Revision, Status: r.Status, Code: r.Code, CompletedAt: r.At,
			}})
		}
		return failed == nil
	})
	return errors.Join(failed, err)
}
