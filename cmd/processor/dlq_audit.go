package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
)

type dlqAuditFlags struct {
	deskFlags
	output, commandID, letter, actor, action, since string
}

func dlqAuditCommand(t terminal) *cobra.Command {
	var f dlqAuditFlags
	c := &cobra.Command{
		Use: "audit", Short: "Lists what people have done about dead letters, and what came of it", Args: cobra.NoArgs,
		Long: "Lists the records of the audit topic as a table or as NDJSON, oldest first: who has\n" +
			"done what, when and why. It changes nothing.",
		Example: "  processor dlq audit --config FILE --since 24h --action resolve",
		RunE:    func(c *cobra.Command, _ []string) error { return dlqAudit(c.Context(), t, f) },
	}
	f.addCluster(c)
	addOutput(c, &f.output, formatTable)
	c.Flags().StringVar(&f.commandID, "command-id", "", "only about the command with this `ID`")
	c.Flags().StringVar(&f.letter, "letter", "", "only about the dead letter of this `PLACE`, its own or its original's")
	c.Flags().StringVar(&f.actor, "actor", "", "only by this `NAME`")
	c.Flags().StringVar(&f.action, "action", "", "only of this `ACTION`: "+strings.Join(auditActions(), ", "))
	oneOf(c, "action", auditActions()...)
	c.Flags().StringVar(&f.since, "since", "", "only since this `TIME`, such as 24h or 2026-01-31T08:00:00Z")
	return c
}

func auditActions() []string {
	var all []string
	for _, a := range []command.AuditAction{command.AuditReplay, command.AuditResolve, command.AuditReveal, command.AuditExport} {
		all = append(all, string(a))
	}
	return all
}

// auditFilter picks records of the audit.
type auditFilter struct {
	commandID, letter, actor string
	action                   command.AuditAction
	since                    time.Time
}

func (f dlqAuditFlags) filter(now time.Time) (p auditFilter, err error) {
	p = auditFilter{letter: f.letter, actor: f.actor, action: command.AuditAction(f.action)}
	if f.commandID != "" {
		if p.commandID, err = command.ParseID(f.commandID); err != nil {
			return p, fmt.Errorf("%w: --command-id: %w", errUsage, err)
		}
	}
	if _, _, ok := deadletters.ParsePlace(f.letter); f.letter != "" && !ok {
		return p, fmt.Errorf("%w: --letter is %q: want a place such as bank.dead-letter/1@7", errUsage, f.letter)
	}
	p.since, err = timeFlag("since", f.since, now)
	return p, err
}

func (f auditFilter) wants(a command.AuditRecord) bool {
	return (f.commandID == "" || strings.EqualFold(f.commandID, a.CommandID)) &&
		(f.letter == "" || f.letter == a.Letter || f.letter == a.Original) &&
		(f.actor == "" || f.actor == a.Actor) && (f.action == "" || f.action == a.Action) && !a.At.Before(f.since)
}

func dlqAudit(ctx context.Context, t terminal, f dlqAuditFlags) error {
	filter, err := f.filter(time.Now())
	if err != nil {
		return err
	}
	d, err := f.open(ctx, t)
	if err != nil {
		return err
	}
	defer d.close()
	show := auditLister(t, f.output)
	seen, err := showEach(show, func(emit func(command.AuditRecord) bool) error {
		return d.Trail(ctx, func(a command.AuditRecord) bool { return !filter.wants(a) || emit(a) })
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(t.err, counted(seen, "record")+" of the audit")
	return nil
}

const auditRow = "%-20s  %-20s  %-9s  %-7s  %-9s  %-3s  %-36s  %-30s  %-28s  %s\n"

func auditLister(t terminal, output string) func(command.AuditRecord) error {
	if output == formatJSON {
		return func(a command.AuditRecord) error { return writeJSON(t, auditLineOf(a)) }
	}
	headed := false
	return func(a command.AuditRecord) error {
		if !headed {
			headed = true
			if err := t.row(auditRow, "AT", "ACTOR", "TOOL", "ACTION", "PHASE", "REV", "COMMAND ID", "LETTER", "WHAT", "WHY"); err != nil {
				return err
			}
		}
		return t.row(auditRow, moment(a.At), a.Actor, a.Tool, string(a.Action), string(a.Phase), revisionOf(a.Revision),
			a.CommandID, a.Letter, whatOf(a), a.Why)
	}
}

// revisionOf is empty for none.
func revisionOf(n int32) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(int(n))
}

// whatOf is what an audit record says beside who, when and why.
func whatOf(a command.AuditRecord) string {
	edited, at, as := "", "", ""
	if a.EditedDigest != "" {
		edited = "edited"
	}
	if a.Target != "" && a.Phase == command.AuditDone {
		at = "at " + a.Target
	}
	if a.NewCommandID != "" {
		as = "as " + a.NewCommandID
	}
	return spaced(string(a.Status), string(a.Code), a.Statement, referenceOf(a.BankReference), edited, as, at)
}

// auditLine is a record of the audit in NDJSON, under the names of its schema.
type auditLine struct {
	Action         string    `json:"action"`
	Phase          string    `json:"phase"`
	ID             string    `json:"id,omitempty"`
	Job            string    `json:"job,omitempty"`
	At             time.Time `json:"at"`
	Actor          string    `json:"actor"`
	Tool           string    `json:"tool"`
	Why            string    `json:"why,omitempty"`
	CommandID      string    `json:"commandId,omitempty"`
	Command        string    `json:"command"`
	Revision       int32     `json:"revision"`
	Letter         string    `json:"letter"`
	Original       string    `json:"original"`
	NewCommandID   string    `json:"newCommandId,omitempty"`
	Statement      string    `json:"statement,omitempty"`
	Status         string    `json:"status,omitempty"`
	Code           string    `json:"code,omitempty"`
	BankReference  string    `json:"bankReference,omitempty"`
	Target         string    `json:"target,omitempty"`
	OriginalDigest string    `json:"originalDigest,omitempty"`
	EditedDigest   string    `json:"editedDigest,omitempty"`
}

func auditLineOf(a command.AuditRecord) auditLine {
	return auditLine{
		Action: string(a.Action), Phase: string(a.Phase), ID: a.ID, Job: a.Job, At: a.At, Actor: a.Actor, Tool: a.Tool, Why: a.Why,
		CommandID: a.CommandID, Command: string(a.Command), Revision: a.Revision, Letter: a.Letter, Original: a.Original,
		NewCommandID: a.NewCommandID, Statement: a.Statement, Status: string(a.Status), Code: string(a.Code), BankReference: a.BankReference,
		Target: a.Target, OriginalDigest: a.OriginalDigest, EditedDigest: a.EditedDigest,
	}
}
