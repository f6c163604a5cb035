package integration

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// upstreamLedger is what a transactional upstream has done, for the bank to be judged by:
// invoices by number.
type upstreamLedger struct {
	w         *interop
	java      *javaPublisher
	next      int
	open      map[string][]sample // by producer
	committed []sample
	aborted   []sample
}

func newUpstreamLedger(w *interop) *upstreamLedger {
	return &upstreamLedger{w: w, java: w.javaPublisher(), open: map[string][]sample{}}
}

// transactional opens a producer whose transactions nobody but itself ends.
func (u *upstreamLedger) transactional(producer, id string) {
	u.w.t.Helper()
	u.java.open(producer, map[string]string{"transactional.id": u.w.topics.Prefix + id})
}

// invoice is a command of a dealer's, so that dealers choose the partitions.
func (u *upstreamLedger) invoice(dealer int) sample {
	u.w.t.Helper()
	u.next++
	return u.w.sample(command.DBSInvoiceUpsert, map[string]any{
		"dealerCode": fmt.Sprint(dealer), "invoiceNumber": fmt.Sprint("T-", u.next),
	})
}

// send publishes an invoice, in the producer's transaction.
func (u *upstreamLedger) send(producer string, dealer int) (sample, kafka.Record) {
	u.w.t.Helper()
	s := u.invoice(dealer)
	sent := u.java.send(producer, s, javaSingleObject)
	u.open[producer] = append(u.open[producer], s)
	return s, sent
}

// end commits or aborts.
func (u *upstreamLedger) end(how, producer string) {
	u.w.t.Helper()
	u.java.do(how, producer)
	if how == "commit" {
		u.committed = append(u.committed, u.open[producer]...)
	} else {
		u.aborted = append(u.aborted, u.open[producer]...)
	}
	delete(u.open, producer)
}

// judge waits for what was committed and holds it against the bank's ledger: each
// committed invoice is recorded by one call, and no other exists.
func (u *upstreamLedger) judge() {
	u.w.t.Helper()
	for _, s := range u.committed {
		if o := u.w.outcome(s.id).Outcome; o.Code != command.CodeInvoiceAccepted {
			u.w.t.Errorf("committed %s: outcome %s %s", s.id, o.Status, o.Code)
		}
	}
	calls := map[string]int{}
	for _, c := range u.w.bank.Calls(0) {
		calls[c.ChannelSessionID]++
	}
	for _, s := range u.committed {
		if n, outcomes := calls[sessionOf(s)], u.w.outcomeCount(s.id); n != 1 || outcomes != 1 {
			u.w.t.Errorf("committed %s: %d calls and %d outcomes", s.id, n, outcomes)
		}
	}
	for _, s := range u.aborted {
		if n, outcomes := calls[sessionOf(s)], u.w.outcomeCount(s.id); n != 0 || outcomes != 0 {
			u.w.t.Errorf("aborted %s: %d calls and %d outcomes", s.id, n, outcomes)
		}
	}
	if n := len(u.w.bank.Ledger().Invoices); n != len(u.committed) {
		u.w.t.Errorf("the bank has %d invoices, %d were committed", n, len(u.committed))
	}
}

// sessionOf is what the bank knows a command by.
func sessionOf(s sample) string { return strings.ReplaceAll(s.id, "-", "") }

// atTheEnd waits until the processor has committed the log's end: whatever was
// going to be executed has been.
func (u *upstreamLedger) atTheEnd() {
	u.w.t.Helper()
	u.w.caughtUp(command.DBSInvoiceUpsert)
}

// Java's transactions of three producers interleave on two partitions, with a
// publisher without any between them.
func TestAJavaTransactionIsExecutedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	w := openInterop(t, 2)
	w.processor()
	u := newUpstreamLedger(w)
	u.java.open("plain", nil)
	producers := []string{"a", "b", "c"}
	for _, p := range producers {
		u.transactional(p, p)
	}
	random := rand.New(rand.NewPCG(5, 11))
	for len(u.committed) < 60 || len(u.aborted) < 60 {
		p := producers[random.IntN(len(producers))]
		switch _, open := u.open[p]; {
		case random.IntN(4) == 0:
			s := u.invoice(1000 + random.IntN(9))
			u.java.send("plain", s, javaJSON)
			u.committed = append(u.committed, s)
		case !open:
			u.java.do("begin", p)
			u.send(p, 1000+random.IntN(9))
		case random.IntN(4) > 0:
			u.send(p, 1000+random.IntN(9))
		default:
			u.end([]string{"commit", "abort"}[random.IntN(2)], p)
		}
	}
	for _, p := range producers {
		if _, open := u.open[p]; open {
			u.end("abort", p)
		}
	}
	u.atTheEnd()
	u.judge()
}

// An upstream dies within a transaction. What stands behind it on the partition
// waits, for it may yet be committed, while other partitions go on; the upstream's
// next life, or the broker once the transaction has timed out, ends it: the
// abandoned command is never executed, and those behind it are.
func TestWhatADeadUpstreamLeftOpenIsNeverExecuted(t *testing.T) {
	t.Parallel()
	w := openInterop(t, 2)
	w.processor()
	u := newUpstreamLedger(w)
	u.java.open("plain", nil)
	u.transactional("first life", "upstream")
	u.java.open("forgotten", map[string]string{
		"transactional.id": w.topics.Prefix + "forgotten", "transaction.timeout.ms": "1000",
	})
	held, free := dealersApart(w)

	u.java.do("begin", "first life")
	_, abandoned := u.send("first life", held)
	behind := u.invoice(held)
	u.java.send("plain", behind, javaJSON)
	beside := u.invoice(free)
	u.java.send("plain", beside, javaJSON)
	u.committed = append(u.committed, behind, beside)
	w.outcome(beside.id)
	part := kafka.TopicPartition{Topic: abandoned.Topic, Partition: abandoned.Partition}
	ranges, err := w.client.LogRange(t.Context(), []kafka.TopicPartition{part})
	w.must(err)
	if ranges[part].Next != abandoned.Offset || w.outcomeCount(behind.id) != 0 {
		t.Errorf("the log is stable up to %d, the open transaction begins at %d", ranges[part].Next, abandoned.Offset)
	}

	u.transactional("second life", "upstream") // fences the first and aborts its transaction
	w.outcome(behind.id)
	_, err = u.java.order(javaOrder{Do: "commit", Producer: "first life"})
	if fenced := errJava(""); !errors.As(err, &fenced) || fenced != "ProducerFencedException" && fenced != "InvalidProducerEpochException" {
		t.Errorf("the first life's commit ended with %v", err)
	}
	u.aborted = append(u.aborted, u.open["first life"]...)
	u.java.do("begin", "second life")
	u.send("second life", held)
	u.end("commit", "second life")

	u.java.do("begin", "forgotten") // and nobody ends it
	u.send("forgotten", held)
	u.aborted = append(u.aborted, u.open["forgotten"]...)
	last := u.invoice(held)
	u.java.send("plain", last, javaJSON)
	u.committed = append(u.committed, last)
	w.outcome(last.id) // the broker's own abort let it through
	u.atTheEnd()
	u.judge()
}

// dealersApart returns two dealers whose commands lie on different ones of two
// partitions.
func dealersApart(w *interop) (one, other int) {
	w.t.Helper()
	partition := func(dealer int) int32 {
		s := w.sample(command.DBSInvoiceUpsert, map[string]any{"dealerCode": fmt.Sprint(dealer)})
		return kafka.PartitionOf(s.key, w.topics.Partitions)
	}
	for one, other = 1000, 1001; partition(other) == partition(one); other++ {
	}
	return one, other
}
