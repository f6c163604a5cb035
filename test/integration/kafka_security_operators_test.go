package integration

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/kafka"
)

func (w *tenant) desk(client *kafka.Client, events *codec.Codec) *deadletters.Desk {
	return deadletters.New(deadletters.Deps{
		Kafka: client, Codec: events, Topics: w.topics,
		Rules: func(now time.Time) command.Rules { return command.Rules{Now: now} },
	})
}

// doubtful sends a command that ends in doubt, and returns its letter once that and the
// outcome are there.
func (w *tenant) doubtful(d *deadletters.Desk) deadletters.Entry {
	w.t.Helper()
	id := w.send(w.needing(entry{name: w.topics.DeadLetter()}))
	w.settled(id)
	found, err := d.Find(w.t.Context(), deadletters.Ref{CommandID: id})
	w.must(err)
	if len(found) != 1 {
		w.t.Fatalf("got %d letters of %s", len(found), id)
	}
	return found[0]
}

func refOf(e deadletters.Entry) deadletters.Ref {
	return deadletters.Ref{CommandID: e.Letter.CommandID}
}

var operator = deadletters.Operator{Name: "ayse", Tool: "cli"}

func replayOf(e deadletters.Entry) deadletters.Order {
	return deadletters.Order{By: operator, Why: "the bank knows nothing of it", Refs: []deadletters.Ref{refOf(e)}, NotApplied: true}
}

func resolutionOf(e deadletters.Entry) deadletters.Resolution {
	return deadletters.Resolution{By: operator, Why: "the bank shows it as done", Ref: refOf(e), As: command.Succeeded}
}

// readerReads does what only looks, with what a reader is granted; what writes is
// refused at once, by the name of the grant that is missing.
func (w *tenant) readerReads(client *kafka.Client, events *codec.Codec) {
	w.t.Helper()
	d := w.desk(client, events)
	letter, ctx := w.doubtful(d), w.t.Context()
	seen := 0
	w.must(d.List(ctx, deadletters.Filter{}, func(deadletters.Entry, error) bool { seen++; return true }))
	w.must(d.Trail(ctx, func(command.AuditRecord) bool { return true }))
	view, err := d.Show(ctx, letter, deadletters.ShowOptions{})
	w.must(err)
	plan, err := d.Plan(ctx, replayOf(letter))
	w.must(err)
	_, err = d.Preview(ctx, resolutionOf(letter))
	w.must(err)
	if seen == 0 || len(view.Outcomes) != 1 || len(view.Attempts) != 1 || !plan.Steps[0].Replay {
		w.t.Errorf("saw %d letters, %+v, %+v", seen, view, plan)
	}
	_, replayed := d.Replay(ctx, plan, nil)
	_, resolved := d.Resolve(ctx, resolutionOf(letter))
	_, revealed := d.Show(ctx, letter, deadletters.ShowOptions{Reveal: true, By: operator, Why: "curious"})
	for what, err := range map[string]error{"replayed": replayed, "resolved": resolved, "revealed": revealed} {
		if _, ok := errors.AsType[*deadletters.RefusedError](err); !ok || !strings.Contains(err.Error(), "Write on topic "+w.topics.Audit()) {
			w.t.Errorf("a reader has %s: %v", what, err)
		}
	}
}

// operatorActs does all of it.
func (w *tenant) operatorActs(client *kafka.Client, events *codec.Codec) {
	w.t.Helper()
	d, ctx := w.desk(client, events), w.t.Context()
	one, other := w.doubtful(d), w.doubtful(d)
	_, err := d.Show(ctx, one, deadletters.ShowOptions{Reveal: true, By: operator, Why: "the bank asks"})
	w.must(err)
	plan, err := d.Plan(ctx, replayOf(one))
	w.must(err)
	progress, err := d.Replay(ctx, plan, nil)
	w.must(err)
	if progress.Replayed != 1 {
		w.t.Errorf("got %+v", progress)
	}
	_, err = d.Resolve(ctx, resolutionOf(other))
	w.must(err)
	w.until("outcomes of replay and resolution", func() bool {
		return w.outcomes[one.Letter.CommandID] == 2 && w.outcomes[other.Letter.CommandID] == 2
	})
}

// neededAtAReplay takes away what is written only then: the replay's outcome waits.
func (s *secured) neededAtAReplay(t *testing.T, w *tenant) {
	t.Helper()
	cfg := s.byCertificate("processor")
	running := w.processor(cfg)
	events, err := codec.New(codec.Options{})
	w.must(err)
	d := w.desk(w.client, events)
	letter := w.doubtful(d)
	all := documented(t, "The processor").of(w.topics.Prefix, w.group())
	at := slices.IndexFunc(all, func(e entry) bool { return e.name == w.topics.Audit() })
	if at < 0 {
		t.Fatal("the documentation has no entry for the audit")
	}
	mark := w.log.mark()
	s.revoke(t, all[at])
	if said := faults(t, w, cfg); !strings.Contains(said, all[at].String()) {
		t.Errorf("without %s check says: %s", all[at], said)
	}
	plan, err := d.Plan(t.Context(), replayOf(letter))
	w.must(err)
	_, err = d.Replay(t.Context(), plan, nil)
	w.must(err)
	unseen := all[at]
	unseen.operation = kmsg.ACLOperationDescribe
	w.must(w.log.await(mark, "grant "+all[at].String(), "grant "+unseen.String()))
	w.Lock()
	if n := w.outcomes[letter.Letter.CommandID]; n != 1 {
		t.Errorf("the command has %d outcomes before the audit could be written", n)
	}
	w.Unlock()
	s.grant(t, all[at])
	w.until("outcome of the replay", func() bool { return w.outcomes[letter.Letter.CommandID] == 2 })
	w.stop(running)
}
