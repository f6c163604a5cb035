package integration

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
)

// denials are the words by which a missing permission shows.
var denials = []string{"not permitted", "Authorization"}

func deniedIn(log string) bool {
	return slices.ContainsFunc(denials, func(word string) bool { return strings.Contains(log, word) })
}

// permissionsSuffice does all that a processor does with what the documentation
// grants it.
func (s *secured) permissionsSuffice(t *testing.T) {
	t.Parallel()
	w := s.newTenant(t, "processor")
	if said := faults(t, w, s.byCertificate("processor")); said != "" {
		t.Errorf("check says: %s", said)
	}
	first := w.processor(s.byCertificate("processor"))
	ids := w.sendAll()
	w.settled(ids...)
	w.until("dead letters", func() bool { return w.letters > 0 })

	stop := w.stream(5 * time.Millisecond)
	mark := w.log.mark()
	second := w.processor(s.byCertificate("processor")) // a rebalance
	w.must(w.log.await(mark, "generation begins"))
	w.stop(first) // a drain, a leave and a takeover
	mark = w.log.mark()
	third := w.processor(s.byCertificate("processor"))
	w.must(w.log.await(mark, "generation begins"))
	w.stop(second)
	ids = append(ids, stop()...)
	w.settled(ids...)
	w.stop(third)
	if deniedIn(w.log.String()) {
		t.Errorf("something was denied:\n%s", w.log)
	}
}

// permissionsAreNeeded takes the processor's entries away, one at a time, from a
// processor that runs.
func (s *secured) permissionsAreNeeded(t *testing.T) {
	t.Parallel()
	w := s.newTenant(t, "processor")
	cfg := s.byCertificate("processor")
	running := w.processor(cfg)
	w.settled(w.sendAll()...)
	all := documented(t, "The processor").of(w.topics.Prefix, w.group())
	for _, e := range all {
		if w.takenOverWith(e) || e.name == w.topics.Audit() {
			continue // see below
		}
		mark := w.log.mark()
		s.revoke(t, e)
		said := faults(t, w, cfg)
		for _, other := range all {
			if strings.Contains(said, other.String()) != (other == e) {
				t.Errorf("without %s check says: %s", e, said)
			}
		}
		// Without any permission on a topic it cannot even be seen.
		unseen := e
		unseen.operation = kmsg.ACLOperationDescribe
		var id string
		if e.operation == kmsg.ACLOperationWrite {
			id = w.send(w.needing(e))
			w.must(w.log.await(mark, "grant "+e.String(), "grant "+unseen.String()))
		} else { // a fetch that is under way still brings what comes meanwhile
			w.must(w.log.await(mark, "grant "+e.String(), "grant "+unseen.String()))
			id = w.send(w.needing(e))
		}
		if e.resource == kmsg.ACLResourceTypeTopic {
			w.waits(id)
		}
		s.grant(t, e)
		w.settled(id)
	}
	w.stop(running)
	s.neededAtTheTakeover(t, w)
	s.neededAtAReplay(t, w)
}

// takenOverWith says whether an entry is for what owners before have left, which is
// read when partitions are taken over.
func (w *tenant) takenOverWith(e entry) bool {
	return e.operation == kmsg.ACLOperationRead && (e.name == w.topics.Attempts() ||
		slices.ContainsFunc(command.Names(), func(n command.Name) bool { return e.name == w.topics.Result(n) }))
}

// neededAtTheTakeover takes away what is read only then, all of it, for each entry
// holds up partitions of its own. What they hold waits, and the log says for what.
func (s *secured) neededAtTheTakeover(t *testing.T, w *tenant) {
	t.Helper()
	cfg := s.byCertificate("processor")
	var needed entries
	for _, e := range documented(t, "The processor").of(w.topics.Prefix, w.group()) {
		if w.takenOverWith(e) {
			needed = append(needed, e)
		}
	}
	if len(needed) != len(command.Names())+1 {
		t.Fatalf("the documentation has %d entries for takeovers", len(needed))
	}
	for _, e := range needed {
		s.revoke(t, e)
		if said := faults(t, w, cfg); !strings.Contains(said, e.String()) {
			t.Errorf("without %s check says: %s", e, said)
		}
		s.grant(t, e)
	}
	attempts := slices.IndexFunc(needed, func(e entry) bool { return e.name == w.topics.Attempts() })
	results := slices.Delete(slices.Clone(needed), attempts, attempts+1)
	for _, missing := range []entries{results, needed[attempts : attempts+1]} {
		for _, e := range missing {
			s.revoke(t, e)
		}
		mark := w.log.mark()
		running := w.processor(cfg)
		ids := w.sendAll()
		for _, e := range missing {
			w.must(w.log.await(mark, "grant "+e.String()))
		}
		for _, id := range ids {
			w.waits(id)
		}
		s.grant(t, missing...)
		w.settled(ids...)
		w.stop(running)
	}
}

// needing is a command that needs an entry for its outcome.
func (w *tenant) needing(e entry) (command.Name, func(map[string]any)) {
	for _, name := range command.Names() {
		if e.name == w.topics.Command(name) || e.name == w.topics.Result(name) {
			return name, nil
		}
	}
	if e.name == w.topics.DeadLetter() || e.name == w.topics.Attempts() || e.name == w.topics.Audit() {
		// Nobody has created this customer, so that the outcome is in doubt.
		return command.CustomerComplete, nil
	}
	return command.DBSLimitQuery, nil
}

// waits sees to it that a command has no outcome while something is missing that
// has been logged.
func (w *tenant) waits(id string) {
	w.t.Helper()
	w.Lock()
	defer w.Unlock()
	if n := w.outcomes[id]; n > 0 {
		w.t.Errorf("the command has %d outcomes", n)
	}
}

// othersSuffice does what the other people of the documentation do.
func (s *secured) othersSuffice(t *testing.T) {
	t.Parallel()
	w := s.newTenant(t, "processor")
	w.processor(s.byCertificate("processor"))
	as := func(heading, name string) *kafka.Client {
		s.grant(t, documented(t, heading).of(w.topics.Prefix, w.group())...)
		client, err := kafka.New(s.byCertificate(name))
		w.must(err)
		t.Cleanup(client.Close)
		return client
	}
	events, err := codec.New(codec.Options{})
	w.must(err)

	subscriber := as("A subscriber to outcomes", "subscriber")
	watcher, err := downstream.Open(t.Context(), subscriber, events, w.topics, downstream.Options{})
	w.must(err)
	publisher := as("A publisher of commands", "publisher")
	for _, name := range command.Names() {
		record := w.draft(name, nil).Record
		record.Partition = 0
		produced, err := publisher.Produce(t.Context(), []kafka.ProducePartition{{
			TopicPartition: kafka.TopicPartition{Topic: record.Topic}, Records: []kafka.Record{record},
		}}, time.Second)
		w.must(err)
		w.must(produced[0].Err)
	}
	seen := map[string]bool{}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	w.must(watcher.Run(ctx, func(e downstream.Event) bool {
		seen[e.Record.Topic] = true
		return len(seen) < len(command.Names())
	}))

	operator := as("An operator of dead letters", "operator")
	w.readerReads(as("A reader of dead letters", "reader"), events)
	w.operatorActs(operator, events)

	admin := as("The administrator of topics", "topics-admin")
	specs := w.topics.Specs()
	specs[0].Name, specs[0].ReplicationFactor = w.topics.Prefix+"made", 1
	states, err := admin.CreateMissingTopics(t.Context(), specs[:1])
	w.must(err)
	if !states[0].Created {
		t.Errorf("got %+v", states[0])
	}
	if _, err := operator.CompareTopics(t.Context(), w.topics.Specs()); kafka.Class(err) != kafka.ClassAuth {
		t.Errorf("the operator of dead letters may look at all topics: %v", err)
	}
}
