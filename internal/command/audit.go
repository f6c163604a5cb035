package command

import "time"

// AuditAction is what a person has done about a dead letter.
type AuditAction string

// The actions.
const (
	// AuditReplay publishes the command again.
	AuditReplay AuditAction = "replay"
	// AuditResolve states what became of a command in doubt.
	AuditResolve AuditAction = "resolve"
	// AuditReveal shows what may tell of a person.
	AuditReveal AuditAction = "reveal"
	// AuditExport writes the original's bytes to a file.
	AuditExport AuditAction = "export"
)

// AuditPhase is how far an action has come.
type AuditPhase string

// The phases.
const (
	// AuditIntended is written before anything is done. Of those that claim the same
	// revision of the same command the first in the log counts, and the others come to
	// nothing.
	AuditIntended AuditPhase = "intended"
	// AuditDone says that what was intended is stored.
	AuditDone AuditPhase = "done"
	// AuditOutcome is written by the processor: what came of a replay. It stands
	// before the outcome's own event does.
	AuditOutcome AuditPhase = "outcome"
)

// AuditRecord is one line of the story that bank.audit tells: who has done what about
// which command, when and why. It holds nothing of the command's content.
type AuditRecord struct {
	// Action and Phase say what was done; ID is the action's, a UUID that its records
	// share, "" in the processor's own. Job is of all actions that one order has led
	// to, "" for none.
	Action AuditAction
	Phase  AuditPhase
	ID     string
	Job    string
	At     time.Time // UTC
	// Actor is who: a name, as the tool knows it. Tool is cli, console or processor.
	Actor string
	Tool  string
	// Why is the person's reason, without personal data.
	Why string
	// CommandID is "" where not even that could be read. Command is the topic's.
	CommandID string
	Command   Name
	Revision  int32 // that the action leads to; 0 for those that lead to none
	// NewCommandID is of the command that a replay publishes as one of its own, with
	// another id than the letter's; "" else. The replay then leads to no revision.
	NewCommandID string
	// Letter is the dead letter's address, topic/partition@offset; Original is where
	// the record of the command stands that the letter is about.
	Letter   string
	Original string
	// Statement is what the person states about a command in doubt: not_applied before
	// a replay; "" else.
	Statement string
	// Status and Code are those of a resolution or of a replay's outcome; "" else.
	Status Status
	Code   Code
	// BankReference is the bank's, as the person who resolves gives it; may be "".
	BankReference string
	// Target is where the record of the action goes: topic/partition@offset. Of
	// something intended the offset is the partition's end at that moment, from which
	// on it is to be found; of something done it is the record's own.
	Target string
	// OriginalDigest and EditedDigest are of the value before and after, where a
	// person has changed it: algorithm, ":" and hex digits. A key of the operators'
	// goes in where values are sealed.
	OriginalDigest string
	EditedDigest   string
}
