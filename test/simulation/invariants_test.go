package simulation

import (
	"fmt"
	"slices"
	"strconv"

	"bankprocessor/internal/command"
	"bankprocessor/internal/consumers"
	"bankprocessor/internal/kafka"
)

// invariant is one of the promises of docs/one-outcome.md, by its name there.
type invariant string

const (
	// Every command comes to one outcome; where it stands twice on the wire, the two
	// are the same.
	oneOutcome invariant = "one-outcome"
	// No outcome says what the ledger denies.
	trueOutcome invariant = "true-outcome"
	// No invoice is recorded twice by one command. Over all lives customer.complete is
	// called once, and a loan or an invoice's operation sent twice at most, what the bank
	// has refused not counted.
	oneEffect invariant = "one-effect"
	// The bank sees a key's command only after those before it have their outcomes.
	keyOrder invariant = "key-order"
	// What a commit calls done has its outcome stored.
	doneIsStored invariant = "done-is-stored"
	// What a commit does not call done has its attempts and its outcome at or above
	// the commit's look-back offsets.
	lookBack invariant = "look-back"
	// Nobody calls the bank or writes for a partition once the group has counted him
	// out of its generation, and no call outlasts it.
	underLease invariant = "under-lease"
	// What needs a person has its dead letter before its outcome.
	letterFirst invariant = "letter-first"
	// A command is in doubt only when a call or a query of it went unanswered, or when a
	// life was disturbed.
	doubtHasCause invariant = "doubt-has-cause"
	// An attempt at a call that has certainly changed nothing is taken back before the
	// next one is made.
	takenBack invariant = "taken-back"
	// When everything has healed, every command comes to its end and is committed.
	notStuck invariant = "not-stuck"
)

// judgeActor is asked when l writes or calls for the command partition with that
// index: is it still its own? A record's own topic says which command it is of.
func (w *world) judgeActor(l *life, index int32, r kafka.Record, what string) {
	tp := kafka.TopicPartition{Partition: index}
	switch r.Topic {
	case deadLetterTopic:
		tp.Topic = string(r.Headers[slices.IndexFunc(r.Headers, func(h kafka.Header) bool { return h.Key == "dlq-topic" })].Value)
	case attemptsTopic:
		a, err := w.commands.DecodeAttempt(r.Value)
		if err != nil {
			return
		}
		tp.Topic = string(a.Command)
	default:
		tp.Topic = r.Topic[:len(r.Topic)-len(".result")]
	}
	w.judgeOwner(l, tp, what)
}

func (w *world) judgeOwner(l *life, tp kafka.TopicPartition, what string) {
	switch owner := w.group.owners[tp]; {
	case l.member == nil || !w.group.has(l.member):
		w.violate(underLease, "%s, counted out of the group, %s for %s", l.name, what, tp)
	case owner != l.member:
		w.violate(underLease, "%s %s for %s, which is %s's", l.name, what, tp, owner.id)
	}
}

// judgeCall is asked when a call of a command's own method leaves.
func (w *world) judgeCall(o *op) {
	p := w.recordOf(o.call.c)
	o.tp = p.tp
	w.judgeOwner(o.life, p.tp, "calls the bank")
	sent := sending{p.id, o.call.call.Operation}
	w.bank.calls[sent]++
	most := 2 // one resend
	if p.sent.Name() == command.CustomerComplete {
		most = 1
	}
	if calls := w.bank.calls[sent]; calls > most {
		w.violate(oneEffect, "%s %s of %s@%d is called %d times", p.sent.Name(), sent.operation, p.tp, p.offset, calls)
	}
	for _, before := range w.commands.records {
		if before.tp == p.tp && before.key == p.key && before.offset < p.offset && before.id != p.id && !w.concluded(before) {
			w.violate(keyOrder, "the bank is called for %s@%d before %d has its outcome", p.tp, p.offset, before.offset)
		}
	}
	if w.concluded(p) {
		w.violate(oneEffect, "the bank is called for %s@%d, which has its outcome", p.tp, p.offset)
	}
}

// judgeEffect is asked when a call has its effect.
func (w *world) judgeEffect(o *op) {
	w.judgeOwner(o.life, o.tp, "has a call under way")
}

// recordOf finds the record that a command handed to the bank came in.
func (w *world) recordOf(c *command.Command) *published { return w.commands.byCommand(c) }

// concluded says whether p's id has its outcome.
func (w *world) concluded(p *published) bool { return len(w.outcomes[p.id]) > 0 }

// stored is an outcome in its log.
type stored struct {
	offset  int64 // in the results
	of      int64 // the offset of the command's record
	outcome command.Outcome
}

// judgeRecord is asked when a record has been stored.
func (w *world) judgeRecord(l *life, tp kafka.TopicPartition, r kafka.Record, offset int64) {
	switch tp.Topic {
	case attemptsTopic:
		a, err := w.commands.DecodeAttempt(r.Value)
		if err != nil {
			w.violate(oneOutcome, "an attempt cannot be read: %v", err)
			return
		}
		at := kafka.TopicPartition{Topic: string(a.Command), Partition: a.Partition}
		w.attempted[at] = append(w.attempted[at], mark{record: a.Offset, offset: offset})
		w.judgeAttempt(l, a)
	case deadLetterTopic:
		for _, h := range r.Headers {
			if h.Key == "dlq-command-id" {
				w.letters[string(h.Value)] = true
			}
		}
	default:
		w.judgeOutcome(tp, r, offset)
	}
}

func (w *world) judgeAttempt(l *life, a *command.Attempt) {
	last, ok := w.bank.refusals[a.CommandID]
	switch {
	case !ok:
	case a.ChannelRequestID == last.request:
		if a.Withdrawn {
			delete(w.bank.refusals, a.CommandID)
		}
	case last.by == l && last.generation == l.member.generation:
		w.violate(takenBack, "%s attempts %s again, and its call before was turned away", l.name, a.CommandID)
	}
}

func (w *world) judgeOutcome(tp kafka.TopicPartition, r kafka.Record, offset int64) {
	o := w.commands.outcome(r.Value)
	s := stored{offset: offset, of: -1, outcome: o}
	for _, h := range r.Headers {
		if h.Key == command.HeaderCommandOffset {
			s.of, _ = strconv.ParseInt(string(h.Value), 10, 64)
		}
	}
	earlier := w.outcomes[o.CommandID]
	w.outcomes[o.CommandID] = append(earlier, s)
	at := kafka.TopicPartition{Topic: string(o.Command), Partition: tp.Partition}
	w.resulted[at] = append(w.resulted[at], mark{record: s.of, offset: offset})
	if len(earlier) > 0 {
		if a, b := fmt.Sprintf("%+v", earlier[0].outcome), fmt.Sprintf("%+v", o); a != b {
			w.violate(oneOutcome, "%s has two: %s and %s", o.CommandID, a, b)
		}
		return
	}
	if (o.Status == command.InDoubt || o.Status == command.Failed || o.Status == command.Pending) && !w.letters[o.CommandID] {
		w.violate(letterFirst, "%s is %s and has no dead letter", o.CommandID, o.Status)
	}
	if o.Status == command.InDoubt && !w.bank.doubts[o.CommandID] && w.disturbed == 0 {
		w.violate(doubtHasCause, "%s is in doubt (%s), though every call was answered and no life disturbed", o.CommandID, o.Code)
	}
	if text := w.bank.denies(w.commands.at(at, s.of), o); text != "" {
		w.violate(trueOutcome, "%s is %s %s, and the ledger: %s", o.CommandID, o.Status, o.Code, text)
	}
}

// judgeAgain holds a command's outcome against the ledger once more.
func (w *world) judgeAgain(id string) {
	for _, s := range w.outcomes[id] {
		at := kafka.TopicPartition{Topic: string(s.outcome.Command), Partition: w.commands.byID[id].tp.Partition}
		if text := w.bank.denies(w.commands.at(at, s.of), s.outcome); text != "" {
			w.violate(trueOutcome, "%s is %s %s, and the ledger, a little later: %s", id, s.outcome.Status, s.outcome.Code, text)
		}
	}
}

// mark is where something of a command's record stands.
type mark struct{ record, offset int64 }

// judgeCommit is asked when the group has taken a commit.
func (w *world) judgeCommit(c kafka.Commit) {
	handed, err := consumers.ReadHandover(c)
	if err != nil {
		w.violate(lookBack, "the metadata of %s@%d cannot be read: %v", c.TopicPartition, c.Offset, err)
		return
	}
	for _, p := range w.commands.records {
		if p.tp == c.TopicPartition && handed.IsDone(p.offset) && !w.concluded(p) {
			w.violate(doneIsStored, "a commit calls %s@%d done, which has no outcome", p.tp, p.offset)
		}
	}
	w.judgeLookBack(c.TopicPartition, handed, "an attempt", w.attempted, handed.Attempts)
	w.judgeLookBack(c.TopicPartition, handed, "the outcome", w.resulted, handed.Results)
	// A record that has attempts needs its id's outcome, whichever record came to it.
	for _, m := range w.attempted[c.TopicPartition] {
		for _, s := range w.outcomes[w.commands.at(c.TopicPartition, m.record).id] {
			if s.offset < handed.Results && !handed.IsDone(m.record) {
				w.violate(lookBack, "a commit of %s looks back to %d and leaves out the outcome that %d shares at %d",
					c.TopicPartition, handed.Results, m.record, s.offset)
			}
		}
	}
}

func (w *world) judgeLookBack(tp kafka.TopicPartition, handed consumers.Handover, what string, of map[kafka.TopicPartition][]mark, from int64) {
	for _, m := range of[tp] {
		if m.offset < from && !handed.IsDone(m.record) {
			w.violate(lookBack, "a commit of %s looks back to %d and leaves out %s of %d at %d", tp, from, what, m.record, m.offset)
		}
	}
}

// unfinished says what is left to do, "" for nothing.
func (w *world) unfinished() string {
	for _, p := range w.commands.byID {
		if p.offset >= 0 && !w.concluded(p) {
			return fmt.Sprintf("%s@%d has no outcome", p.tp, p.offset)
		}
	}
	for _, tp := range w.commands.partitions {
		if c, ok := w.group.committed[tp]; w.logs[tp].next() > 0 && (!ok || c.Offset != w.logs[tp].next()) {
			return fmt.Sprintf("%s is committed to %d of %d", tp, c.Offset, w.logs[tp].next())
		}
	}
	return ""
}
