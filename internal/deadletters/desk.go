package deadletters

import (
	"log/slog"
	"time"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/topics"
)

// Deps are a Desk's collaborators.
type Deps struct {
	// Kafka must not be bound to a processor's lease: people act for themselves.
	Kafka  *kafka.Client
	Codec  *codec.Codec
	Topics topics.Config
	// Opener opens sealed values; nil leaves them shut. Without one a replay takes the
	// original from its own topic, as long as that keeps it.
	Opener producers.Decryptor
	// Rules returns what a command is checked by, for the present moment.
	Rules func(now time.Time) command.Rules
	// DigestKey goes into the digests of edited values; nil digests them without a key,
	// which is refused where values are sealed.
	DigestKey []byte
	Now       func() time.Time // nil takes time.Now
	Logger    *slog.Logger     // nil discards
}

// Desk is safe for concurrent use and owns no goroutine between calls.
type Desk struct {
	Deps
	journal journal
	through func(writer) writer // what a session writes through: tests stand in between
}

// New returns a Desk. It opens no connection.
func New(d Deps) *Desk {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	return &Desk{
		Deps: d, journal: journal{subjects: map[string]*subject{}, acts: map[string]*act{}},
		through: func(w writer) writer { return w },
	}
}

// Operator is who acts, as the audit will say.
type Operator struct {
	Name string // who: a user's name, with the host for the command line
	Tool string // cli or console
}

// Entry is one dead letter and what has been done about it.
type Entry struct {
	Letter *producers.Letter
	Standing
}

// State is how far people have come with a letter.
type State string

// The states.
const (
	// StateOpen: nothing has been done.
	StateOpen State = "open"
	// StateInterrupted: an action is intended and not known to be done; to order it again
	// finishes it.
	StateInterrupted State = "interrupted"
	// StateReplaying: the command was published again, and its outcome is not known yet.
	StateReplaying State = "replaying"
	// StateReplayed: it has its outcome, in Status and Code.
	StateReplayed State = "replayed"
	// StateResolved: a person has stated what became of it, in Status.
	StateResolved State = "resolved"
)

// States lists the states.
func States() []State {
	return []State{StateOpen, StateInterrupted, StateReplaying, StateReplayed, StateResolved}
}

// Standing is where a letter stands, by the audit. The zero value is of no use: State
// is StateOpen where nothing has been done.
type Standing struct {
	State State
	// Last is the latest action about the letter; nil while StateOpen. Its Revision, Actor,
	// Why and At say more.
	Last   *command.AuditRecord
	Status command.Status // of what it has come to; "" while that is not known
	Code   command.Code
}

// Filter picks letters. Its zero value picks all.
type Filter struct {
	Reason  command.DeadLetterReason
	Code    command.Code
	Command command.Name
	Key     string // of the record, as it is
	KeyID   string // of the keyset that a value is sealed with
	State   State
	// Since and Until bound when the command was given up; zero for no bound.
	Since, Until time.Time
}

// Ref names letters: those of a command, or one by its own place or its original's.
type Ref struct {
	CommandID string // canonical; "" for a place
	Place     kafka.TopicPartition
	Offset    int64
}

// Order asks for replays.
type Order struct {
	By  Operator
	Why string // needed; without personal data
	// Refs are the letters; with none of them, all that Filter picks: those that are
	// open, unless it names a state, and those that are interrupted.
	Refs   []Ref
	Filter Filter
	// NotApplied is the operator's statement that the bank has not done what is in
	// doubt. Without it, what is in doubt is refused.
	NotApplied bool
	// Again sends a replay of named letters once more that was sent and has come to no
	// outcome, as the same revision: a processor that knows it answers it once. What was
	// published as a command of its own becomes yet another one.
	Again bool
	// Payload, for a single letter, takes the command's place: JSON, as `send` takes
	// it. NewID, for a single letter too, gives the command a new commandId, and so a
	// life of its own.
	Payload []byte
	NewID   bool
	// Rate bounds how many are sent in a second; 0 is 10.
	Rate float64
	// MaxReplays is how many replays may have led to a letter for it to be replayed
	// once more; 0 is 3.
	MaxReplays int
}

// Step is what an order comes to for one letter.
type Step struct {
	Entry Entry
	// Replay says that the command will be, or has been, published again, as Revision.
	Replay   bool
	Revision int32
	// Resumed says that it finishes what was interrupted.
	Resumed bool
	// Refused says why not, and what to do; "" else.
	Refused string
	// Skipped says why there is nothing to do; "" else.
	Skipped string
	// Warnings are what an operator should know before.
	Warnings []string
	// Sent is where the command was published, "" before.
	Sent string

	// prior is the outcome that goes with the letter, nil where it has none.
	prior *command.Outcome
}

// Plan is what an order would do.
type Plan struct {
	Job   string // a UUID, in the audit of each step
	Steps []Step // in the order in which they will be taken
	order Order
}

// Progress is how far a Replay has come.
type Progress struct {
	Done, Total                int // steps, of those that are to be replayed
	Replayed, Skipped, Refused int
	Left                       time.Duration // as far as the rate tells
	Last                       Step
}

// Resolution states what became of a command in doubt.
type Resolution struct {
	By  Operator
	Ref Ref
	// As is SUCCEEDED, REJECTED or FAILED.
	As command.Status
	// Why is needed, and without personal data; so is BankReference, which may be "".
	Why           string
	BankReference string
	// Correct takes back a resolution that was wrong: the outcome that As states follows
	// it. Without it what was resolved stays so.
	Correct bool
}

// Resolved is what a Resolution has come to.
type Resolved struct {
	Entry    Entry
	Outcome  command.Outcome
	Revision int32
	// Event is the outcome's place: topic/partition@offset.
	Event string
	// Resumed says that it finished what was interrupted: the outcome is as it was
	// intended then.
	Resumed bool
}

// RefusedError says why an order cannot be carried out, and what to do instead.
type RefusedError struct{ Reason string }

// Error is the reason.
func (e *RefusedError) Error() string { return e.Reason }
