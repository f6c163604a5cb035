package history

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/command"
)

// What is published is known at once, whether anything was loaded or not.
func TestWhatIsPublishedIsKnown(t *testing.T) {
	t.Parallel()
	for name, loaded := range map[string]bool{"loaded": true, "never loaded": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, Config{})
			if loaded {
				r.load(t, 0, -1, -1)
			}
			m, again := invoice(1, 7), invoice(9, 7)
			r.want(t, m, "fresh")
			r.attempts(t, m, 1)
			r.attempts(t, m, 2)
			r.withdraws(t, m, 1)
			want := []command.Attempt{*attempt(m, 2)}
			if diff := cmp.Diff(want, r.past(t, m).Attempts); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(want, r.past(t, again).Attempts); diff != "" {
				t.Errorf("the id at another offset: %s", diff)
			}
			r.withdraws(t, m, 2)
			r.want(t, m, "fresh")
			r.attempts(t, m, 3)
			r.concludes(t, m)
			r.want(t, m, "concluded")
			r.want(t, again, "elsewhere")
			r.Settled(invoices, 1)
			r.want(t, again, "elsewhere")
			again.Value = []byte("another command with this id")
			past, err := r.Open(t.Context(), again, commandID(7))
			if err != nil || !past.Differs || !past.Elsewhere || !past.Concluded || past.InDoubt() {
				t.Errorf("got %+v, %v", past, err)
			}
		})
	}
}

// Of what an owner before has concluded the value is not known, until its record is
// seen.
func TestAValueIsKnownOnceItsRecordHasBeenSeen(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	putOutcome(r.log, commandID(7), 1)
	r.load(t, 0, 0, 0)
	again := invoice(9, 7)
	again.Value = []byte("another command with this id")
	for _, want := range []string{"elsewhere", "differs"} {
		past, err := r.Open(t.Context(), again, commandID(7))
		if err != nil || is(past) != want {
			t.Errorf("got %+v, %v, want %s", past, err, want)
		}
		r.Close(again, commandID(7))
		r.want(t, invoice(1, 7), "concluded")
	}
}

// An id is answered while it is among the last of the window, in this process and at
// the next owner alike, and longer while its record is not done.
func TestTheWindow(t *testing.T) {
	t.Parallel()
	cfg := Config{Window: 3}
	r := setup(t, cfg)
	r.load(t, 0, -1, -1)
	for n := range 10 {
		m := invoice(int64(n), n)
		r.concludes(t, m)
		if n != 2 {
			r.Settled(invoices, m.Offset)
		}
	}
	successor := r.successor(cfg)
	successor.load(t, 10, 0, 10)
	for n := range 10 {
		again := invoice(int64(20+n), n)
		want, later := "fresh", "fresh"
		if n >= 7 {
			want, later = "elsewhere", "elsewhere"
		}
		if n == 2 {
			want = "elsewhere"
		}
		r.want(t, again, want)
		successor.want(t, again, later)
	}
	r.Settled(invoices, 2)
	r.want(t, invoice(20, 2), "fresh")
	r.want(t, invoice(20, 7), "elsewhere")
	if n := len(r.partition(invoices).ids); n != 3 {
		t.Errorf("%d are remembered, want 3", n)
	}
}

// The look-back rises with the work, and what is stuck holds it: with its attempt,
// with its outcome, and with either of which nobody knows whether it was stored.
func TestTheLookbackRisesWithTheWork(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	r.wantLookback(t, 0, -1, -1)
	for range 5 {
		r.log.put(attempts, 0, nil)
		r.log.put(outcomes, 0, nil)
	}
	r.load(t, 0, 0, 0)
	r.wantLookback(t, 0, 5, 5)
	for n := range 10 {
		r.attempts(t, invoice(int64(n), n), 1) // at 5 to 14
	}
	r.wantLookback(t, 0, 5, 5)
	for _, n := range []int{0, 2, 1} {
		r.concludes(t, invoice(int64(n), n)) // at 5 to 7
	}
	r.wantLookback(t, 0, 5, 5)
	r.Settled(invoices, 0)
	r.wantLookback(t, 1, 6, 6)
	r.Settled(invoices, 1)
	r.wantLookback(t, 2, 7, 6)
	r.Settled(invoices, 2)
	r.wantLookback(t, 3, 8, 8)

	lost := r.Recorder(&desk{log: r.log, codec: r.codec, fate: func() (bool, error) { return true, errFake }})
	stuck := invoice(3, 3)
	if err := lost.Outcome(t.Context(), stuck, &command.Outcome{CommandID: commandID(3)}); !errors.Is(err, errFake) {
		t.Error(err)
	}
	r.want(t, stuck, "in doubt")
	for n := 4; n < 10; n++ {
		r.concludes(t, invoice(int64(n), n))
		r.Settled(invoices, int64(n))
	}
	r.wantLookback(t, 3, 8, 8)
	r.wantLookback(t, 10, 15, 15) // the commit has passed it
	lateOne := invoice(20, 20)
	if err := lost.Attempt(t.Context(), lateOne, attempt(lateOne, 1)); !errors.Is(err, errFake) {
		t.Error(err)
	}
	r.want(t, lateOne, "fresh") // nothing was called
	r.attempts(t, invoice(21, 21), 1)
	r.wantLookback(t, 20, 15, 15)
	r.Release(invoices)
	r.wantLookback(t, 20, -1, -1)
}

// Topics with the same index share their knowledge of the attempts' end.
func TestTheAttemptsEndIsShared(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	r.load(t, 0, 0, 0)
	loan := &command.Message{Topic: loans.Topic, Name: command.LoanIncomeSubmit, Partition: 2, Value: []byte(commandID(1))}
	r.attempts(t, loan, 1)
	r.wantLookback(t, 0, 1, 0)
	r.want(t, invoice(0, 1), "fresh")
}

// A topic that was made anew counts from 0 again: nothing may be promised above that.
func TestATopicMadeAnewBringsTheLookbackDown(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	for range 50 {
		r.log.put(attempts, 0, nil)
		r.log.put(outcomes, 0, nil)
	}
	r.load(t, 0, 50, 50)
	r.attempts(t, invoice(1, 1), 1)
	r.log.set(func(l *fakeLog) { clear(l.parts) })
	r.attempts(t, invoice(2, 2), 1)
	r.concludes(t, invoice(2, 2))
	r.wantLookback(t, 1, 0, 0)
	r.Settled(invoices, 1)
	r.Settled(invoices, 2)
	r.wantLookback(t, 3, 1, 1)
}

func TestARememberedCommandCostsLittle(t *testing.T) {
	const bytesPerCommand = 200 // as Config.Window says
	r := setup(t, Config{Window: 100_000})
	r.load(t, 0, 0, 0)
	p := r.partition(invoices)
	before := heap()
	for n := range 250_000 { // forgets more than it remembers
		k, _ := parseID(commandID(n), command.FirstRevision)
		e := p.entry(k)
		p.needs(e, int64(n), unknown, int64(n))
		p.conclude(e, int64(n), 1)
		p.settle(int64(n))
	}
	each := (heap() - before) / 100_000
	if n := len(p.ids); n != 100_000 || each > bytesPerCommand {
		t.Errorf("%d commands are remembered in %d bytes each, want at most %d", n, each, bytesPerCommand)
	}
	t.Logf("%d bytes a command", each)
	runtime.KeepAlive(p)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func BenchmarkLookback(b *testing.B) {
	r := setup(b, Config{})
	r.load(b, 0, 0, 0)
	p := r.partition(invoices)
	for n := range 50_000 {
		k, _ := parseID(commandID(n), command.FirstRevision)
		p.needs(p.entry(k), int64(n), int64(n), int64(n))
	}
	for b.Loop() {
		r.Lookback(invoices, 0)
	}
}

func BenchmarkCommand(b *testing.B) {
	r := setup(b, Config{})
	r.load(b, 0, 0, 0)
	p := r.partition(invoices)
	b.ReportAllocs()
	for n := int64(0); b.Loop(); n++ {
		m := invoice(n, int(n))
		id := string(m.Value)
		if _, err := r.Open(b.Context(), m, id); err != nil {
			b.Fatal(err)
		}
		k, _ := parseID(id, command.FirstRevision)
		p.wasConcluded(k, n, r.sum(m.Value), p.concluding(k, n), n)
		r.Close(m, id)
		r.Settled(invoices, n)
		r.Lookback(invoices, n+1)
	}
}

// A command topic that was made anew counts from 0 again, over outcomes of the one
// before: to conclude its commands costs what it always does.
func TestAnewTopicsOutcomesCostNoMore(t *testing.T) {
	t.Parallel()
	const before, now = 50_000, 2000
	r := setup(t, Config{})
	for n := range before {
		putOutcome(r.log, commandID(n), int64(n))
	}
	r.load(t, 0, -1, -1)
	start := time.Now()
	for n := range now {
		r.concludes(t, invoice(int64(n), before+n))
	}
	if took := time.Since(start); took > now*250*time.Microsecond { // some 3 µs each
		t.Errorf("%d outcomes took %s", now, took)
	}
}
