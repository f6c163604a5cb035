package deadletters

import (
	"context"
	"errors"

	"bankprocessor/internal/command"
)

var errUnfinished = errors.New("not yet")

// List hands the letters that are there now and that f picks to emit, oldest first
// within a partition, until emit returns false. unreadable is for a record that is no
// dead letter, which is handed out, too, where f is the zero Filter.
func (d *Desk) List(ctx context.Context, f Filter, emit func(e Entry, unreadable error) bool) error {
	return errUnfinished
}

// Find returns the letters that ref names, oldest first; none is no error.
func (d *Desk) Find(ctx context.Context, ref Ref) ([]Entry, error) { return nil, errUnfinished }

// Show returns what a letter holds, masked unless o says else. With an error the rest
// of the view is good all the same.
func (d *Desk) Show(ctx context.Context, e Entry, o ShowOptions) (View, error) {
	return View{}, errUnfinished
}

// Export returns the original's value, byte for byte, which is audited before.
func (d *Desk) Export(ctx context.Context, e Entry, by Operator, why string) ([]byte, error) {
	return nil, errUnfinished
}

// View is a letter as it is shown.
type View struct {
	Entry Entry
	// Command is the command in JSON, masked unless revealed; nil where it cannot be
	// shown, and Note says why.
	Command []byte
	Note    string
	// Key and Headers are the original's.
	Key     Blob
	Headers []NamedBlob
	// Attempts are those that stand in bank.attempts for the command and revision,
	// withdrawn ones left out.
	Attempts []command.Attempt
	// Outcomes are the command's, oldest first, as far as they were found.
	Outcomes []command.Outcome
	// Trail is what people have done about the letter, oldest first.
	Trail []command.AuditRecord
}

// Blob is bytes of upstream's: Bytes is their number, and Shown holds them where they
// may be seen, else it is nil.
type Blob struct {
	Bytes int
	Shown []byte
}

// NamedBlob is a header; Name is *** where it must not be seen.
type NamedBlob struct {
	Name string
	Blob
}

// Plan says what o would do, and changes nothing.
func (d *Desk) Plan(ctx context.Context, o Order) (*Plan, error) { return nil, errUnfinished }

// Replay carries a plan out, one step after the other, and tells each through tell,
// which may be nil. Every step is looked at anew before it is taken. When it ends with
// an error or ctx, ordering the same again goes on where it ended, and sends nothing
// twice.
func (d *Desk) Replay(ctx context.Context, p *Plan, tell func(Progress)) (Progress, error) {
	return Progress{}, errUnfinished
}

// Resolve publishes the outcome that r states, with the next revision. Its error is a
// *RefusedError where that must not be done.
func (d *Desk) Resolve(ctx context.Context, r Resolution) (Resolved, error) {
	return Resolved{}, errUnfinished
}

// Trail hands the audit's records to emit, oldest first, until that returns false.
func (d *Desk) Trail(ctx context.Context, emit func(command.AuditRecord) bool) error {
	return errUnfinished
}
