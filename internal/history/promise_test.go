package history

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// The promise of Lookback, and what a takeover makes of it: whatever owners do,
// interleaved with their produces, and wherever they die, for each command that is
// not done in a commit all its attempts and outcomes stand at or above the commit's
// offsets, and a Load from there classes it as the logs do.
func TestThePromise(t *testing.T) {
	t.Parallel()
	c := newCodec(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt, c)
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			w.step(0)
		}
		w.judge(w.committed)
		w.commit()
		w.judge(w.committed)
	})
}

// world is one command partition, its owner and what the logs hold.
type world struct {
	t         *rapid.T
	codec     *codec.Codec
	cfg       Config
	log       *fakeLog
	messages  []*command.Message // by offset; several may have one id
	owner     *owner
	lives     int
	committed commitment
}

// owner is one life of a process.
type owner struct {
	*History
	dead    bool
	life    int
	done    map[int64]bool
	busy    map[string]bool // ids under way
	numbers map[int64]int   // of the next attempt
}

// commitment is what a commit says.
type commitment struct {
	base, attempts, results int64
	done                    map[int64]bool
}

func newWorld(rt *rapid.T, c *codec.Codec) *world {
	w := &world{t: rt, codec: c, log: newFakeLog(), cfg: Config{Window: rapid.IntRange(1, 4).Draw(rt, "window")}}
	for offset := range rapid.IntRange(1, 12).Draw(rt, "records") {
		w.messages = append(w.messages, invoice(int64(offset), rapid.IntRange(0, 8).Draw(rt, "id")))
	}
	w.committed = commitment{attempts: -1, results: -1, done: map[int64]bool{}}
	w.takeOver()
	return w
}

// history is one that knows what the commit and the logs say.
func (w *world) history(from commitment) *History {
	h := New(w.cfg, Deps{Log: w.log, Decoder: w.codec, Names: names})
	if err := h.Load(w.t.Context(), invoices, from.base, from.attempts, from.results); err != nil {
		w.t.Fatal(err)
	}
	for offset := range from.done {
		h.Settled(invoices, offset)
	}
	return h
}

// takeOver begins a new life where the last commit has left off.
func (w *world) takeOver() {
	w.lives++
	o := &owner{
		History: w.history(w.committed), done: maps.Clone(w.committed.done),
		busy: map[string]bool{}, numbers: map[int64]int{}, life: w.lives,
	}
	for offset := range w.committed.base {
		o.done[offset] = true
	}
	w.owner = o
}

// step is one thing that happens; deeper ones happen while a produce is under way.
func (w *world) step(depth int) {
	switch rapid.SampledFrom([]string{"run", "run", "run", "run", "commit", "crash", "foreign", "loan"}).Draw(w.t, "step") {
	case "run":
		w.run(depth)
	case "commit":
		w.commit()
	case "crash":
		w.crash()
	case "foreign":
		tp := rapid.SampledFrom([]kafka.TopicPartition{attempts, outcomes}).Draw(w.t, "topic")
		w.log.put(tp, int64(rapid.IntRange(0, 2).Draw(w.t, "hole")), nil)
	case "loan":
		m := &command.Message{Topic: loans.Topic, Name: command.LoanIncomeSubmit, Partition: loans.Partition, Value: []byte(commandID(0))}
		w.produce(w.owner, depth, func(r *Recorder) error { return r.Attempt(w.t.Context(), m, attempt(m, 1)) })
	}
}

// crash ends the owner's life wherever it is; its successor knows the last commit.
func (w *world) crash() {
	w.owner.dead = true
	w.judge(w.committed)
	w.takeOver()
}

// commit says what is done, as the scheduler does: the window is read before the
// look-back.
func (w *world) commit() {
	o := w.owner
	c := commitment{done: map[int64]bool{}}
	for c.base < int64(len(w.messages)) && o.done[c.base] {
		c.base++
	}
	for offset := range o.done {
		if offset > c.base {
			c.done[offset] = true
		}
	}
	c.attempts, c.results = o.Lookback(invoices, c.base)
	w.committed = c
	w.judge(c)
}

// run has a handler take a record some way.
func (w *world) run(depth int) {
	o := w.owner
	m := rapid.SampledFrom(w.messages).Draw(w.t, "record")
	id := string(m.Value)
	if o.done[m.Offset] || o.busy[id] || depth > 3 {
		return
	}
	o.busy[id] = true
	past, err := o.Open(w.t.Context(), m, id)
	if err != nil {
		w.t.Fatal(err)
	}
	done := past.Concluded || w.handle(o, m, depth)
	if past.Concluded && len(w.outcomesOf(id)) == 0 {
		w.t.Errorf("the record at %d is concluded, and nobody has concluded it", m.Offset)
	}
	o.Close(m, id)
	delete(o.busy, id)
	if done && !o.dead {
		o.done[m.Offset] = true
		if rapid.Bool().Draw(w.t, "in between") {
			w.step(depth + 1)
		}
		o.Settled(invoices, m.Offset)
	}
}

// handle makes a few calls, and says whether the outcome is known to be stored.
func (w *world) handle(o *owner, m *command.Message, depth int) (done bool) {
	for range rapid.IntRange(0, 3).Draw(w.t, "calls") {
		number := o.numbers[m.Offset]
		a := attempt(m, number)
		a.ChannelRequestID = fmt.Sprintf("%d-%d-%d", o.life, m.Offset, number)
		o.numbers[m.Offset]++
		send := func(r *Recorder) error { return r.Attempt(w.t.Context(), m, a) }
		if w.produce(o, depth, send) != nil || o.dead {
			return false // no call without an attempt
		}
		if rapid.Bool().Draw(w.t, "nothing has changed") {
			a.Withdrawn = true
			if w.produce(o, depth, send) != nil || o.dead {
				return false
			}
		}
	}
	if rapid.IntRange(0, 3).Draw(w.t, "released") == 0 {
		return false
	}
	err := w.produce(o, depth, func(r *Recorder) error {
		return r.Outcome(w.t.Context(), m, &command.Outcome{CommandID: string(m.Value), Command: m.Name, Revision: 1})
	})
	return err == nil && !o.dead
}

// produce stores something or not, with an acknowledgement or not, while other
// things happen. What a dead owner has not sent does not arrive.
func (w *world) produce(o *owner, depth int, send func(*Recorder) error) error {
	fate := rapid.SampledFrom([]string{"stored", "stored", "stored", "answer lost", "lost"}).Draw(w.t, "fate")
	meanwhile := func() {
		for range rapid.IntRange(0, 2).Draw(w.t, "meanwhile") {
			if depth < 3 {
				w.step(depth + 1)
			}
		}
	}
	d := &desk{log: w.log, codec: w.codec, before: meanwhile, after: meanwhile}
	d.alive = func() bool { return !o.dead }
	d.fate = func() (bool, error) {
		if fate == "stored" {
			return true, nil
		}
		return fate == "answer lost", errFake
	}
	return send(o.Recorder(d))
}

// told is an outcome, or an attempt, as the log has it.
type told struct {
	at, offset int64
	when       time.Time
}

func (w *world) outcomesOf(id string) (all []told) {
	for _, r := range w.log.part(outcomes).records {
		if string(header(&r, command.HeaderSubject)) == id {
			offset, err := strconv.ParseInt(string(header(&r, command.HeaderCommandOffset)), 10, 64)
			if err != nil {
				w.t.Fatal(err)
			}
			all = append(all, told{r.Offset, offset, r.Time})
		}
	}
	return all
}

// attemptsOf returns what the log has of the id: all, and those not taken back.
func (w *world) attemptsOf(id string) (all []told, open []command.Attempt) {
	for _, r := range w.log.part(attempts).records {
		if r.Value == nil {
			continue
		}
		a, err := w.codec.DecodeAttempt(r.Value)
		if err != nil {
			w.t.Fatal(err)
		}
		if a.CommandID != id || a.Command != command.DBSInvoiceUpsert {
			continue
		}
		all = append(all, told{r.Offset, a.Offset, r.Time})
		if a.Withdrawn {
			open = slices.DeleteFunc(open, func(b command.Attempt) bool { return b.ChannelRequestID == a.ChannelRequestID })
			continue
		}
		open = append(open, *a)
	}
	return all, open
}

// judge holds a commit against the logs.
func (w *world) judge(c commitment) {
	successor := rig{History: w.history(c)}
	end := w.log.part(outcomes).next
	for _, m := range w.messages[c.base:] {
		if c.done[m.Offset] {
			continue
		}
		id := string(m.Value)
		concluded := w.outcomesOf(id)
		attempted, open := w.attemptsOf(id)
		first := time.UnixMilli(math.MaxInt32)
		for _, a := range attempted {
			if a.offset != m.Offset {
				continue
			}
			if a.at < c.attempts {
				w.t.Errorf("the record at %d has an attempt at %d, below the look-back %d", m.Offset, a.at, c.attempts)
			}
			if a.when.Before(first) {
				first = a.when
			}
		}
		own, must := false, false
		for _, o := range concluded {
			if o.offset == m.Offset {
				own = true
				if o.at < c.results {
					w.t.Errorf("the record at %d has an outcome at %d, below the look-back %d", m.Offset, o.at, c.results)
				}
			}
			undone := o.offset >= c.base && !c.done[o.offset]
			must = must || undone || o.at >= end-int64(w.cfg.Window) || first.Before(o.when)
		}
		past, err := successor.Open(w.t.Context(), m, id)
		if err != nil {
			w.t.Fatal(err)
		}
		successor.Close(m, id)
		switch {
		case own && len(concluded) == 1:
			if is(past) != "concluded" {
				w.t.Errorf("the record at %d is %s, and has an outcome", m.Offset, is(past))
			}
		case own || must:
			if !past.Concluded {
				w.t.Errorf("the record at %d is %s, and its id has an outcome", m.Offset, is(past))
			}
		case len(concluded) > 0: // so long ago that its id may be forgotten
		default:
			if diff := cmp.Diff(open, past.Attempts, cmpopts.EquateEmpty()); diff != "" || past.Concluded {
				w.t.Errorf("the record at %d is %s: %s", m.Offset, is(past), diff)
			}
		}
	}
}
