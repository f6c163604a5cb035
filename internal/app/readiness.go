package app

import (
	"errors"
	"fmt"
	"time"

	"bankprocessor/internal/admin"
	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/consumers"
)

// checks are what readiness is made of. A bank that is away makes nobody unready:
// its commands wait, and every other processor would be unready as well.
func (a *App) checks() []admin.Check {
	all := []admin.Check{{Name: "intake", Ready: a.intakeReady}}
	for _, g := range a.banks.groups {
		all = append(all, admin.Check{
			Name: g.Name(), Optional: true, Ready: func() error { return groupReady(g.State()) },
		})
	}
	all = append(all, admin.Check{Name: "files", Optional: true, Ready: a.files.ready})
	return append(all, a.registry.checks()...)
}

func (a *App) intakeReady() error {
	a.mu.Lock()
	waiting := a.waiting
	a.mu.Unlock()
	if waiting != nil {
		return waiting
	}
	return statusReady(a.consumer.Status())
}

func statusReady(s consumers.Status) error {
	switch {
	case s.Phase == "running":
		return nil
	case s.LastError != "":
		return fmt.Errorf("%s: %s", s.Phase, s.LastError)
	}
	return errors.New(s.Phase)
}

func groupReady(s bankapi.GroupState) error {
	var reason string
	switch {
	case s.Hold != "":
		reason = string(s.Hold) + ": " + s.Why
	case s.Breaker != "closed":
		reason = "breaker " + s.Breaker
	default:
		return nil
	}
	if !s.NextProbe.IsZero() {
		reason += ", next try at " + s.NextProbe.UTC().Format(time.RFC3339)
	}
	return errors.New(reason)
}
