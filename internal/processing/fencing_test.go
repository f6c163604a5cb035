package processing

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/command"
)

func TestWithoutTheLeaseNothingIsBegun(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string]command.Payload{
		"with attempts": complete(), "repeatable": create(), "read": limitQuery(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, payload)
				b.bank.answers(payload.Name(), ok(command.CodeCustomerCompleted))
				renew := b.lease.lose()
				back := time.Now().Add(time.Minute)
				time.AfterFunc(time.Minute, renew)
				b.log.onPublish = func(what string, _ bool) {
					if time.Now().Before(back) {
						t.Errorf("%s published without the lease", what)
					}
				}
				b.handle(t.Context())
				if at := b.bank.sent[0].at; at.Before(back) || b.told.retried > 0 {
					t.Errorf("called %v before the lease was back, %d times in vain", back.Sub(at), b.told.retried)
				}
			})
		})
	}
}

// The lease may go after the attempt is on record: the call itself asks once more.
func TestACallAsksForTheLeaseAtTheLastMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, complete())
		b.bank.answers(command.CustomerComplete, ok(command.CodeCustomerCompleted))
		b.bank.onLeave = func() {
			b.bank.onLeave = nil
			time.AfterFunc(time.Minute, b.lease.lose())
		}
		b.want(b.handle(t.Context()), command.Succeeded, command.CodeCustomerCompleted, 1, "")
		if got := strings.Join(b.log.order, " "); got != "attempt withdrawal attempt outcome" {
			t.Errorf("published %q: the call must have been kept back once", got)
		}
	})
}

func TestAnOutcomeWaitsForTheLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, complete())
		b.bank.answers(command.CustomerComplete, lost())
		var back time.Time
		b.bank.onCall = func(command.Name) {
			back = time.Now().Add(time.Minute)
			time.AfterFunc(time.Minute, b.lease.lose())
		}
		b.log.onPublish = func(what string, stored bool) {
			if what != "attempt" && time.Now().Before(back) {
				t.Errorf("%s published without the lease", what)
			}
		}
		b.want(b.handle(t.Context()), command.InDoubt, command.CodeBankNoAnswer, 1, command.ReasonInDoubt)
	})
}

// fencedOff has the bank carry the command out and the group fence the process
// before it can say so.
func fencedOff(t *testing.T, b *bundle) (renew func()) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	b.bank.answers(command.CustomerComplete, ok(command.CodeCustomerCompleted))
	b.bank.onCall = func(command.Name) {
		renew = b.lease.lose()
		cancel(errFenced)
	}
	start := time.Now()
	err := b.p.Handle(ctx, b.m)
	if !errors.Is(err, errFenced) || errors.Is(err, ErrReleased) {
		t.Errorf("Handle: %v, want the fence's error and no release", err)
	}
	if took := time.Since(start); took > 0 {
		t.Errorf("waited %v for a lease that does not come back", took)
	}
	if got := strings.Join(b.log.order, " "); got != "attempt" {
		t.Errorf("published %q", got)
	}
	return renew
}

func TestAFencedProcessPublishesNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		meanwhile func(*bundle) // at other owners
		status    command.Status
		order     string
	}{
		"and what it knows when the partition comes back": {
			func(*bundle) {}, command.Succeeded, "attempt outcome",
		},
		"nor later, if another has concluded": {
			func(b *bundle) {
				b.log.outcomes, b.log.offsets = []*command.Outcome{{CommandID: b.c.ID, Status: command.InDoubt}}, []int64{b.m.Offset}
			}, command.InDoubt, "attempt",
		},
		"nor later, if another has attempted": {
			func(b *bundle) { b.attemptedBefore("") }, command.InDoubt, "attempt letter outcome",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, complete())
				renew := fencedOff(t, b)
				tt.meanwhile(b)
				renew()
				if o := b.handle(t.Context()); o.Status != tt.status {
					t.Errorf("outcome %s, want %s", o.Status, tt.status)
				}
				if n := len(b.bank.calls(command.CustomerComplete)); n != 1 {
					t.Errorf("%d calls, want 1", n)
				}
				if got := strings.Join(b.log.order, " "); got != tt.order {
					t.Errorf("published %q, want %q", got, tt.order)
				}
				if len(b.p.unstored.byAt) > 0 {
					t.Error("something is still kept")
				}
			})
		})
	}
}

// What could not be stored is not unspent, even when the record cannot be read again.
func TestWhatIsKeptIsNotReleased(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, complete())
		renew := fencedOff(t, b)
		renew()
		away := errors.New("registry away")
		decoder := b.p.decoder
		b.p.decoder = decoded{err: away}
		if err := b.p.Handle(t.Context(), b.m); !errors.Is(err, away) || errors.Is(err, ErrReleased) {
			t.Errorf("Handle: %v, want the registry's error and no release", err)
		}
		b.p.decoder = decoder
		b.want(b.handle(t.Context()), command.Succeeded, command.CodeCustomerCompleted, 1, "")
	})
}
