package deadletters_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/kafka"
)

// Operators act on one command at once, their tools are killed before and after any
// write, and the processor carries out in between what they have sent. Whatever the
// order: a revision has one event, a replay is sent once, nobody acts after a success,
// the audit has said everything before, and at the end nobody is stuck.
func TestWhateverTheOrderTheStoryIsTrue(t *testing.T) {
	w := setup(t)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		s := &story{T: t, w: w, n: n, began: len(w.story())}
		s.letters = append(s.letters, w.dead(n, rapid.SampledFrom([]command.Status{command.Failed, command.InDoubt, command.Rejected}).Draw(t, "first life"), command.CodeBankNoAnswer))
		steps := rapid.IntRange(1, 14).Draw(t, "steps")
		for range steps {
			s.step()
		}
		s.killAll()
		s.holds()
		s.ends()
		s.holds()
	})
}

// story is one command's.
type story struct {
	*rapid.T
	w       *world
	n       int
	letters []deadletters.Ref
	at      []*actor // those that are about to write
	carried int      // how many of the command's replays the processor has seen
	began   int      // how long the audit was
	again   bool
}

// actor is somebody's order, at a write.
type actor struct {
	name  string
	write chan verdict // answers the write that it is at
	news  chan bool    // true: at a write, false: over
	dead  bool
}

type verdict int

const (
	goOn verdict = iota
	killedBefore
	killedAfter
)

var errKilled = errors.New("killed")

// gate holds every write up until it is told what is to come of it.
type gate struct {
	deadletters.Writer
	a *actor
}

func (g gate) Produce(ctx context.Context, r kafka.Record) (int64, error) {
	if g.a.dead {
		return -1, errKilled
	}
	g.a.news <- true
	v := <-g.a.write
	g.a.dead = v != goOn
	if v == killedBefore {
		return -1, errKilled
	}
	at, err := g.Writer.Produce(ctx, r)
	if v == killedAfter {
		return -1, errKilled
	}
	return at, err
}

func (s *story) step() {
	choices := []string{"order", "order", "carry out", "wait"}
	if len(s.at) > 0 {
		choices = append(choices, "write", "write", "write", "kill")
	}
	switch rapid.SampledFrom(choices).Draw(s.T, "step") {
	case "order":
		s.order()
	case "carry out":
		s.carryOut()
	case "wait":
		s.killAll() // nobody is at one write for so long
		s.w.now = s.w.now.Add(2 * time.Minute)
	case "write":
		s.lets(s.drawActor(), goOn)
	case "kill":
		s.kill(s.drawActor())
	}
}

func (s *story) drawActor() *actor {
	return s.at[rapid.IntRange(0, len(s.at)-1).Draw(s.T, "who")]
}

func (s *story) kill(a *actor) {
	v := killedBefore
	if rapid.Bool().Draw(s.T, "stored") {
		v = killedAfter
	}
	s.lets(a, v)
}

func (s *story) killAll() {
	for len(s.at) > 0 {
		s.kill(s.at[0])
	}
}

// lets answers the write that an actor is at, and waits for its next or its end.
func (s *story) lets(a *actor, v verdict) {
	a.write <- v
	if !<-a.news {
		s.at = slices.DeleteFunc(s.at, func(b *actor) bool { return a == b })
	}
}

// order has somebody begin, up to the first write. A name is at one order at a time.
func (s *story) order() {
	name := rapid.SampledFrom([]string{"ayse", "mert", "zeynep"}).Draw(s.T, "name")
	if slices.ContainsFunc(s.at, func(a *actor) bool { return a.name == name }) {
		return
	}
	s.begins(name, rapid.SampledFrom(orders).Draw(s.T, "order"), rapid.SampledFrom(s.letters).Draw(s.T, "letter"))
}

var orders = []string{"replay", "replay", "edited", "new id", "again", "SUCCEEDED", "REJECTED", "FAILED"}

func (s *story) begins(name, what string, ref deadletters.Ref) {
	a := &actor{name: name, write: make(chan verdict), news: make(chan bool)}
	d := s.w.desk()
	d.Through(func(w deadletters.Writer) deadletters.Writer { return gate{w, a} })
	go func() {
		err := s.does(d, name, what, ref)
		if _, refused := errors.AsType[*deadletters.RefusedError](err); err != nil && !refused && !a.dead {
			s.Errorf("%s: %v", what, err)
		}
		a.news <- false
	}()
	if <-a.news {
		s.at = append(s.at, a)
	}
}

func (s *story) does(d *deadletters.Desk, name, what string, ref deadletters.Ref) error {
	by := deadletters.Operator{Name: name, Tool: "cli"}
	if as := command.Status(what); as == command.Succeeded || as == command.Rejected || as == command.Failed {
		_, err := d.Resolve(s.w.t.Context(), deadletters.Resolution{By: by, Ref: ref, As: as, Why: "asked"})
		return err
	}
	o := s.w.order(by, ref)
	o.NotApplied, o.MaxReplays, o.Again, o.NewID = true, 100, what == "again", what == "new id"
	if what == "edited" {
		o.Payload = invoice(s.n)
	}
	p, err := d.Plan(s.w.t.Context(), o)
	if err != nil {
		return err
	}
	for _, step := range p.Steps {
		s.again = s.again || what == "again" && step.Resumed
	}
	_, err = d.Replay(s.w.t.Context(), p, nil)
	return err
}

// replays are the records that operators have sent of this command.
func (s *story) replays() (all []*command.Message) {
	for _, m := range s.w.sent() {
		for _, l := range s.letters {
			if string(m.Header(command.HeaderReplayOf)) == l.String() {
				all = append(all, m)
			}
		}
	}
	return all
}

// carryOut is the processor's part: of each revision the first record is carried out.
func (s *story) carryOut() {
	replays := s.replays()
	if s.carried == len(replays) {
		return
	}
	m := replays[s.carried]
	s.carried++
	revision, _ := m.Revision()
	for _, earlier := range replays[:s.carried-1] {
		if before, _ := earlier.Revision(); before == revision {
			return
		}
	}
	if revision == command.FirstRevision {
		return // a command of its own
	}
	status := rapid.SampledFrom([]command.Status{command.Succeeded, command.Failed, command.InDoubt, command.Rejected}).Draw(s.T, "outcome")
	if status != command.Succeeded {
		s.letters = append(s.letters, s.w.lettered(m, id(s.n), status, command.CodeBankNoAnswer))
	}
	s.w.concluded(m, s.n, status, command.CodeBankNoAnswer)
}

// ends has one operator finish what is left, which must come to an end.
func (s *story) ends() {
	var left []deadletters.Entry
	for range 5 {
		if left = s.left(); len(left) == 0 {
			return
		}
		s.w.now = s.w.now.Add(2 * time.Minute)
		for _, e := range left {
			ref := deadletters.Ref{Place: kafka.TopicPartition{Topic: e.Letter.Record.Topic}, Offset: e.Letter.Record.Offset}
			for _, what := range []string{"replay", "edited", "new id", "FAILED"} {
				s.begins("gul", what, ref)
				for len(s.at) > 0 {
					s.lets(s.at[0], goOn)
				}
			}
		}
		for before := -1; before != s.carried; {
			before = s.carried
			s.carryOut()
		}
	}
	s.Fatalf("somebody is stuck: %+v", left)
}

// left are the letters at which something is under way.
func (s *story) left() (all []deadletters.Entry) {
	found, err := s.w.desk().Find(s.w.t.Context(), deadletters.Ref{CommandID: id(s.n)})
	if err != nil || len(found) != len(s.letters) {
		s.Fatalf("found %d of %d: %v", len(found), len(s.letters), err)
	}
	for _, e := range found {
		if e.State == deadletters.StateInterrupted || e.State == deadletters.StateReplaying {
			all = append(all, e)
		}
	}
	return all
}

// holds looks at everything that was written.
func (s *story) holds() {
	story := s.w.story()[s.began:]
	intended := map[string]command.AuditRecord{}
	for _, a := range story {
		if a.Phase == command.AuditIntended {
			intended[a.ID] = a
		}
	}
	succeeded := s.events(intended)
	ids, lives := map[string]int{}, 0
	for _, m := range s.replays() {
		replay := string(m.Header(command.HeaderReplayID))
		ids[replay]++
		if ids[replay] > 1 && !s.again {
			s.Errorf("replay %s was sent %d times", replay, ids[replay])
		}
		a, said := intended[replay]
		revision, _ := m.Revision()
		switch {
		case !said:
			s.Errorf("replay %s is not in the audit", replay)
		case a.Revision == 0 && ids[replay] == 1:
			if lives++; lives > 1 && !s.again {
				s.Errorf("%d lives of its own", lives)
			}
		case a.Revision != revision && a.Revision != 0:
			s.Errorf("replay %s is of revision %d and was intended as %d", replay, revision, a.Revision)
		case succeeded > 0 && revision > succeeded:
			s.Errorf("revision %d was sent after a success as revision %d", revision, succeeded)
		}
	}
}

// events looks at the outcomes and returns the revision that succeeded, 0 for none.
func (s *story) events(intended map[string]command.AuditRecord) (succeeded int32) {
	values := map[int32][]byte{}
	for _, r := range s.w.records(kafka.TopicPartition{Topic: s.w.topics.Result(name)}) {
		o, err := s.w.codec.DecodeOutcome(s.w.t.Context(), name, r.Value)
		if err != nil {
			s.Fatal(err)
		}
		if o.CommandID != id(s.n) {
			continue
		}
		if before, ok := values[o.Revision]; ok && !bytes.Equal(before, r.Value) {
			s.Errorf("revision %d has two contents", o.Revision)
		}
		values[o.Revision] = r.Value
		if succeeded > 0 && o.Revision > succeeded {
			s.Errorf("revision %d is %s after a success as %d", o.Revision, o.Status, succeeded)
		}
		if o.Status == command.Succeeded {
			succeeded = o.Revision
		}
		said := func(a command.AuditRecord) bool {
			return a.Action == command.AuditResolve && a.Revision == o.Revision && a.Status == o.Status && a.Code == o.Code
		}
		if strings.HasPrefix(string(o.Code), "operator.") && !slices.ContainsFunc(slices.Collect(maps.Values(intended)), said) {
			s.Errorf("nobody has intended revision %d as %s", o.Revision, o.Status)
		}
	}
	return succeeded
}

// story is the audit.
func (w *world) story() (all []command.AuditRecord) {
	w.t.Helper()
	if err := w.Trail(w.t.Context(), func(a command.AuditRecord) bool { all = append(all, a); return true }); err != nil {
		w.t.Fatal(err)
	}
	return all
}
