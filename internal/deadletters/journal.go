package deadletters

import (
	"context"
	"fmt"
	"sync"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
)

// journal is what bank.audit says, read up to next. Whoever reads the same log comes
// to the same: which claims count follows from their order alone.
type journal struct {
	mu       sync.Mutex
	next     int64
	subjects map[string]*subject
	acts     map[string]*act // those that count, by their ids
}

// subject is what actions are about: a command, or a record of which nothing is known
// but where it stands. Its name is the audit records' key.
type subject struct {
	acts    []*act // oldest first
	pending *act   // the last of them while it may still come to something
	// revision is the highest that anybody has claimed.
	revision int32
	// end is what the command came to last after its first life, be it claimed or not:
	// the record that says so, of the highest revision. Its Revision is 0 before.
	end command.AuditRecord
}

// act is an action whose claim counts, and what has come of it.
type act struct {
	intended command.AuditRecord
	// holder is the record by which somebody carries it out: the same, until somebody
	// else takes over what was interrupted.
	holder  command.AuditRecord
	done    bool
	outcome command.AuditRecord // of a replay: Phase is "" before it is known
}

// subjectOf names what a letter is about. A command that was published under an id
// which is another's is not that other command.
func subjectOf(l *producers.Letter) string {
	if l.CommandID == "" || l.Code == command.CodeCommandIDReused {
		return l.Place()
	}
	return l.CommandID
}

// pendingNow says whether something may still come of the act.
func (a *act) pendingNow() bool {
	if a.intended.Action == command.AuditReplay && a.intended.Revision > 0 {
		return a.outcome.Phase == ""
	}
	return !a.done
}

// catchUp reads the audit to its end.
func (d *Desk) catchUp(ctx context.Context) error {
	j := &d.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	tp := d.auditLog()
	log, err := d.rangeOf(ctx, tp)
	if err != nil {
		return fmt.Errorf("reading the audit: %w", err)
	}
	if log.Next < j.next {
		return fmt.Errorf("reading the audit: %s ends at %d and was read up to %d: it has lost its end, or was made anew", tp, log.Next, j.next)
	}
	next, err := d.scan(ctx, tp, max(j.next, log.First), log.Next, func(r kafka.Record) bool {
		if a, err := d.Codec.DecodeAudit(r.Value); err == nil {
			j.take(string(r.Key), a)
		} else {
			d.Logger.Error("a record of the audit cannot be read: going on without it", "offset", r.Offset, "error", err)
		}
		return true
	})
	j.next = next
	if err != nil {
		return fmt.Errorf("reading the audit: %w", err)
	}
	return nil
}

// catchUpTo reads the audit until it has come beyond an offset that is stored: it may
// be a moment before a broker shows it.
func (d *Desk) catchUpTo(ctx context.Context, at int64) error {
	for {
		if err := d.catchUp(ctx); err != nil {
			return err
		}
		d.journal.mu.Lock()
		there := d.journal.next > at
		d.journal.mu.Unlock()
		if there {
			return nil
		}
		if err := pause(ctx, retryWait); err != nil {
			return fmt.Errorf("reading the audit up to %d: %w", at, err)
		}
	}
}

func (d *Desk) auditLog() kafka.TopicPartition { return kafka.TopicPartition{Topic: d.Topics.Audit()} }

// take takes one record in. A record may stand twice.
func (j *journal) take(key string, a *command.AuditRecord) {
	if a.Action != command.AuditReplay && a.Action != command.AuditResolve {
		return
	}
	switch a.Phase {
	case command.AuditIntended:
		j.intend(key, a)
	case command.AuditOutcome:
		j.conclude(key, a)
	case command.AuditDone:
		if known := j.acts[a.ID]; known != nil {
			known.done = true
			if s := j.subjects[key]; s != nil {
				if a.Action == command.AuditResolve {
					s.ended(known.intended)
				}
				s.tidy()
			}
		}
	}
}

func (j *journal) intend(key string, a *command.AuditRecord) {
	if known := j.acts[a.ID]; known != nil {
		if known.free(a.Actor, a.At) {
			known.holder = *a
		}
		return
	}
	s := j.subject(key)
	if s.pending != nil || a.Revision != 0 && a.Revision <= s.revision {
		return // it does not count
	}
	made := &act{intended: *a, holder: *a}
	s.acts, s.pending, s.revision = append(s.acts, made), made, max(s.revision, a.Revision)
	j.acts[a.ID] = made
}

// free says whether somebody may carry on with what was intended: for a while after it
// has begun, only who has.
func (a *act) free(actor string, at time.Time) bool {
	return a.holder.Actor == actor || at.Sub(a.holder.At) >= atIt
}

func (j *journal) conclude(key string, a *command.AuditRecord) {
	s := j.subject(key)
	s.revision = max(s.revision, a.Revision)
	s.ended(*a)
	for _, known := range s.acts {
		if known.intended.Action == command.AuditReplay && known.intended.Revision == a.Revision {
			known.outcome = *a
		}
	}
	s.tidy()
}

func (j *journal) subject(key string) *subject {
	s := j.subjects[key]
	if s == nil {
		s = &subject{}
		j.subjects[key] = s
	}
	return s
}

func (s *subject) ended(a command.AuditRecord) {
	if a.Revision >= s.end.Revision {
		s.end = a
	}
}

func (s *subject) tidy() {
	if s.pending != nil && !s.pending.pendingNow() {
		s.pending = nil
	}
}

// account is what the journal knows about a letter's subject, as of the last catchUp.
type account struct {
	standing Standing
	pending  *act // a copy; nil for none
	// last is the letter's own last act, or one that went beyond its revision; nil for
	// none. revision is the highest that was claimed.
	last     *act
	revision int32
	// anew is the last by which the letter's content was published as a command of its
	// own; nil for none.
	anew *act
	// end is what the command came to last, beyond the letter's revision; its Revision is
	// 0 for nothing.
	end command.AuditRecord
}

func (j *journal) account(l *producers.Letter) account {
	j.mu.Lock()
	defer j.mu.Unlock()
	k := account{standing: Standing{State: StateOpen}}
	s := j.subjects[subjectOf(l)]
	if s == nil {
		return k
	}
	k.revision = s.revision
	if s.end.Revision > l.Revision {
		k.end = s.end
	}
	if s.pending != nil {
		pending := *s.pending
		k.pending = &pending
	}
	for _, a := range s.acts {
		own := a.intended.Letter == l.Address() || a.intended.Revision == 0
		beyond := a.intended.Revision > l.Revision && (k.last == nil || k.last.intended.Letter != l.Address())
		if own || beyond {
			last := *a
			k.last = &last
		}
		if a.done && a.intended.Revision == 0 {
			k.anew = k.last
		}
	}
	if k.last != nil {
		k.standing = k.last.standing()
	}
	return k
}

// resolved says that the command's end is the letter's resolution.
func (k account) resolved() bool {
	return k.standing.State == StateResolved && k.last.intended.Revision == k.end.Revision
}

// actor is who has led to the end: a replay's outcome is written by the processor.
func (k account) actor() string {
	if k.last != nil && k.last.intended.Revision == k.end.Revision {
		return k.last.intended.Actor
	}
	return k.end.Actor
}

func (a *act) standing() Standing {
	record := a.intended
	s := Standing{State: StateInterrupted, Last: &record}
	switch {
	case a.intended.Action == command.AuditResolve && a.done:
		s.State, s.Status, s.Code = StateResolved, a.intended.Status, a.intended.Code
	case a.outcome.Phase != "":
		s.State, s.Status, s.Code = StateReplayed, a.outcome.Status, a.outcome.Code
	case a.done && a.intended.Revision == 0:
		s.State = StateReplayed
	case a.done && a.intended.Action == command.AuditReplay:
		s.State = StateReplaying
	}
	return s
}

// Trail hands the audit's records to emit, oldest first, until that returns false.
func (d *Desk) Trail(ctx context.Context, emit func(command.AuditRecord) bool) error {
	tp := d.auditLog()
	log, err := d.rangeOf(ctx, tp)
	if err != nil {
		return fmt.Errorf("reading the audit: %w", err)
	}
	unreadable := 0
	_, err = d.scan(ctx, tp, log.First, log.Next, func(r kafka.Record) bool {
		a, err := d.Codec.DecodeAudit(r.Value)
		if err != nil {
			unreadable++
			return true
		}
		return emit(*a)
	})
	if err == nil && unreadable > 0 {
		err = fmt.Errorf("%d of its records cannot be read: somebody else has written them, or a later release", unreadable)
	}
	if err != nil {
		return fmt.Errorf("reading the audit: %w", err)
	}
	return nil
}
