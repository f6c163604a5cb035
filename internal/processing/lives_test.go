package processing

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"bankprocessor/internal/command"
)

// life is how one owner of the partition deals with the command.
type life struct {
	// crashAt is the step at which the process is gone, 0 for none. Before and
	// after each call, each look and each record there is a step.
	crashAt int
	// stopAfter is when its context ends, 0 for never; fenced, that the group has
	// given the partition away by then.
	stopAfter time.Duration
	fenced    bool
	// same says that the next owner is the same process, unless it is gone.
	same bool
	// gap is how long the partition has no owner after it.
	gap time.Duration
}

func drawLife(rt *rapid.T) life {
	l := life{same: rapid.Bool().Draw(rt, "the same process goes on")}
	switch rapid.SampledFrom([]string{"crash", "crash", "stop", "fence"}).Draw(rt, "how a life ends") {
	case "crash":
		l.crashAt = rapid.IntRange(1, 20).Draw(rt, "crashes at step")
	case "fence":
		l.fenced = true
		fallthrough
	case "stop":
		l.stopAfter = time.Duration(rapid.IntRange(1, 40_000).Draw(rt, "stops after ms")) * time.Millisecond
	}
	l.gap = time.Duration(rapid.IntRange(0, 10).Draw(rt, "seconds without an owner")) * time.Second
	return l
}

// steps counts what a process does to the world, and ends it.
type steps struct{ left int }

// step is where a process may be gone: the goroutine ends there.
func (s *steps) step() {
	if s.left--; s.left == 0 {
		runtime.Goexit()
	}
}

// live has one owner handle the command. gone says that it crashed.
func (b *bundle) live(l life, bank Bank, s *steps, cfg Config) (err error, gone bool) {
	ctx, cancel := context.WithCancelCause(b.t.Context())
	defer cancel(nil)
	s.left = l.crashAt
	renew := func() {}
	if l.stopAfter > 0 {
		stop := time.AfterFunc(l.stopAfter, func() {
			if l.fenced {
				renew = b.lease.lose()
				cancel(errFenced)
				return
			}
			cancel(errors.New("draining"))
		})
		defer stop.Stop()
	}
	if b.p == nil {
		b.p = New(cfg, b.deps())
		b.p.bank = bank
	}
	gone = true
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = b.p.Handle(ctx, b.m)
		gone = false
	}()
	<-done
	renew()
	if gone || !l.same {
		b.p = nil
	}
	return err, gone
}

// liveOn has owners handle the command until it has its outcome, the last of them
// undisturbed, and says what is wrong with the way they ended.
func (b *bundle) liveOn(ls []life, bank Bank, cfg Config) (fault string) {
	s := &steps{}
	b.p = nil
	b.log.onPublish = func(string, bool) { s.step() }
	if m, ok := bank.(interface{ onStep(func()) }); ok {
		m.onStep(s.step)
	}
	for _, l := range append(ls, life{}) {
		published := len(b.log.order)
		err, gone := b.live(l, bank, s, cfg)
		switch {
		case gone:
		case err == nil:
			if len(b.log.outcomes) != 1 {
				return fmt.Sprintf("%d outcomes", len(b.log.outcomes))
			}
			if o := b.log.outcomes[0]; o.Status == command.InDoubt && len(b.log.letters) == 0 {
				return "in doubt without a dead letter"
			}
			return ""
		case errors.Is(err, ErrReleased) && concluded(b.log.order[published:]):
			return fmt.Sprintf("released after %v", b.log.order[published:])
		case !errors.Is(err, ErrReleased) && !errors.Is(err, errFenced):
			return fmt.Sprintf("Handle: %v", err)
		}
		time.Sleep(l.gap)
	}
	return "no outcome"
}

// concluded says that something was published which only the end of a command is.
func concluded(published []string) bool {
	return slices.Contains(published, "letter") || slices.Contains(published, "outcome")
}

// fakeWrite is a bank with one method whose calls go as a script says.
type fakeWrite struct {
	script []string
	step   func()
	calls  []string // what came of each that arrived
}

func (f *fakeWrite) onStep(step func())                             { f.step = step }
func (f *fakeWrite) Wait(ctx context.Context, _ command.Name) error { return context.Cause(ctx) }
func (f *fakeWrite) Shut(command.Name) bool                         { return false }

// plainAnswers are the ways in which a call may go.
var plainAnswers = map[string]command.Verdict{
	"done":            ok(command.CodeLoanIncomeAccepted),
	"refused":         refused("ACBH000101", command.CodeLoanIdentityInvalid),
	"closed":          http500(3),
	"throttled":       throttled(),
	"not sent":        unreachable(),
	"lost":            lostRepeatable(1),
	"fault, answered": {Status: command.InDoubt, Code: command.CodeLoanBankError, Category: command.CategoryBankError, Delivery: command.Answered, Retry: command.RetryBackoff, Resends: 1, DeadLetter: true},
}

func (f *fakeWrite) Call(_ context.Context, c *command.Command, call command.Call) command.Verdict {
	f.step()
	if err := call.Permit(); err != nil {
		return unreachable()
	}
	way := "done"
	if len(f.script) > 0 {
		way, f.script = f.script[0], f.script[1:]
	}
	f.calls = append(f.calls, way)
	v := plainAnswers[way]
	if v.Retry == command.RetryBackoff && v.Delivery != command.NotSent && c.Name() == command.CustomerComplete && effectUnknown(v) {
		v.Retry = command.RetryReconcile
	}
	at := len(f.calls) - 1
	if way == "done" { // until the answer is known
		f.calls[at] = "done, unknown"
	}
	f.step()
	f.calls[at] = way
	return v
}

// TestWhatCannotBeLookedUpIsNeverSentTwice runs customer.complete and
// loan.income.submit through crashes, stops and fences.
func TestWhatCannotBeLookedUpIsNeverSentTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		payload := rapid.SampledFrom([]command.Payload{complete(), loan()}).Draw(rt, "command")
		bank := &fakeWrite{script: rapid.SliceOfN(rapid.SampledFrom([]string{
			"done", "refused", "closed", "throttled", "not sent", "lost", "lost", "fault, answered",
		}), 0, 6).Draw(rt, "answers")}
		ls := rapid.SliceOfN(rapid.Custom(drawLife), 0, 4).Draw(rt, "lives")
		var wrong string
		synctest.Test(t, func(t *testing.T) {
			b := setup(t, payload)
			if wrong = b.liveOn(ls, bank, Config{}); wrong == "" {
				wrong = repeatedOrUntrue(b.log.outcomes[0], bank.calls)
			}
		})
		if wrong != "" {
			rt.Fatalf("%s (calls %q)", wrong, bank.calls)
		}
	})
}

// repeatedOrUntrue says what is wrong with an outcome after those calls.
func repeatedOrUntrue(o *command.Outcome, calls []string) string {
	doubtful, sentAfter := 0, 0
	done := false
	for _, way := range calls {
		turnedAway := way == "throttled" || way == "not sent"
		if doubtful > 0 && !turnedAway {
			sentAfter++
		}
		switch way {
		case "done, unknown", "lost", "fault, answered":
			doubtful++
		case "done":
			done = true
		}
	}
	limit := 1 // contract section 3.7
	if o.Command == command.CustomerComplete {
		limit = 0
	}
	switch {
	case sentAfter > limit:
		return fmt.Sprintf("sent %d times after a call that may have been applied", sentAfter)
	case o.Status == command.Succeeded && !done:
		return "SUCCEEDED without the bank's word"
	case (o.Status == command.Rejected || o.Status == command.Failed) && (doubtful > 0 || done):
		return string(o.Status) + " after a call that may have been applied"
	}
	return ""
}
