package simulation

import (
	"fmt"
	"strings"
	"time"

	"bankprocessor/internal/kafka"
)

// event is one step as it is told when a schedule has failed.
type event struct {
	at   time.Duration
	who  string
	what string
	tp   kafka.TopicPartition
	key  string
	note string
}

// trace is a schedule's story.
type trace []event

func (w *world) tell(who, what string, tp kafka.TopicPartition, key, note string) {
	w.trace = append(w.trace, event{w.now(), who, what, tp, key, note})
}

func (w *world) tellOp(o *op, note string) { w.tell(o.life.name, kindNames[o.kind], o.tp, o.key, note) }

// String writes a line per step.
func (t trace) String() string {
	var b strings.Builder
	for i, e := range t {
		fmt.Fprintf(&b, "%4d %9.3fs %-6s %-14s", i, e.at.Seconds(), e.who, e.what)
		if e.tp.Topic != "" {
			fmt.Fprintf(&b, " %s/%d", e.tp.Topic, e.tp.Partition)
		}
		fmt.Fprintf(&b, " %s %s\n", e.key, e.note)
	}
	return b.String()
}

// violation is an invariant that does not hold.
type violation struct {
	invariant invariant
	text      string
}

func (v *violation) Error() string { return string(v.invariant) + ": " + v.text }

// violate keeps the first violation; the schedule ends with it.
func (w *world) violate(i invariant, format string, args ...any) {
	if w.broken == nil && !w.over {
		w.broken = &violation{i, fmt.Sprintf(format, args...)}
		w.tell("", "VIOLATION", kafka.TopicPartition{}, string(i), w.broken.text)
	}
}
