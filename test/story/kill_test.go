package story

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/command"
	"bankprocessor/test/story/world"
)

// Every replay writes three times: the claim into the audit, the command, and into the
// audit that it is done. The command line is killed as it is about to make the nth of
// these writes, which never arrives; the same command line again, and again, finishes
// what was begun. However often it dies, and wherever: each letter's command stands in
// its topic once more, exactly once, and the bank has done it once.
func TestAKilledReplayIsFinishedWithoutASecondSend(t *testing.T) {
	t.Parallel()
	const letters = 3
	for _, nth := range []int{1, 2, 3, 4, 5, 6, 8} {
		t.Run(fmt.Sprintf("at write %d", nth), func(t *testing.T) {
			t.Parallel()
			w := open(t)
			p := w.Processor()
			storm := w.Storm("storm", letters)
			w.Stop(p) // what is written from now on is the operator's

			deaths := 0
			for ; deaths < 3*letters; deaths++ {
				if !killedAtWrite(w, nth) {
					break
				}
			}
			if deaths == 0 {
				t.Fatal("nothing was killed")
			}
			if nth == 1 && deaths < 3*letters {
				t.Errorf("it got through after %d deaths, though it dies before it writes anything", deaths)
			}
			w.DLQ(ayse, storms...).OK()
			w.DLQ(ayse, storms...).Says("0 letters: 0 replayed").OK()
			w.Processor()
			sentOnce(w, storm)
		})
	}
}

// storms replays what the storm has left. What was interrupted is not open any more, and
// is finished all the same.
var storms = []string{"replay", "--reason", "exhausted", "--state", "open", "--execute", "--why", "the bank is back", "--rate", "1000"}

var errKilled = errors.New("its client has been killed")

// killedAtWrite is killedWhile of a replay of storms.
func killedAtWrite(w *world.World, nth int) bool {
	w.T.Helper()
	return killedWhile(w, nth, storms...)
}

// killedWhile runs a command line that is killed as its nth write arrives at the broker,
// which drops it. It says whether it got so far.
func killedWhile(w *world.World, nth int, args ...string) bool {
	w.T.Helper()
	var (
		mu     sync.Mutex
		writes int
		over   bool
	)
	started := make(chan *world.Process, 1)
	w.Box.Cluster().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		mu.Lock()
		defer mu.Unlock()
		if writes++; over || writes != nth {
			return nil, nil, false
		}
		over = true
		p := <-started
		p.Kill()
		return nil, errKilled, true // and with it this function goes
	})
	p := w.StartDLQ(ayse, args...)
	started <- p
	ended := p.Wait()
	mu.Lock()
	defer mu.Unlock()
	if !over {
		over = true
		ended.OK()
		return false
	}
	if ended.Code != -1 {
		w.T.Errorf("want it killed, got exit %d\n%s%s", ended.Code, ended.Out, ended.Errs)
	}
	return true
}

// A processor at work, and a command line that is killed at any moment, as soon as it has
// printed so many steps.
func TestAReplayIsKilledWhileTheProcessorWorks(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Processor()
	storm := w.Storm("storm", 8)
	slowly := []string{"replay", "--reason", "exhausted", "--execute", "--why", "the bank is back", "--rate", "20"}
	killed := 0
	for lines := 2; lines < 6; lines++ { // the head of the table is one
		p := w.StartDLQ(ayse, slowly...)
		p.Printed(lines)
		p.Kill()
		if p.Wait().Code == -1 {
			killed++
		}
	}
	if killed == 0 {
		t.Error("nothing was killed")
	}
	w.DLQ(ayse, slowly...).OK()
	sentOnce(w, storm)
}

// Ctrl-C ends a replay between two steps, and the next one goes on.
func TestAReplayIsInterrupted(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Processor()
	storm := w.Storm("storm", 3)
	p := w.StartDLQ(ayse, "replay", "--reason", "exhausted", "--execute", "--why", "the bank is back", "--rate", "0.1")
	p.Printed(2)
	p.Interrupt()
	p.Wait().Says("3 letters: 1 replayed", "stopped on request after 1 of 3: the same command goes on where this one ended").Exit(1)
	w.DLQ(ayse, "replay", "--reason", "exhausted").Says("2 letters: 2 to be replayed").OK()
	w.DLQ(ayse, storms...).Says("2 letters: 2 replayed").OK()
	sentOnce(w, storm)
}

// sentOnce holds each letter to one record and one outcome of its second life, and to
// one effect at the bank.
func sentOnce(w *world.World, storm []world.Sent) {
	w.T.Helper()
	for _, s := range storm {
		if n := len(w.Replays(s.Record.Topic, w.Letter(s))); n != 1 {
			w.T.Errorf("%s was sent again %d times, want 1", s.Name, n)
		}
		if o := w.Outcome(s.ID, 2); o.Status != command.Succeeded {
			w.T.Errorf("%s: %s %s", s.Name, o.Status, o.Code)
		}
		if got := w.Outcomes(s.ID, 3); len(got) > 0 {
			w.T.Errorf("%s has a third life: %v", s.Name, got[0].Outcome)
		}
	}
	recorded := map[string]int{}
	for _, i := range w.Ledger().Invoices {
		recorded[i.Number] += i.Applied("I")
	}
	for _, s := range storm {
		if recorded[s.Name] != 1 {
			w.T.Errorf("%s: the bank has recorded it %d times, want 1", s.Name, recorded[s.Name])
		}
	}
}
