package chaos

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/planted"
	"bankprocessor/test/chaos/checker"
)

// plant is a run in which a safeguard is switched off, with what it is there against,
// and what the checker must then find.
type plant struct {
	off  planted.Safeguard
	want checker.Kind
	run  kindOfRun
	pace int // commands a second, for length seconds
	harm func(ctx context.Context, w *world) error
}

const (
	plantedSeconds = 15
	plantedSeed    = 7
)

var plants = []plant{
	{
		// Whoever takes over after a kill knows of no call, and makes it again, at a bank
		// that completes a flow as often as it is asked.
		off: planted.Attempts, want: checker.Twice, pace: 40,
		run: kindOfRun{
			mix:  mix{command.CustomerCreate: 50, command.CustomerComplete: 50},
			keys: keys{1, 1}, duplicates: banksim.DuplicatesRecorded, partitions: 2, settings: usual,
		},
		harm: func(ctx context.Context, w *world) error {
			if err := w.bank.latency(ctx, banksim.Latency{Fixed: banksim.Duration(300 * time.Millisecond)}); err != nil {
				return err
			}
			return w.killInTurn(ctx, 4*time.Second)
		},
	},
	{
		// What has an outcome and is in no commit yet is carried out again.
		off: planted.Index, want: checker.Different, pace: 50,
		run: kindOfRun{
			mix:  mix{command.DBSLimitQuery: 50, command.DBSInvoiceUpsert: 50},
			keys: keys{200, 1}, duplicates: banksim.DuplicatesRefused, partitions: 2,
			settings: settings{Commit: time.Second, Window: 2000, Drain: usual.Drain},
		},
		harm: func(ctx context.Context, w *world) error { return w.killInTurn(ctx, 4*time.Second) },
	},
	{
		// A dealer that hangs holds the committed offset back. What is done above it, long
		// ago, is carried out again, by a bank that does not notice.
		off: planted.DoneMap, want: checker.Different, pace: 50,
		run: kindOfRun{
			mix:  mix{command.DBSInvoiceUpsert: 100},
			keys: keys{30, 1}, duplicates: banksim.DuplicatesRecorded, partitions: 1,
			settings: settings{Commit: usual.Commit, Window: 1, Drain: usual.Drain},
		},
		harm: func(ctx context.Context, w *world) error {
			err := w.bank.control(ctx, http.MethodPost, "faults", banksim.Fault{
				Kind: banksim.FaultHang, Match: banksim.Match{Method: banksim.MethodInvoice, Dealer: dealerCode(0)},
			})
			if err != nil {
				return err
			}
			return w.killInTurn(ctx, 4*time.Second)
		},
	},
	{
		// A process that was stopped for longer than its session goes on with what is no
		// longer its own: with what it had waiting, until it hears of it.
		off: planted.Fencing, want: checker.Different, pace: 150,
		run: kindOfRun{
			mix:  mix{command.DBSInvoiceUpsert: 60, command.DBSLimitQuery: 40},
			keys: keys{40, 1}, duplicates: banksim.DuplicatesRefused, partitions: 2, settings: usual,
		},
		harm: func(ctx context.Context, w *world) error { return w.pauseInTurn(ctx, session+2500*time.Millisecond) },
	},
	{
		// Commands of one dealer run side by side.
		off: planted.Order, want: checker.Inverted, pace: 40,
		run: kindOfRun{
			mix:  mix{command.DBSInvoiceUpsert: 100},
			keys: keys{6, 1}, duplicates: banksim.DuplicatesRefused, partitions: 2, settings: usual,
		},
		harm: func(ctx context.Context, w *world) error {
			return w.bank.latency(ctx, banksim.Latency{Mean: banksim.Duration(30 * time.Millisecond), Max: banksim.Duration(200 * time.Millisecond)})
		},
	},
}

// plantedFaults: the checker notices every safeguard that is missing, and nothing when
// none is.
func plantedFaults(t *testing.T, c *cluster) {
	chosen := strings.Split(*plantedFlag, ",")
	for _, p := range plants {
		if !slices.Contains(chosen, "all") && !slices.Contains(chosen, string(p.off)) {
			continue
		}
		t.Run(string(p.off), func(t *testing.T) {
			t.Parallel()
			report := p.play(t, c, p.off)
			if len(report.Of(p.want)) == 0 {
				t.Errorf("nothing is %q without %s", p.want, p.off)
			}
			t.Logf("without %s:\n%s", p.off, checker.Table([]checker.Row{{Name: string(p.off), Report: report}}))
			t.Logf("for instance: %s", example(report, p.want))
		})
		if !*controlsFlag {
			continue
		}
		t.Run(string(p.off)+" in force", func(t *testing.T) {
			t.Parallel()
			if complaint := p.play(t, c, "").Complaint(3); complaint != "" {
				t.Error(complaint)
			}
		})
	}
}

func example(r *checker.Report, kind checker.Kind) string {
	of := r.Of(kind)
	if len(of) == 0 {
		return "none"
	}
	return of[0].Text + "\n" + r.Trail(of[0].CommandID)
}

// play runs the plant with two processors, of which a safeguard is off, or "" for none.
func (p plant) play(t *testing.T, c *cluster, off planted.Safeguard) *checker.Report {
	k := p.run
	k.name, k.seed, k.size = "planted-"+string(p.off), plantedSeed, 2
	if off == "" {
		k.name += "-control"
	}
	w := open(t, c, k)
	for _, m := range w.fleet {
		m.program, m.env = programs.planted, []string{"PLANTED_FAULT=" + string(off)}
		must(t, m.start())
	}
	harming, enough := context.WithCancel(t.Context())
	defer enough()
	var harm sync.WaitGroup
	var harmed error
	harm.Go(func() { harmed = p.harm(harming, w) })
	ids, err := w.up.publish(t.Context(), p.pace*plantedSeconds, p.pace)
	enough()
	harm.Wait()
	must(t, err)
	must(t, harmed)
	for _, m := range w.fleet {
		m.now.signal(syscall.SIGCONT)
		must(t, m.start())
	}
	must(t, w.bank.behave(t.Context()))
	return w.conclude(ids)
}

// killInTurn kills one processor after the other, and starts it again, until ctx ends.
func (w *world) killInTurn(ctx context.Context, every time.Duration) error {
	for n := 0; wait(ctx, every) == nil; n++ {
		m := w.fleet[n%len(w.fleet)]
		m.now.kill()
		if err := m.start(); err != nil {
			return err
		}
	}
	return nil
}

// pauseInTurn stops one processor after the other for so long, until ctx ends. The
// bank is slow before, so that commands pile up, and quick afterwards.
func (w *world) pauseInTurn(ctx context.Context, length time.Duration) error {
	slow := banksim.Latency{Fixed: banksim.Duration(250 * time.Millisecond)}
	for n := 0; ; n++ {
		if err := w.bank.latency(w.t.Context(), slow); err != nil {
			return err
		}
		stopped := wait(ctx, 2*time.Second) != nil
		if err := w.bank.latency(w.t.Context(), banksim.Latency{}); err != nil || stopped {
			return err
		}
		m := w.fleet[n%len(w.fleet)]
		if !m.running() {
			return fmt.Errorf("%s has ended by itself: %w", m.name, m.now.err)
		}
		m.now.signal(syscall.SIGSTOP)
		_ = wait(ctx, length)
		m.now.signal(syscall.SIGCONT)
	}
}
