package console

import (
	"encoding/json"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/console"
	"bankprocessor/internal/telemetry"
)

const (
	// perSecond is how many commands a busy day has.
	perSecond = 5000
	// calmTime is for how long a page is watched.
	calmTime = 10 * time.Second
	// tries is how often it may be watched: others use the machine, too, and take its
	// time from the page. What the page itself does shows in each of them.
	tries = 3
)

// calmness is what calm.cjs measures.
type calmness struct {
	PerSecond, P99          float64 // frames; the 99th percentile of their distance, in milliseconds
	LongTasks               []int   // in milliseconds
	ScriptMillis            float64 // in a second, as are the next
	LayoutMillis, Mutations float64
	TaskMillis, Bytes       float64
	HeapGrowth, Heap        float64 // bytes
}

// The page stays calm on a day of 5,000 commands in a second. Its source is synthetic: a
// processor of that speed and a browser do not fit on one small machine. The numbers
// change as they would, in every cell.
func TestTheLivePageIsCalm(t *testing.T) {
	b := tools(t)
	source := newDay(perSecond)
	pages, err := console.New(console.Config{}, console.Deps{Version: "test", Instance: "busy", Read: source.read})
	if err != nil {
		t.Fatal(err)
	}
	pages.Start(t.Context())
	server := httptest.NewServer(pages.Handler())
	defer func() {
		if err := pages.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		server.Close()
	}()
	b.watch(t, server.URL, "calm", calmTime)
}

// And while a real processor is at work behind it, as fast as this machine lets both.
func TestTheLivePageIsCalmWhileCommandsFlow(t *testing.T) {
	n := begin(t)
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		sent := 0
		for ; ; sent++ {
			select {
			case <-stop:
				stopped <- sent
				return
			default:
				n.SendInvoice("calm-" + itoa(int64(sent)))
			}
		}
	}()
	began := time.Now()
	n.watch(t, n.url, "calm-at-work", calmTime/2)
	close(stop)
	t.Logf("%.0f commands in a second", float64(<-stopped)/time.Since(began).Seconds())
}

// watch has a page watched until it was calm, and fails the test if it never is.
func (b browser) watch(t *testing.T, url, picture string, length time.Duration) {
	t.Helper()
	for try := 1; ; try++ {
		var c calmness
		facts := b.run(t, "calm.cjs", map[string]any{"url": url, "picture": picture, "seconds": length.Seconds()})
		if err := json.Unmarshal(facts, &c); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s", facts)
		faults := c.faults()
		if len(faults) == 0 || t.Failed() {
			return
		}
		if try == tries {
			t.Fatal(strings.Join(faults, "\n"))
		}
	}
}

func (c calmness) faults() (all []string) {
	for text, calm := range map[string]bool{
		"fewer than 55 frames in a second":                       c.PerSecond >= 55,
		"a task takes more than 50 ms":                           len(c.LongTasks) == 0,
		"script takes more than 30 ms of a second":               c.ScriptMillis <= 30,
		"layout takes more than 60 ms of a second":               c.LayoutMillis <= 60,
		"more than 20 kB come in a second":                       c.Bytes <= 20_000,
		"memory grows by more than 300 kB":                       c.HeapGrowth <= 300_000,
		"more than 1,500 changes of the page happen in a second": c.Mutations <= 1500,
	} {
		if !calm {
			all = append(all, text)
		}
	}
	slices.Sort(all)
	return all
}

// day is a processor that does so many commands in a second.
type day struct {
	rate    int
	began   time.Time
	metrics *telemetry.Metrics

	mu    sync.Mutex
	done  int
	dice  *rand.Rand
	codes []command.CodeInfo
}

func newDay(rate int) *day {
	return &day{rate: rate, began: time.Now(), metrics: telemetry.NewMetrics("test"), dice: rand.New(rand.NewPCG(1, 2)), codes: command.Codes()}
}

const partitions = 12

// read brings the day up to now.
func (d *day) read() console.Reading {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := command.Names()
	for due := int(time.Since(d.began).Seconds() * float64(d.rate)); d.done < due; d.done++ {
		name := string(names[d.done%len(names)])
		code := d.codes[min(len(d.codes)-1, int(d.dice.ExpFloat64()*4))]
		d.metrics.Completed.WithLabelValues(name, string(code.Statuses[0]), string(code.Code)).Inc()
		d.metrics.CallDuration.WithLabelValues(name).Observe(.02 + d.dice.ExpFloat64()*.03)
	}
	r := console.Reading{Phase: "running", Generation: 3, LastCommit: time.Now(), LeaseHeld: true, LeaseLeft: 20 * time.Second}
	out := map[string]uint64{}
	for _, s := range telemetry.Samples(d.metrics.Completed) {
		r.Outcomes = append(r.Outcomes, console.OutcomeCount{Command: s.Label("command"), Status: s.Label("status"), Code: s.Label("code"), N: uint64(s.Value)})
		out[s.Label("command")] += uint64(s.Value)
	}
	calls := map[string]telemetry.Distribution{}
	for _, s := range telemetry.Samples(d.metrics.CallDuration) {
		calls[s.Label("command")] = s.Distribution
	}
	for _, name := range names {
		r.Commands = append(r.Commands, d.command(string(name), out[string(name)], calls[string(name)]))
	}
	for _, g := range []string{"interapi.customer", "interapi.dbs.write", "interapi.dbs.read", "loanapi.loan", "loanapi.token"} {
		r.Groups = append(r.Groups, console.GroupReading{
			Name: g, Breaker: "open", NextProbe: time.Now().Add(time.Duration(d.dice.IntN(9000)) * time.Millisecond),
			Running: d.dice.IntN(128), Limit: 128, Waiting: d.dice.IntN(200),
		})
	}
	return r
}

func (d *day) command(name string, done uint64, calls telemetry.Distribution) console.CommandReading {
	c := console.CommandReading{
		Name: name, In: done + uint64(d.dice.IntN(50)), Out: done, InFlight: d.dice.IntN(300), InDoubt: d.dice.IntN(9), Calls: calls, Of: partitions,
	}
	for p := range int32(partitions) {
		c.Partition = append(c.Partition, console.PartitionReading{
			Partition: p, Lag: int64(d.dice.IntN(5000)), Buffered: d.dice.IntN(100), Oldest: time.Now().Add(-time.Duration(d.dice.IntN(5000)) * time.Millisecond),
		})
	}
	return c
}
