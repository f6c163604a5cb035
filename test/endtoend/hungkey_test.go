package endtoend

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
)

const (
	hungKeys     = 1000 // one of which hangs
	hungFor      = 2 * time.Second
	hungEvery    = 4 * time.Millisecond
	hungRatio    = 1.2
	hungAttempts = 6
)

// TestAHungKeyDelaysNobodyElse publishes commands at a steady rate, come what may
// of them, and takes the time from each one's publication to its outcome: once
// with every key well, once with one key in 1,000 taking 2 s at the bank. The
// others must not notice.
//
// They are compared by their 99th percentiles, which on a small and busy machine
// differ by more than the bound now and then without any hung key. A key that held
// others up would multiply them by 50 in every attempt, so that the best of six
// decides.
func TestAHungKeyDelaysNobodyElse(t *testing.T) {
	commands := 1000
	if testing.Short() {
		commands = 400
	}
	debug.FreeOSMemory() // what earlier tests have left is not to be given back meanwhile
	for _, partitions := range []int32{1, 12} {
		t.Run(fmt.Sprintf("%d partitions", partitions), func(t *testing.T) {
			r := newTrial(t, partitions)
			r.run(commands / 5) // warms up
			var ratio float64
			for range hungAttempts {
				well, _ := r.run(commands)
				heal := r.w.fault(banksim.Fault{
					Kind: banksim.FaultLatency, Latency: banksim.Latency{Fixed: banksim.Duration(hungFor)},
					Match: banksim.Match{Method: banksim.MethodInvoice, Dealer: r.dealer(0)},
				})
				others, hung := r.run(commands)
				heal()
				if len(hung) == 0 || hung[0] < hungFor {
					t.Fatalf("the hung key's commands took %v: it did not hang", hung)
				}
				ratio = float64(percentile(others, 99)) / float64(percentile(well, 99))
				t.Logf("all well: %s; beside a hung key: %s; p99 times %.2f", figures(well), figures(others), ratio)
				if ratio <= hungRatio {
					return
				}
			}
			t.Errorf("beside a hung key the others' p99 is %.2f times what it was, want at most %v", ratio, hungRatio)
		})
	}
}

// trial is a processor and the times that its commands take.
type trial struct {
	w       *world
	l       *load
	numbers int // given out so far

	mu    sync.Mutex
	due   map[int]time.Time // by command: when it was to be published
	took  map[int]time.Duration
	ended chan struct{} // told at every outcome
}

func newTrial(t *testing.T, partitions int32) *trial {
	w := openWorld(t, sandbox.Options{
		Topics: topics.Config{Partitions: partitions},
		Bank:   banksim.Config{Latency: banksim.Latency{Fixed: banksim.Duration(20 * time.Millisecond)}},
	})
	r := &trial{
		w: w, l: newLoad(w), due: map[int]time.Time{}, took: map[int]time.Duration{}, ended: make(chan struct{}, 1),
	}
	readAll(w, w.drafter.Topics.Result(command.DBSInvoiceUpsert), r.take)
	w.processor()
	return r
}

func (r *trial) dealer(key int) string { return fmt.Sprintf("1%04d", key) }

// take stops a command's clock.
func (r *trial) take(record kafka.Record) {
	now := time.Now()
	n, err := numberOf(header(record, "ce_subject"))
	if err != nil {
		r.w.t.Error(err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.took[n] = now.Sub(r.due[n])
	select {
	case r.ended <- struct{}{}:
	default:
	}
}

// run publishes commands of all keys in turn, waits for their outcomes and returns
// how long they took: those of key 0, and all others. Both are sorted.
func (r *trial) run(commands int) (others, first []time.Duration) {
	r.w.t.Helper()
	runtime.GC() // no run pays for what came before it
	base := r.numbers
	r.numbers += commands
	var sending sync.WaitGroup
	start := time.Now()
	for i := range commands {
		due := start.Add(time.Duration(i) * hungEvery)
		must(r.w.t, pause(r.w.t.Context(), time.Until(due)))
		n := base + i
		r.mu.Lock()
		r.due[n] = due
		r.mu.Unlock()
		record := r.l.record(n, r.dealer(i%hungKeys), fmt.Sprintf("INV-%d", n))
		sending.Go(func() {
			if _, err := r.w.sender.Send(r.w.t.Context(), record); err != nil {
				r.w.t.Errorf("publishing: %v", err)
			}
		})
	}
	sending.Wait()
	r.await(base + commands)
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range commands {
		if i%hungKeys == 0 {
			first = append(first, r.took[base+i])
		} else {
			others = append(others, r.took[base+i])
		}
	}
	slices.Sort(others)
	slices.Sort(first)
	return others, first
}

// await waits until so many commands have outcomes.
func (r *trial) await(outcomes int) {
	r.w.t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	for {
		r.mu.Lock()
		n := len(r.took)
		r.mu.Unlock()
		if n == outcomes {
			return
		}
		select {
		case <-r.ended:
		case <-deadline.C:
			r.w.t.Fatalf("%d of %d commands have outcomes; the processor logged:\n%s", n, outcomes, r.w.log.Tail(40))
		}
	}
}

func figures(sorted []time.Duration) string {
	at := func(p int) time.Duration { return percentile(sorted, p).Round(100 * time.Microsecond) }
	return fmt.Sprintf("p50 %v p99 %v max %v", at(50), at(99), at(100))
}
