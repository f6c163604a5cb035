package processing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/planted"
)

// trail is what a command's calls of its own method have left behind.
type trail struct {
	// made are the calls that may have changed something without our knowing, in
	// this life and those before, oldest first.
	made []command.Attempt
	// current is the call that was announced last; standing is its record, as long
	// as that stands, or may stand, for a call that has certainly changed nothing.
	current  command.Attempt
	standing *command.Attempt
	// known are the request ids of every record that this process knows of.
	known  []string
	number int // of the last attempt
	// unrecorded says that a call of made has no record.
	unrecorded bool
	// looks counts the queries, and seen says what the last one showed.
	looks int
	seen  string
}

// announce makes the record of the call that is about to be made durable. The error
// is ctx's cause: nothing has been called, but the record may have been stored.
func (r *run) announce(ctx context.Context, requestID string, operation command.InvoiceOperation) error {
	r.number++
	start := r.p.now()
	r.current = command.Attempt{
		CommandID: r.c.ID, Command: r.c.Name(), Number: r.number,
		ChannelRequestID: requestID, Operation: operation, StartedAt: start.UTC(),
		Partition: r.m.Partition, Offset: r.m.Offset,
	}
	if !r.p.recorded[r.c.Name()] || planted.Off(planted.Attempts) {
		return nil
	}
	record := r.current // whoever publishes it may keep it
	r.standing = &record
	r.known = append(r.known, requestID)
	began := r.at.now()
	if err := r.write(ctx, "attempt", r.standing); err != nil {
		return err
	}
	r.at.waited(WaitAttempt, began)
	r.p.observer.Attempted(r.c.Name(), r.p.now().Sub(start), r.at.traceparent())
	return nil
}

// mayHaveLeft takes in that the current call may have changed something: its record
// stands for good.
func (r *run) mayHaveLeft() {
	r.made = append(r.made, r.current)
	r.unrecorded = r.unrecorded || r.standing == nil
	r.standing = nil
}

// takeBack withdraws the record of a call that has certainly changed nothing,
// because the command goes on without an outcome: whoever finds it must not doubt.
// What ctx's end leaves unsaid is said at the release, or stays.
func (r *run) takeBack(ctx context.Context) {
	if r.standing == nil {
		return
	}
	withdrawn := *r.standing
	withdrawn.Withdrawn = true
	if r.write(ctx, "withdrawal of an attempt", &withdrawn) == nil {
		r.standing = nil
	}
}

func (r *run) write(ctx context.Context, what string, a *command.Attempt) error {
	return r.p.store(ctx, r.m, what, func() error { return r.p.publisher.Attempt(ctx, r.m, a) })
}

// adopt takes in the attempts of lives before.
func (t *trail) adopt(attempts []command.Attempt) {
	t.made = slices.Clone(attempts)
	for _, a := range attempts {
		t.number = max(t.number, a.Number)
		t.known = append(t.known, a.ChannelRequestID)
	}
}

// recover starts the command in doubt: somebody has called the bank for it, or was
// about to, and has left no outcome.
func (r *run) recover(attempts []command.Attempt) {
	r.adopt(attempts)
	last := attempts[len(attempts)-1]
	r.attempts, r.requestID = len(attempts), last.ChannelRequestID
	r.doubtful = true
	r.doubt()
	r.p.observer.Recovered(r.c.Name())
	r.p.log.Warn("a command was attempted before and has no outcome: it starts in doubt",
		"command", r.c.Name(), "command_id", r.c.ID, "attempts", len(attempts), "last_attempt", last.StartedAt,
		"channel_request_id", last.ChannelRequestID, "partition", r.m.Partition, "offset", r.m.Offset)
}

// takeDoubt returns what a command that starts in doubt has for an answer, once.
func (r *run) takeDoubt() (v command.Verdict, ok bool) {
	if !r.doubtful {
		return v, false
	}
	r.doubtful = false
	return attemptedBefore(r.c.Name()), true
}

// account is what a person needs to find out what became of the command: when the
// bank was called, under which request ids, and what a look-up has shown.
func (t *trail) account() string {
	var b strings.Builder
	for _, a := range t.made {
		operation := ""
		if a.Operation != "" {
			operation = string(a.Operation) + ", "
		}
		fmt.Fprintf(&b, "; attempt %d at %s (%sChannelRequestId %s) may have been applied",
			a.Number, a.StartedAt.UTC().Format(time.RFC3339), operation, a.ChannelRequestID)
	}
	if t.looks > 0 {
		fmt.Fprintf(&b, "; looked up %d times, at last %s", t.looks, t.seen)
	}
	return b.String()
}
