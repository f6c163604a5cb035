package processing

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/command"
)

// limited is a bank behind the limits of a group as it is.
type limited struct{ *bankapi.Group }

func (b limited) Call(ctx context.Context, _ *command.Command, _ command.Call) command.Verdict {
	return b.Do(ctx, func(context.Context) command.Verdict {
		time.Sleep(50 * time.Millisecond)
		return ok(command.CodeCustomerCompleted)
	})
}

func (b limited) Wait(ctx context.Context, _ command.Name) error { return b.Group.Wait(ctx) }
func (b limited) Shut(command.Name) bool                         { return false }

// manyCompletes has every record carry a command of its own.
type manyCompletes struct{}

func (manyCompletes) Decode(_ context.Context, m *command.Message) (*command.Command, error) {
	return &command.Command{ID: string(m.Value), Payload: complete()}, nil
}

// A backlog behind our own rate limit does not write the attempts full: every try
// that finds no room costs an attempt and its withdrawal.
func TestOurOwnLimitsCostFewAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const backlog, perSecond = 256, 10
		group, err := bankapi.NewGroup("complete", bankapi.GroupConfig{Rate: perSecond}, nil)
		if err != nil {
			t.Fatal(err)
		}
		log := &memoryLog{}
		p := New(Config{}, Deps{Decoder: manyCompletes{}, Bank: limited{group}, Publisher: log})
		start := time.Now()
		var handlers sync.WaitGroup
		for n := range backlog {
			handlers.Go(func() {
				m := &command.Message{
					Name: command.CustomerComplete, Offset: int64(n), Value: fmt.Appendf(nil, "00000000-0000-4000-8000-%012x", n+1),
				}
				if err := p.Handle(t.Context(), m); err != nil {
					t.Error(err)
				}
			})
		}
		handlers.Wait()
		if n := len(log.attempts); n > 6*backlog {
			t.Errorf("%d records of attempts for %d commands", n, backlog)
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("%d commands took %s at %d a second", backlog, took, perSecond)
		}
	})
}
