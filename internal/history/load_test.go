package history

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// What a killed owner has left is classed by what stands in Kafka.
func TestATakeoverClassesEveryCommand(t *testing.T) {
	t.Parallel()
	before := setup(t, Config{})
	before.load(t, 0, 0, 0)
	concluded, doubted, withdrawn, fresh := invoice(1, 1), invoice(2, 2), invoice(3, 3), invoice(4, 4)
	before.attempts(t, concluded, 1)
	before.concludes(t, concluded)
	before.attempts(t, doubted, 1)
	before.attempts(t, doubted, 2)
	before.withdraws(t, doubted, 2)
	before.attempts(t, doubted, 3)
	before.attempts(t, withdrawn, 1)
	before.withdraws(t, withdrawn, 1)
	putAttempt(before.log, before.codec, *attempt(doubted, 3)) // Kafka's answer was lost: it stands there twice
	foreign := attempt(fresh, 1)
	foreign.Command = command.LoanIncomeSubmit // the topic is shared
	putAttempt(before.log, before.codec, *foreign)

	r := before.successor(Config{})
	a, results := before.Lookback(invoices, 0)
	r.load(t, 0, a, results)
	r.want(t, concluded, "concluded")
	r.want(t, withdrawn, "fresh")
	r.want(t, fresh, "fresh")
	want := []command.Attempt{*attempt(doubted, 1), *attempt(doubted, 3)}
	for _, m := range []*command.Message{doubted, invoice(7, 2)} {
		if diff := cmp.Diff(want, r.past(t, m).Attempts); diff != "" {
			t.Errorf("at %d: %s", m.Offset, diff)
		}
	}

	// What lies below the committed offset is done, and in doubt no more.
	r.load(t, 3, 0, results)
	r.want(t, doubted, "fresh")
	r.want(t, concluded, "concluded")
}

// A revision by a person concludes, too; so does an outcome of another record.
func TestAnyOutcomeConcludes(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	putOutcome(r.log, commandID(1), 5)
	putOutcome(r.log, commandID(1), 5) // with revision 2, say
	putOutcome(r.log, commandID(1), 9)
	r.attempts(t, invoice(9, 1), 1)
	r.load(t, 5, 0, 0)
	r.want(t, invoice(5, 1), "concluded")
	r.want(t, invoice(9, 1), "elsewhere")
}

// A crash right after a takeover costs its successor nothing: until what was found
// is settled, the look-back stays where it was found.
func TestWhatWasFoundHoldsTheLookback(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	for range 4 {
		r.log.put(outcomes, 0, nil, outcomeHeaders(commandID(50), 0)...)
		r.log.put(attempts, 0, nil)
	}
	r.attempts(t, invoice(11, 1), 1) // at 4
	r.attempts(t, invoice(10, 2), 1) // at 5
	r.concludes(t, invoice(10, 2))   // at 4
	r.concludes(t, invoice(12, 3))   // at 5
	r = r.successor(Config{})
	r.load(t, 10, 2, 2)
	r.wantLookback(t, 10, 4, 4)
	r.Settled(invoices, 10)
	r.wantLookback(t, 11, 4, 5)
	r.concludes(t, invoice(11, 1)) // at 6
	r.Settled(invoices, 12)
	r.wantLookback(t, 11, 4, 6)
	r.Settled(invoices, 11)
	r.wantLookback(t, 13, 6, 7)
}

// Two records have one id, in doubt by the one and concluded by the other: the one
// that is not done yet needs the other's outcome.
func TestADoubtNeedsItsIDsOutcome(t *testing.T) {
	t.Parallel()
	cfg := Config{Window: 1}
	r := setup(t, cfg)
	r.load(t, 0, 0, 0)
	r.attempts(t, invoice(1, 7), 1)
	r.concludes(t, invoice(2, 7)) // at 0
	r.Settled(invoices, 2)
	for n := range 5 {
		r.concludes(t, invoice(int64(10+n), 10+n))
		r.Settled(invoices, int64(10+n))
	}
	r.want(t, invoice(1, 7), "elsewhere")
	r.wantLookback(t, 1, 0, 0)
	for range 2 { // also at a successor's successor
		r = r.successor(cfg)
		r.load(t, 1, 0, 0)
		for _, done := range []int64{2, 10, 11, 12, 13, 14} {
			r.Settled(invoices, done)
		}
		r.want(t, invoice(1, 7), "elsewhere")
		r.wantLookback(t, 1, 0, 0)
	}
}

// An outcome that is older than the window decides about an attempt all the same.
func TestAnOldOutcomeDecidesAboutAnAttempt(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{Window: 1})
	putOutcome(r.log, commandID(7), 1)
	for n := range 5 {
		putOutcome(r.log, commandID(10+n), 1)
	}
	r.attempts(t, invoice(3, 7), 1)
	r = r.successor(Config{Window: 1})
	r.load(t, 2, 0, 0)
	r.want(t, invoice(3, 7), "elsewhere")
	r.want(t, invoice(4, 10), "fresh")
	r.wantLookback(t, 2, 0, 0)
	r.Settled(invoices, 3)
	r.wantLookback(t, 2, 1, 6)
}

func TestQueriesHaveNoAttempts(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	tp := kafka.TopicPartition{Topic: "dbs.limit.query", Partition: 2}
	if err := r.Load(t.Context(), tp, 0, -1, -1); err != nil {
		t.Fatal(err)
	}
	for _, asked := range r.log.asked {
		if asked.Topic != "dbs.limit.query.result" {
			t.Errorf("%s was read", asked.TopicPartition)
		}
	}
	if a, o := r.Lookback(tp, 0); a != -1 || o != 0 {
		t.Errorf("look-back %d, %d", a, o)
	}
}

// Where reading begins, by what was ordered and what there is.
func TestWhereReadingBegins(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, next     int64
		attempts, found int64 // ordered, and where reading begins
		results, window int64
		warned          string
	}{
		"all there is where nothing is known": {3, 50, -1, 3, -1, 3, ""},
		"from the look-back":                  {3, 50, 20, 20, 20, 20, ""},
		"the window at least":                 {3, 50, 49, 49, 49, 40, ""},
		"the window from the log's start":     {45, 50, 49, 49, 49, 45, ""},
		"an end with nothing behind":          {50, 50, 50, 50, 50, 50, ""},
		"retention has deleted it":            {30, 50, 20, 30, 20, 30, "deleted"},
		"the log ends before":                 {3, 50, 51, 3, 51, 3, "ends before"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, Config{Window: 10})
			for _, tp := range []kafka.TopicPartition{attempts, outcomes} {
				r.log.set(func(l *fakeLog) {
					p := l.part(tp)
					p.first, p.next = c.first, c.next
				})
			}
			r.load(t, 0, c.attempts, c.results)
			begun := map[string]int64{}
			for _, asked := range r.log.asked {
				if _, ok := begun[asked.Topic]; !ok && asked.Offset <= c.next { // not to see whether it is there
					begun[asked.Topic] = asked.Offset
				}
			}
			if begun[attempts.Topic] != c.found || begun[outcomes.Topic] != c.window {
				t.Errorf("began at %v, want %d, %d", begun, c.found, c.window)
			}
			if got := r.lines.String(); !strings.Contains(got, c.warned) || c.warned == "" && got != "" {
				t.Errorf("logged %s", got)
			}
			r.wantLookback(t, 0, c.next, c.next)
		})
	}
}

// What somebody else has written holds nobody up, and is told in a few lines.
func TestForeignRecordsAreReadOver(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	for n := range 20 {
		headers := outcomeHeaders(commandID(n), int64(n))
		switch n % 4 {
		case 0:
			headers = nil
		case 1:
			headers[1].Value = []byte("no id")
		case 2:
			headers[2].Value = []byte("no offset")
		case 3:
			headers = headers[:1]
		}
		r.log.put(outcomes, 0, []byte("someone's secret"), headers...)
		r.log.put(attempts, 0, []byte("someone's secret"))
	}
	astray := *attempt(invoice(30, 30), 1)
	astray.Partition++
	putAttempt(r.log, r.codec, astray)
	putOutcome(r.log, commandID(1), 1)
	putAttempt(r.log, r.codec, *attempt(invoice(2, 2), 1))
	r.load(t, 0, 0, 0)
	r.want(t, invoice(1, 1), "concluded")
	r.want(t, invoice(2, 2), "in doubt")
	r.want(t, invoice(30, 30), "fresh")
	logged := r.lines.String()
	if n := strings.Count(logged, "level=ERROR"); n != 4 || !strings.Contains(logged, "more=38") ||
		!strings.Contains(logged, "topic=dbs.invoice.upsert.result partition=2 offset=0") || strings.Contains(logged, "secret") {
		t.Errorf("logged %s", logged)
	}
}

// Offsets that hold no record are passed: those of control records, of aborted
// transactions, and of what compaction has removed.
func TestHolesArePassed(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	for n := range 9 {
		r.log.put(outcomes, int64(n%3), nil, outcomeHeaders(commandID(n), int64(n))...)
	}
	r.log.set(func(l *fakeLog) { l.part(outcomes).next += 2 })
	r.load(t, 0, 0, 0)
	for n := range 9 {
		r.want(t, invoice(int64(n), n), "concluded")
	}
	r.wantLookback(t, 9, 0, 20)
}

// Behind somebody else's open transaction our own outcomes may stand: nothing is
// taken for fresh before it has ended.
func TestAnOpenTransactionIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	putOutcome(r.log, commandID(1), 1)
	r.log.put(outcomes, 0, nil) // of the transaction
	putOutcome(r.log, commandID(2), 2)
	r.log.set(func(l *fakeLog) { l.part(outcomes).stable = 1 })
	if err := r.Load(t.Context(), invoices, 0, 0, 0); !errors.Is(err, errStalled) || !errors.Is(err, errOpen) {
		t.Errorf("got %v", err)
	}
	r.wantLookback(t, 0, -1, -1)
	r.log.set(func(l *fakeLog) { l.part(outcomes).stable = -1 })
	r.load(t, 0, 0, 0)
	r.want(t, invoice(2, 2), "concluded")
}

// The look-back may lie behind the open transaction, too: no more is read for that but
// the window.
func TestALookbackBehindAnOpenTransaction(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{Window: 1})
	for n := range 20 {
		putOutcome(r.log, commandID(n), int64(n))
	}
	r.log.set(func(l *fakeLog) { l.part(outcomes).stable = 10 })
	if err := r.Load(t.Context(), invoices, 15, 0, 15); !errors.Is(err, errOpen) {
		t.Errorf("got %v", err)
	}
	r.log.set(func(l *fakeLog) { l.part(outcomes).stable = -1 })
	r.load(t, 15, 0, 15)
	for _, asked := range r.log.asked {
		if asked.TopicPartition == outcomes && asked.Offset < 14 {
			t.Errorf("outcomes were read from %d", asked.Offset)
		}
	}
	r.want(t, invoice(15, 15), "concluded")
	if got := r.lines.String(); got != "" {
		t.Errorf("logged %s", got)
	}
}

// The outcomes of a release before do not say where their commands stand: what has
// one is not carried out again.
func TestAnOutcomeWithoutAnOffsetConcludes(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	without := func(n int) { r.log.put(outcomes, 0, nil, outcomeHeaders(commandID(n), 0)[:2]...) }
	without(1)
	without(2)
	putOutcome(r.log, commandID(2), 6)
	putOutcome(r.log, commandID(3), 7)
	without(3)
	r.load(t, 5, -1, -1)
	r.want(t, invoice(5, 1), "concluded")
	r.want(t, invoice(8, 1), "concluded") // nobody knows which of the two it is of
	for n, offset := range map[int]int64{2: 6, 3: 7} {
		r.want(t, invoice(offset, n), "concluded")
		r.want(t, invoice(9, n), "elsewhere")
	}
	if got := r.lines.String(); got != "" {
		t.Errorf("logged %s", got)
	}
}

// A log that has lost its end between two tries, or was made anew, is read again.
func TestALogThatGotShorterIsReadAgain(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	for n := range 9 {
		putOutcome(r.log, commandID(n), int64(n))
	}
	r.log.fail = func(_ kafka.TopicPartition, offset int64) error {
		if offset == 6 {
			return errFake
		}
		return nil
	}
	if err := r.Load(t.Context(), invoices, 0, 0, 0); !errors.Is(err, errFake) {
		t.Fatalf("got %v", err)
	}
	r.log.set(func(l *fakeLog) {
		l.fail = nil
		p := l.part(outcomes)
		p.records, p.next = p.records[:4], 4
	})
	if err := r.Load(t.Context(), invoices, 0, 0, 0); !errors.Is(err, errCut) {
		t.Errorf("got %v", err)
	}
	r.load(t, 0, 0, 0)
	r.want(t, invoice(3, 3), "concluded")
	r.want(t, invoice(4, 4), "fresh") // no outcome of it is left
}

// A Load that failed is taken up where it was, as long as it is asked for the same.
func TestALoadIsTakenUp(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	for n := range 30 {
		putOutcome(r.log, commandID(n), int64(n))
	}
	failing := 2
	r.log.fail = func(_ kafka.TopicPartition, offset int64) error {
		if failing > 0 && offset >= 9 {
			failing--
			return errFake
		}
		return nil
	}
	for range 2 {
		if err := r.Load(t.Context(), invoices, 0, 0, 0); !errors.Is(err, errFake) {
			t.Errorf("got %v", err)
		}
	}
	putOutcome(r.log, commandID(30), 30)
	r.load(t, 0, 0, 0)
	again := 0
	for _, asked := range r.log.asked {
		if asked.TopicPartition == outcomes && asked.Offset == 0 {
			again++
		}
	}
	if again != 1 {
		t.Errorf("it began %d times", again)
	}
	for n := range 31 {
		r.want(t, invoice(int64(n), n), "concluded")
	}
	r.load(t, 0, 0, 0) // once more, from the start
	r.want(t, invoice(0, 0), "concluded")
	r.wantLookback(t, 31, 0, 31)
}

// Nothing of a partition that is released meanwhile, or of a topic that has no
// commands, is taken for read.
func TestALoadThatIsOvertaken(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	r.log.fail = func(kafka.TopicPartition, int64) error {
		r.Release(invoices)
		return nil
	}
	if err := r.Load(t.Context(), invoices, 0, 0, 0); !errors.Is(err, errReleased) {
		t.Errorf("got %v", err)
	}
	r.wantLookback(t, 0, -1, -1)
	if err := r.Load(t.Context(), outcomes, 0, 0, 0); err == nil {
		t.Error("a topic without commands was loaded")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.log.fail = func(kafka.TopicPartition, int64) error { return fmt.Errorf("fetching: %w", context.Cause(ctx)) }
	if err := r.Load(ctx, invoices, 0, 0, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A partition that comes back with its records still in memory gives the same
// answers.
func TestAPartitionThatComesBack(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	r.load(t, 0, 0, 0)
	for n := range 6 {
		m := invoice(int64(n), n)
		r.attempts(t, m, 1)
		if n%2 == 0 {
			r.concludes(t, m)
			r.Settled(invoices, m.Offset)
		}
	}
	answers := func() (all []string) {
		for n := range 7 {
			all = append(all, is(r.past(t, invoice(int64(n), n))), is(r.past(t, invoice(int64(n+50), n))))
		}
		return all
	}
	base := int64(1)
	before := answers()
	a, o := r.Lookback(invoices, base)
	for range 2 {
		r.Release(invoices)
		r.load(t, base, a, o)
		if diff := cmp.Diff(before, answers()); diff != "" {
			t.Error(diff)
		}
		if a2, o2 := r.Lookback(invoices, base); a2 > a || o2 > o {
			t.Errorf("the look-back has risen from %d, %d to %d, %d", a, o, a2, o2)
		}
	}
}
