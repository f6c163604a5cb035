package cluster

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// least is how many commands every scenario has.
	least = 10_000
	// away is how long brokers are stopped or cut off.
	away = 30 * time.Second
)

// fault is what a scenario does to the brokers.
type fault struct {
	w *world
	// leads is the coordinator of the processor's group, which also leads a third of
	// the partitions.
	leads int32
	began time.Time
	// returns are the moments from which a broker, or the last of several, serves
	// again.
	returns []time.Time
}

// returned notes that what was broken is whole again.
func (f *fault) returned() { f.returns = append(f.returns, time.Now()) }

func (f *fault) ended() time.Time { return f.returns[len(f.returns)-1] }

func (f *fault) pass(d time.Duration) { _ = wait(f.w.t.Context(), d) }

// others are the nodes beside the leading one.
func (f *fault) others() []int32 {
	return slices.DeleteFunc(slices.Clone(nodes), func(n int32) bool { return n == f.leads })
}

// scenario is one way to break brokers. Silence bounds how long the partitions of
// the brokers that are well may stand still; 0 where none is.
type scenario struct {
	name    string
	hits    func(f *fault) []int32
	silence time.Duration
	do      func(f *fault)
}

func leader(f *fault) []int32 { return []int32{f.leads} }
func everyone(*fault) []int32 { return nodes }

// scenarios are in the order in which they run on the one cluster.
var scenarios = []scenario{
	{"kill -9 of the leader", leader, 20 * time.Second, func(f *fault) {
		f.w.brokers.do("kill", f.leads)
		f.pass(12 * time.Second)
		f.w.brokers.do("start", f.leads)
		f.returned()
	}},
	{"restart of all in turn", everyone, 0, func(f *fault) {
		for _, n := range nodes {
			f.w.brokers.do("stop", n)
			f.w.brokers.do("start", n)
			f.returned()
			f.w.brokers.awaitWhole()
		}
	}},
	{"all stopped for 30 s", everyone, 0, func(f *fault) {
		f.w.brokers.do("stop")
		f.pass(away)
		f.w.brokers.do("start")
		f.returned()
	}},
	{"disk full", leader, 20 * time.Second, func(f *fault) {
		f.w.brokers.do("fill", f.leads)
		until(f.w.t, 30*time.Second, "a broker that halts for its disk", func() bool { return !f.w.brokers.running(f.leads) })
		f.w.brokers.do("free", f.leads)
		f.w.brokers.do("start", f.leads)
		f.returned()
	}},
	{"cut off for 30 s", leader, 20 * time.Second, func(f *fault) {
		f.w.brokers.do("cut", f.leads)
		f.pass(away)
		f.w.brokers.do("mend", f.leads)
		f.returned()
	}},
	{"two of three killed", everyone, 0, func(f *fault) {
		f.w.brokers.do("kill", f.others()...)
		f.pass(12 * time.Second)
		f.w.brokers.do("start", f.others()...)
		f.returned()
	}},
}

// TestBrokerFaults breaks the brokers of one cluster in one way after the other,
// each under 10,000 commands, with one processor that is never restarted.
func TestBrokerFaults(t *testing.T) {
	need(t)
	w := openWorld(t)
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) { w.play(t, s) })
	}
	judgeLedger(t, w.bank.Ledger(), w.up.from(0))
	if err := w.processor.Ready(); err != nil {
		t.Errorf("the processor is not ready after all: %v", err)
	}
	t.Logf("three brokers, one processor that was never restarted:\n%s", w.table)
}

// play runs one scenario and judges it.
func (w *world) play(t *testing.T, s scenario) {
	outer := w.t
	w.t, w.brokers.t = t, t
	defer func() { w.t, w.brokers.t = outer, outer }()

	leaders := w.brokers.balance()
	f := &fault{w: w, leads: w.brokers.coordinator(w.group)}
	hit := s.hits(f)
	first, lines := w.up.count(), len(w.log.since(0))
	var call uint64
	if calls := w.bank.Calls(0); len(calls) > 0 {
		call = calls[len(calls)-1].Seq
	}
	count := w.countUnready()
	w.underLoad(first, func() {
		f.began = time.Now()
		s.do(f)
	})
	unready := count()

	of := w.up.from(first)
	v := verdict{scenario: s.name, unready: unready}
	w.down.judgeOutcomes(t, &v, of)
	judgeCalls(t, &v, w.bank.Calls(call), of)
	w.down.measure(&v, of, f, func(p place) bool { return slices.Contains(hit, leaders[p]) })
	v.judgeTimes(t, s.silence)
	w.table = append(w.table, v)
	t.Logf("the coordinator was %d; from %s to %s\n%s", f.leads,
		f.began.Format(time.TimeOnly), f.ended().Format(time.TimeOnly), table{v})
	if t.Failed() {
		t.Logf("the processor logged:\n%s", strings.Join(w.log.since(lines), "\n"))
	}
}

// underLoad runs do while commands are published, and returns when there are least
// of them and each has its outcome, or when that takes too long.
func (w *world) underLoad(first int, do func()) {
	ctx, cancel := context.WithTimeout(w.t.Context(), 3*time.Minute)
	calm := make(chan struct{})
	var publishing sync.WaitGroup
	defer publishing.Wait()
	defer cancel()
	publishing.Go(func() {
		if err := w.up.publish(ctx, least, calm); err != nil {
			w.t.Errorf("publishing: %v", err)
		}
	})
	if w.down.await(ctx, first, first+pace) > 0 {
		w.t.Fatal("no outcomes before the fault")
	}
	do()
	// The load stays what it was until what has piled up is worked off.
	recovering, recovered := context.WithTimeout(ctx, recoveryBound)
	w.down.await(recovering, first, w.up.count())
	recovered()
	close(calm)
	publishing.Wait()

	ctx, cancel = context.WithTimeout(w.t.Context(), settling)
	defer cancel()
	if err := w.up.flush(ctx); err != nil {
		w.t.Errorf("publishing: %v", err)
	}
	if missing := w.down.await(ctx, first, w.up.count()); missing > 0 {
		w.t.Errorf("%d commands have no outcome %v after the brokers' return", missing, settling)
	}
}

// settling is how long after the brokers' return the last outcome is waited for.
const settling = time.Minute
