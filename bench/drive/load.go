package drive

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/internal/command"
)

// Load is commands under way, whose numbers follow on one another.
type Load struct {
	first     int             // command's number
	due       []time.Time     // when each command was due
	latencies []time.Duration // of each, 0 without an outcome
	answered  atomic.Int64
	repeated  int
	statuses  map[string]int
	begin     time.Time // of the first outcome
	last      time.Time
	done      chan struct{}
	once      sync.Once
}

func newLoad(records []*kgo.Record) *Load {
	l := &Load{
		due: make([]time.Time, len(records)), latencies: make([]time.Duration, len(records)),
		statuses: map[string]int{}, done: make(chan struct{}),
	}
	if len(records) > 0 {
		l.first = numberOf(header(records[0], HeaderID))
	}
	return l
}

// Answered is how many commands have an outcome.
func (l *Load) Answered() int { return int(l.answered.Load()) }

// Done is closed when all have one, or when the driver has failed.
func (l *Load) Done() <-chan struct{} { return l.done }

func (l *Load) end() { l.once.Do(func() { close(l.done) }) }

func (l *Load) outcome(number int, status []byte, now time.Time) {
	i := number - l.first
	if i < 0 || i >= len(l.due) || l.latencies[i] != 0 {
		l.repeated++
		return
	}
	l.latencies[i] = max(now.Sub(l.due[i]), 1)
	l.statuses[string(status)]++
	if l.begin.IsZero() {
		l.begin = now
	}
	l.last = now
	if int(l.answered.Add(1)) == len(l.due) {
		l.end()
	}
}

func (l *Load) result() Result {
	return Result{
		Commands: len(l.due), Lost: len(l.due) - l.Answered(), Repeated: l.repeated, Statuses: maps.Clone(l.statuses),
		FirstToLast: l.last.Sub(l.begin), Latencies: slices.Clone(l.latencies),
	}
}

// Result is what became of a load.
type Result struct {
	Commands int
	// Lost have no outcome, Repeated are outcomes beyond a command's first and
	// Statuses how the outcomes are.
	Lost, Repeated int
	Statuses       map[string]int
	// FirstToLast is the time between the first outcome and the last one.
	FirstToLast time.Duration
	// Latencies are from when a command was due to when its outcome was read, in
	// the commands' order; 0 for a lost one.
	Latencies []time.Duration
}

// Wrong says what must not be in a run where nothing fails; nil for nothing.
func (r Result) Wrong() error {
	succeeded := r.Statuses[string(command.Succeeded)]
	if r.Lost == 0 && r.Repeated == 0 && succeeded == r.Commands {
		return nil
	}
	return fmt.Errorf("of %d commands %d have no outcome; statuses %v; %d outcomes came twice", r.Commands, r.Lost, r.Statuses, r.Repeated)
}
