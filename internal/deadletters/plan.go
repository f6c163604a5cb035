package deadletters

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"bankprocessor/internal/command"
	"bankprocessor/internal/producers"
)

const (
	// maxPlan bounds how many letters one order may be about, and maxHeld what they take
	// in bytes: their values are held, by the console in the processor itself.
	maxPlan           = 10_000
	maxHeld           = 128 << 20
	defaultRate       = 10
	defaultMaxReplays = 3
	// atIt is for how long nobody else finishes what somebody has just begun.
	atIt = time.Minute
)

// notApplied is what an operator states about a command in doubt before a replay.
const notApplied = "not_applied"

func (o Order) withDefaults() Order {
	if o.Rate == 0 {
		o.Rate = defaultRate
	}
	if o.MaxReplays == 0 {
		o.MaxReplays = defaultMaxReplays
	}
	return o
}

func (o Order) edits() bool { return o.Payload != nil || o.NewID }

// Plan says what o would do, and changes nothing. Its error is a *RefusedError where
// the order as a whole makes no sense.
func (d *Desk) Plan(ctx context.Context, o Order) (*Plan, error) {
	o = o.withDefaults()
	if o.Rate < 0 || o.MaxReplays < 0 {
		return nil, refused("the rate and the number of replays must not be negative")
	}
	entries, err := d.ordered(ctx, o)
	if err != nil {
		return nil, err
	}
	entries, older := latest(entries)
	if o.edits() && len(entries) != 1 {
		return nil, refused("a payload or a new id is for one dead letter: this order is about %d", len(entries))
	}
	outcomes, err := d.outcomes(ctx, lettersOf(entries))
	if err != nil {
		return nil, err
	}
	p := &Plan{Job: uuid.NewString(), order: o}
	for _, e := range entries {
		step := d.judge(ctx, o, e, outcomes[outcomeKey{e.Letter.CommandID, e.Letter.Revision}])
		p.Steps = append(p.Steps, step)
	}
	for _, e := range older {
		p.Steps = append(p.Steps, Step{Entry: e, Skipped: "its command has a later dead letter, which this order is about"})
	}
	return p, nil
}

func lettersOf(entries []Entry) []*producers.Letter {
	var all []*producers.Letter
	for _, e := range entries {
		all = append(all, e.Letter)
	}
	return all
}

// ordered are the letters that an order is about.
func (d *Desk) ordered(ctx context.Context, o Order) ([]Entry, error) {
	if err := d.catchUp(ctx); err != nil {
		return nil, err
	}
	var entries []Entry
	held := 0
	named := make([]bool, len(o.Refs))
	err := d.letters(ctx, func(l *producers.Letter, unreadable error) bool {
		if unreadable != nil {
			return true
		}
		e := Entry{Letter: l, Standing: d.journal.account(l).standing}
		wanted := len(o.Refs) == 0 && d.orders(o.Filter, e)
		for i, ref := range o.Refs {
			if ref.names(l) {
				named[i], wanted = true, true
			}
		}
		if wanted {
			entries = append(entries, e)
			held += len(l.Record.Value)
		}
		return len(entries) <= maxPlan && held <= maxHeld
	})
	if err != nil {
		return nil, err
	}
	if len(entries) > maxPlan || held > maxHeld {
		return nil, refused("the order is about more than %d dead letters, or %d MiB: narrow it, and order the rest after it", maxPlan, maxHeld>>20)
	}
	if i := slices.Index(named, false); i >= 0 {
		return nil, refused("there is no dead letter of %s: it may never have been one, or be older than the topic's retention", o.Refs[i])
	}
	// Commands of one key go in the order in which they came.
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Letter.Topic, b.Letter.Topic), cmp.Compare(a.Letter.Partition, b.Letter.Partition),
			cmp.Compare(a.Letter.Offset, b.Letter.Offset))
	})
	return entries, nil
}

// orders says whether an order picks e by its filter: what is open, unless that names a
// state, and in any case what is interrupted, so that the same order finishes it.
func (d *Desk) orders(f Filter, e Entry) bool {
	state := cmp.Or(f.State, StateOpen)
	f.State = ""
	return (e.State == state || e.State == StateInterrupted) && d.picks(f, e)
}

// latest keeps of each subject the letter of the highest revision: a letter may stand
// twice, and each replay may lead to another.
func latest(entries []Entry) (newest, older []Entry) {
	last := map[string]int{}
	for i, e := range entries {
		name := subjectOf(e.Letter)
		if j, ok := last[name]; !ok || entries[j].Letter.Revision <= e.Letter.Revision {
			last[name] = i
		}
	}
	for i, e := range entries {
		if last[subjectOf(e.Letter)] == i {
			newest = append(newest, e)
		} else {
			older = append(older, e)
		}
	}
	return newest, older
}

// judge says what an order comes to for a letter, by what the journal knows and by the
// outcome that goes with the letter, nil where none was found.
func (d *Desk) judge(ctx context.Context, o Order, e Entry, prior *command.Outcome) Step {
	l := e.Letter
	k := d.journal.account(l)
	s := Step{Entry: Entry{Letter: l, Standing: k.standing}, prior: prior}
	if k.pending != nil {
		return d.judgePending(o, s, k.pending)
	}
	if s.Refused, s.Skipped = d.standsAgainst(o, l, k, prior); s.Refused != "" || s.Skipped != "" {
		return s
	}
	if count := replays(l); count >= o.MaxReplays {
		s.Refused = "it has come back after " + strconv.Itoa(count) + " replays: mend the cause first; --max-replays allows more"
		return s
	}
	if _, err := d.draft(ctx, o, l, ""); err != nil {
		s.Refused = err.Error()
		return s
	}
	s.Replay = true
	if d.keepsLife(o, l) {
		s.Revision = max(k.revision, l.Revision, command.FirstRevision) + 1
	}
	s.Warnings = d.warnings(ctx, o, l)
	return s
}

// judgePending is judge for a letter whose command has an action that may still come to
// something.
func (d *Desk) judgePending(o Order, s Step, pending *act) Step {
	was := pending.intended
	switch {
	case was.Action == command.AuditResolve:
		s.Refused = "its resolution as " + string(was.Status) + " by " + was.Actor + " was interrupted: finish that with: processor dlq resolve " + was.Letter
	case pending.done && !(o.Again && len(o.Refs) > 0 && !o.edits()):
		s.Skipped = "it was replayed by " + was.Actor + " at " + moment(was.At) + " as revision " + strconv.Itoa(int(was.Revision)) +
			", and its outcome is not there yet; --again sends it once more, should no processor have seen it"
	case !pending.free(o.By.Name, d.Now()):
		s.Refused = pending.holder.Actor + " is at it since " + moment(pending.holder.At) + ": look again in a minute"
	case was.Letter != s.Entry.Letter.Address():
		s.Refused = "the replay of its letter " + was.Letter + " was interrupted: finish that one"
	case was.EditedDigest != "" && pending.done:
		s.Refused = "it was replayed with another payload, which is in its topic: it cannot be sent again from here"
	case (was.EditedDigest != "") != o.edits():
		s.Refused = "it was to be replayed " + map[bool]string{true: "with another payload or id: give that again", false: "as it is: finish that without a payload or new id"}[was.EditedDigest != ""]
	default:
		s.Replay, s.Resumed, s.Revision = true, true, was.Revision
	}
	return s
}

// standsAgainst says why a letter of which nothing is pending is not replayed.
func (d *Desk) standsAgainst(o Order, l *producers.Letter, k account, prior *command.Outcome) (refusal, skip string) {
	if k.anew != nil && (!o.Again || len(o.Refs) == 0) {
		return "", "it was published by " + k.anew.intended.Actor + " at " + moment(k.anew.intended.At) + asNew(k.anew.intended.NewCommandID) +
			", which has an outcome of its own; --again publishes it once more"
	}
	if !hasOutcome(l) {
		switch {
		case l.Code == command.CodeCommandIDReused && d.keepsID(o, l):
			return "another command has its commandId: publish it under one of its own, with --new-id", ""
		}
		return "", ""
	}
	if prior == nil {
		return "its outcome is not in " + d.resultOf(l) + ": the processor may still be at it, so look again later. " +
			"If the attempt log shows calls, it is in doubt: processor dlq show " + l.Address(), ""
	}
	status := cmp.Or(k.end.Status, prior.Status)
	switch {
	case status == command.Succeeded || status == command.Partial:
		return "", "it has come to " + string(status) + " since"
	case k.end.Phase == command.AuditOutcome && (doubtful(status) || status == command.Failed):
		return "", "its replay has come to " + string(status) + " as revision " + strconv.Itoa(int(k.end.Revision)) + ", which has a dead letter of its own"
	case doubtful(status) && !o.NotApplied:
		return "it may have been applied (" + string(status) + "): ask the bank. If it has done it: processor dlq resolve " + l.Address() +
			" --as SUCCEEDED. If it certainly has not, say so with --not-applied", ""
	case k.last != nil && len(o.Refs) == 0:
		return "", "it was dealt with before: name it to replay it again"
	}
	return "", ""
}

// asNew says which command a letter became.
func asNew(id string) string {
	if id == "" {
		return ""
	}
	return " as the command " + id
}

func (d *Desk) resultOf(l *producers.Letter) string {
	name, _ := d.Topics.CommandOf(l.Topic)
	return d.Topics.Result(name)
}

// replays says how many replays have led to a letter.
func replays(l *producers.Letter) int {
	n, err := strconv.Atoi(string(lastHeader(l.Headers, command.HeaderReplayCount)))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// warnings are what an operator should know before.
func (d *Desk) warnings(ctx context.Context, o Order, l *producers.Letter) (all []string) {
	if o.Payload != nil {
		return nil
	}
	if l.Reason == command.ReasonMalformed && l.CommandID == "" {
		all = append(all, "it could not be read, and will not be now unless the processor has become another: --payload mends it")
	}
	r, err := l.Original(d.Opener)
	if err != nil {
		return all
	}
	if c, err := d.decode(ctx, r); err == nil && c.Expired(d.Now()) {
		all = append(all, "it is past its expiry and will be REJECTED as "+string(command.CodeCommandExpired))
	}
	return all
}

func moment(at time.Time) string { return at.UTC().Format(time.RFC3339) }
