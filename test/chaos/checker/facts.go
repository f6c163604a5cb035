package checker

import (
	"fmt"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
)

// Place is where a record stands.
type Place struct {
	Topic     string
	Partition int32
	Offset    int64
}

// String is topic[partition]@offset.
func (p Place) String() string { return fmt.Sprintf("%s[%d]@%d", p.Topic, p.Partition, p.Offset) }

// Command is one command as upstream has published it.
type Command struct {
	*command.Command

	Place Place // of its first record
	At    time.Time
	Key   string
	Trace string  // its trace id
	Again []Place // of later records with its id
}

// Attempt is one record of bank.attempts.
type Attempt struct {
	*command.Attempt

	Place Place
	At    time.Time
}

// Outcome is one record of a result topic.
type Outcome struct {
	*command.Outcome

	Place   Place
	At      time.Time
	EventID string
	Value   []byte
}

// Letter is one dead letter.
type Letter struct {
	CommandID, Reason, Code string

	Place Place
	At    time.Time
}

// History is what a run has left behind.
type History struct {
	Commands []*Command
	Attempts []Attempt
	Outcomes []Outcome
	Letters  []Letter
	Ledger   []banksim.LedgerLine
	// Unreadable are records that are not what their topic holds.
	Unreadable []string
}

// call is one call that the bank has met.
type call struct {
	banksim.Call

	arrived, finished time.Time // finished is zero when the bank never was done with it
}

// mayHaveWorked says that whoever called cannot know that nothing was changed.
func (c *call) mayHaveWorked() bool {
	return c.Applied || !c.Done || c.AnswerLost || c.HTTPStatus >= 500
}

// effect is one change of the ledger, and line its number there.
type effect struct {
	line int
	*banksim.LedgerLine
}

// dossier is all that is known of one command.
type dossier struct {
	*Command

	attempts []Attempt
	outcomes []Outcome
	letters  []Letter
	calls    []*call // of its own method
	queries  []*call // that resolved it
	effects  []effect
}

// first is its first outcome, nil for none.
func (d *dossier) first() *Outcome {
	if len(d.outcomes) == 0 {
		return nil
	}
	return &d.outcomes[0]
}

// since is when somebody first began to carry the command out.
func (d *dossier) since() time.Time {
	begun := d.At
	for i, c := range d.calls {
		if i == 0 || c.arrived.Before(begun) {
			begun = c.arrived
		}
	}
	if len(d.attempts) > 0 && (len(d.calls) == 0 || d.attempts[0].At.Before(begun)) {
		begun = d.attempts[0].At
	}
	return begun
}

// methods are the bank's names of what the commands ask for.
var methods = map[command.Name]string{
	command.CustomerCreate: banksim.MethodCreate, command.CustomerUpdate: banksim.MethodUpdate,
	command.CustomerComplete: banksim.MethodComplete, command.DBSLimitQuery: banksim.MethodLimit,
	command.DBSInvoiceUpsert: banksim.MethodInvoice, command.DBSInvoiceResultsQuery: banksim.MethodResults,
	command.LoanIncomeSubmit: banksim.MethodLoan,
}
