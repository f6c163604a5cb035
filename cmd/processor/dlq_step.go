package main

import (
	"fmt"
	"time"

	"bankprocessor/internal/deadletters"
)

// progressEvery is between two lines of progress where they cannot be rewritten.
const progressEvery = 5 * time.Second

// stepTeller tells of the steps of a replay.
type stepTeller struct {
	terminal terminal
	json     bool

	headed, rewriting        bool
	lastLine                 time.Time
	replay, refused, skipped int
}

// stepLine is a step in NDJSON.
type stepLine struct {
	Letter    string `json:"letter"`
	Record    string `json:"record"`
	CommandID string `json:"commandId,omitempty"`
	// Action is replay, refuse or skip; Revision what it leads to, 0 for none.
	Action   string   `json:"action"`
	Revision int32    `json:"revision,omitempty"`
	Resumed  bool     `json:"resumed,omitempty"`
	Why      string   `json:"why,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	Sent     string   `json:"sent,omitempty"` // where the command was published
	// NewCommandID is of a command that was published as one of its own.
	NewCommandID string `json:"newCommandId,omitempty"`
}

const (
	actionReplay = "replay"
	actionRefuse = "refuse"
	actionSkip   = "skip"
)

func stepLineOf(s deadletters.Step) stepLine {
	l := s.Entry.Letter
	line := stepLine{
		Letter: l.Address(), Record: l.Place(), CommandID: l.CommandID, Action: actionReplay,
		Revision: s.Revision, Resumed: s.Resumed, Warnings: s.Warnings, Sent: s.Sent, NewCommandID: newIDOf(s),
	}
	switch {
	case s.Refused != "":
		line.Action, line.Why, line.Revision = actionRefuse, s.Refused, 0
	case s.Skipped != "":
		line.Action, line.Why, line.Revision = actionSkip, s.Skipped, 0
	}
	return line
}

// newIDOf is the id of a command of its own that a step has published, "" for none.
func newIDOf(s deadletters.Step) string {
	if s.Sent == "" || s.Entry.Last == nil {
		return ""
	}
	return s.Entry.Last.NewCommandID
}

const stepRow = "%-36s  %-36s  %-3s  %-7s  %s\n"

// step tells of one step, and counts it.
func (t *stepTeller) step(s deadletters.Step) error {
	line := stepLineOf(s)
	switch line.Action {
	case actionReplay:
		t.replay++
	case actionRefuse:
		t.refused++
	case actionSkip:
		t.skipped++
	}
	if t.json {
		return writeJSON(t.terminal, line)
	}
	if !t.headed {
		t.headed = true
		if err := t.terminal.row(stepRow, "RECORD", "COMMAND ID", "REV", "WHAT", "WHY"); err != nil {
			return err
		}
	}
	t.clear()
	why := line.Why
	switch {
	case line.NewCommandID != "":
		why = "sent to " + line.Sent + " as " + line.NewCommandID
	case line.Sent != "":
		why = "sent to " + line.Sent
	case line.Resumed:
		why = "finishes what was interrupted"
	}
	if err := t.terminal.row(stepRow, line.Record, line.CommandID, revisionOf(line.Revision), line.Action, why); err != nil {
		return err
	}
	for _, w := range line.Warnings {
		if err := t.terminal.row("  ! %s\n", w); err != nil {
			return err
		}
	}
	return nil
}

// progress tells of the step that was taken last, and of how far it is.
func (t *stepTeller) progress(p deadletters.Progress) error {
	if err := t.step(p.Last); err != nil || t.json {
		return err
	}
	line := fmt.Sprintf("%d of %d, %s left", p.Done, p.Total, p.Left.Round(time.Second))
	if isTerminal(t.terminal.err) {
		t.rewriting = true
		fmt.Fprint(t.terminal.err, line)
		return nil
	}
	if now := time.Now(); now.Sub(t.lastLine) >= progressEvery {
		t.lastLine = now
		fmt.Fprintln(t.terminal.err, line)
	}
	return nil
}

// clear takes the line of progress away before another is written.
func (t *stepTeller) clear() {
	if t.rewriting {
		fmt.Fprint(t.terminal.err, "\r\x1b[K")
		t.rewriting = false
	}
}

// sumsLine follows the steps of a replay in NDJSON.
type sumsLine struct {
	Job string `json:"job"`
	// Executed says that it was done, and not a dry run.
	Executed bool `json:"executed"`
	Letters  int  `json:"letters"`
	Replayed int  `json:"replayed"` // or to be
	Refused  int  `json:"refused"`
	Skipped  int  `json:"skipped"`
}

// rehearsed tells the sums of a dry run.
func (t *stepTeller) rehearsed(plan *deadletters.Plan) error {
	if t.json {
		return writeJSON(t.terminal, sumsLine{plan.Job, false, len(plan.Steps), t.replay, t.refused, t.skipped})
	}
	next := "nothing has been done: --execute --why TEXT does it"
	if t.replay == 0 {
		next = "nothing is to be done"
	}
	_, err := fmt.Fprintf(t.terminal.out, "%s: %d to be replayed, %d refused, %d skipped; %s\n",
		counted(len(plan.Steps), "letter"), t.replay, t.refused, t.skipped, next)
	return err
}

// replayed tells the sums of what was done.
func (t *stepTeller) replayed(plan *deadletters.Plan, p deadletters.Progress) error {
	if t.json {
		return writeJSON(t.terminal, sumsLine{plan.Job, true, len(plan.Steps), p.Replayed, t.refused, t.skipped})
	}
	_, err := fmt.Fprintf(t.terminal.out, "%s: %d replayed, %d refused, %d skipped\n", counted(len(plan.Steps), "letter"), p.Replayed, t.refused, t.skipped)
	return err
}
