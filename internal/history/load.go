package history

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/planted"
)

// progress is how far a Load has come. The next one with the same orders goes on
// where it failed.
type progress struct {
	orders
	results, attempts tail
	records           int
	foreign           int // records that could not be read
}

// errReleased ends a Load of what is not to be known any more.
var errReleased = errors.New("the partition was released meanwhile")

// orders are what a Load is asked for.
type orders struct{ base, attempts, results int64 }

// Load reads what the owners of a command partition before have left in its
// attempts and results, from those offsets on (-1: not known, all there is), and at
// least as many outcomes as Config.Window says. base is the partition's committed
// offset. It returns once everything is known that stood there when it was called;
// until then the partition must not be worked on. An error passes: the caller tries
// again.
//
// Nothing is kept of what was known of the partition before: Kafka says all of it.
func (h *History) Load(ctx context.Context, tp kafka.TopicPartition, base, attempts, results int64) error {
	if planted.Off(planted.Index) {
		return nil // what the owners before have left is not looked at
	}
	name, ok := h.deps.Names.CommandOf(tp.Topic)
	if !ok {
		return fmt.Errorf("reading the past of %s: the topic carries no command", tp)
	}
	begun := time.Now()
	p := h.partition(tp)
	p.loading.Lock()
	defer p.loading.Unlock()
	l := &loader{h: h, p: p, name: name}
	l.begin(orders{base, attempts, results})
	if err := l.run(ctx); err != nil {
		return fmt.Errorf("reading the past of %s: %w", tp, err)
	}
	h.deps.Observer.Loaded(tp, l.records, time.Since(begun))
	return nil
}

// loader is one Load.
type loader struct {
	h    *History
	p    *partition
	name command.Name
	*progress
}

// begin takes up what an earlier Load with the same orders has left, or starts anew.
func (l *loader) begin(o orders) {
	p := l.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.progress == nil || p.progress.orders != o {
		p.forget(l.h.cfg.Window)
		p.attempted = !l.name.ReadOnly()
		p.progress = &progress{
			orders: o, results: newTail(l.h.deps.Names.Result(l.name), p.tp.Partition),
			attempts: newTail(l.h.deps.Names.Attempts(), p.tp.Partition),
		}
		if o.results != unknown {
			// Attempts are judged by outcomes that may be older than the window.
			p.window = math.MaxInt
		}
	}
	l.progress = p.progress
}

func (l *loader) run(ctx context.Context) error {
	p := l.p
	tails, attempted := []*tail{&l.results}, !l.name.ReadOnly()
	if attempted {
		tails = append(tails, &l.attempts)
	}
	began := p.nextAttempt.next.Load()
	if err := l.place(ctx, tails); err != nil {
		return err
	}
	// Outcomes come first: of commands that have theirs no attempts are kept.
	if err := l.read(ctx, &l.results, l.result); err != nil {
		return err
	}
	if attempted {
		if err := l.read(ctx, &l.attempts, l.attempt); err != nil {
			return err
		}
		p.nextAttempt.read(began, l.attempts.at)
	}
	l.tellForeign()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.progress != l.progress {
		return errReleased
	}
	p.nextResult.raise(l.results.at)
	p.narrow(l.h.cfg.Window)
	p.progress, p.loaded = nil, true
	return nil
}

// result takes one outcome in. Its headers say enough. One that does not say where its
// command stands is of a release before, or of a person, and concludes it as well.
func (l *loader) result(r *kafka.Record) {
	revision, isRevision := command.ParseRevision(header(r, command.HeaderRevision), command.FirstRevision)
	k, isID := parseID(header(r, command.HeaderSubject), revision)
	offset, err := int64(unknown), error(nil)
	if said := header(r, command.HeaderCommandOffset); said != nil {
		offset, err = strconv.ParseInt(string(said), 10, 64)
	}
	if !isID || !isRevision || err != nil || offset < unknown {
		l.noteForeign(r, "headers do not say whose outcome it is")
		return
	}
	e := l.p.entry(k)
	if offset >= l.base {
		l.p.needs(e, offset, unknown, r.Offset)
	}
	l.p.conclude(e, offset, 0)
}

// attempt takes one attempt in. The topic is shared with other commands, and what
// was attempted below the committed offset is done.
func (l *loader) attempt(r *kafka.Record) {
	a, err := l.h.deps.Decoder.DecodeAttempt(r.Value)
	if err != nil {
		l.noteForeign(r, err.Error())
		return
	}
	revision, isRevision := command.ParseRevision(header(r, command.HeaderReplayRevision), command.FirstRevision+1)
	k, isID := parseID(a.CommandID, revision)
	switch {
	case !isID || !isRevision || a.Partition != r.Partition:
		l.noteForeign(r, "it is of no command with this partition's index")
	case a.Command == l.name && a.Offset >= l.base:
		e := l.p.entry(k)
		l.p.needs(e, a.Offset, r.Offset, l.outcomeOf(e, a.Offset))
		e.attempt(a)
		l.p.tidy(e)
	}
}

// outcomeOf returns from where on the outcome of e stands that another record than
// the one at offset has come to, unknown when there is none.
func (l *loader) outcomeOf(e *entry, offset int64) int64 {
	if !e.concluded || e.offset == offset {
		return unknown
	}
	if other, ok := l.p.unsettled[e.offset]; ok {
		return other.results
	}
	return l.results.from
}

func header(r *kafka.Record, name string) []byte {
	for _, h := range slices.Backward(r.Headers) {
		if h.Key == name {
			return h.Value
		}
	}
	return nil
}

// foreignTold bounds the lines about records that cannot be read.
const foreignTold = 3

// noteForeign says that somebody else has written r: it holds nobody up.
func (l *loader) noteForeign(r *kafka.Record, why string) {
	if l.foreign++; l.foreign <= foreignTold {
		l.h.deps.Logger.Error("a record in a topic of ours is not ours: reading on without it",
			"topic", r.Topic, "partition", r.Partition, "offset", r.Offset, "reason", why)
	}
}

func (l *loader) tellForeign() {
	if more := l.foreign - foreignTold; more > 0 {
		l.h.deps.Logger.Error("more records in topics of ours are not ours", "topic", l.p.tp.Topic,
			"partition", l.p.tp.Partition, "more", more)
	}
}
