package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
)

type dlqResolveFlags struct {
	deskFlags
	actorFlags
	as, reference, output string
	execute, correct      bool
}

func dlqResolveCommand(t terminal) *cobra.Command {
	var f dlqResolveFlags
	c := &cobra.Command{
		Use: "resolve PLACE|COMMAND_ID", Short: "States what became of a command in doubt; says what it would do unless given --execute",
		Long: "Publishes the outcome of a command in doubt as the next revision, as a person who has\n" +
			"asked the bank states it: SUCCEEDED (it has done it), REJECTED (it has refused it) or\n" +
			"FAILED (it knows nothing of it). Nothing is sent to the bank. Without --execute it\n" +
			"says what would be published and changes nothing.",
		Example: "  processor dlq resolve COMMAND_ID --config FILE --as SUCCEEDED --bank-reference REF\n" +
			"  processor dlq resolve COMMAND_ID --config FILE --as FAILED --execute --why 'the bank has no such call'",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return dlqResolve(c.Context(), t, f, args[0]) },
	}
	f.addCluster(c)
	f.add(c, "--execute")
	addOutput(c, &f.output, formatText)
	c.Flags().StringVar(&f.as, "as", "", "`STATUS` that the command has come to: SUCCEEDED, REJECTED or FAILED")
	oneOf(c, "as", string(command.Succeeded), string(command.Rejected), string(command.Failed))
	c.Flags().StringVar(&f.reference, "bank-reference", "", "the bank's `REFERENCE` of what it has done, for the outcome")
	c.Flags().BoolVar(&f.correct, "correct", false, "takes a resolution back that was wrong: what --as states follows it")
	c.Flags().BoolVar(&f.execute, "execute", false, "does it, instead of saying what would be done")
	if err := c.MarkFlagRequired("as"); err != nil {
		panic(err) // there is no such flag: a mistake in the program
	}
	return c
}

// resolvedLine is a resolution in JSON.
type resolvedLine struct {
	Letter    string `json:"letter"`
	CommandID string `json:"commandId"`
	Revision  int32  `json:"revision"`
	Status    string `json:"status"`
	Code      string `json:"code"`
	// BankReference is as stated.
	BankReference string `json:"bankReference,omitempty"`
	Executed      bool   `json:"executed"`
	Event         string `json:"event,omitempty"` // where the outcome was published
	Resumed       bool   `json:"resumed,omitempty"`
}

func dlqResolve(ctx context.Context, t terminal, f dlqResolveFlags, what string) error {
	ref, err := parseRef(what)
	if err != nil {
		return err
	}
	if f.execute {
		if err := f.reasoned("--execute"); err != nil {
			return err
		}
	}
	d, err := f.open(ctx, t)
	if err != nil {
		return err
	}
	defer d.close()
	work := d.Preview
	if f.execute {
		work = d.Resolve
	}
	resolved, err := work(ctx, deadletters.Resolution{
		By: f.by(t), Ref: ref, As: command.Status(f.as), Why: f.why, BankReference: f.reference, Correct: f.correct,
	})
	if err != nil {
		return err
	}
	return f.tell(t, resolved)
}

func (f dlqResolveFlags) tell(t terminal, r deadletters.Resolved) error {
	line := resolvedLine{
		Letter: r.Entry.Letter.Address(), CommandID: r.Outcome.CommandID, Revision: r.Revision,
		Status: string(r.Outcome.Status), Code: string(r.Outcome.Code), BankReference: r.Outcome.BankReference,
		Executed: f.execute, Event: r.Event, Resumed: r.Resumed,
	}
	if f.output == formatJSON {
		return writeJSON(t, line)
	}
	p := &page{}
	p.row("dead letter", "%s", line.Letter)
	p.row("command id", "%s", line.CommandID)
	p.row("outcome", "%s", spaced(fmt.Sprintf("%d %s %s", line.Revision, line.Status, line.Code), referenceOf(line.BankReference)))
	switch {
	case !f.execute:
		p.row("published", "no: nothing has been done; --execute --why TEXT does it")
	case r.Resumed:
		p.row("published", "%s, as it was intended before", r.Event)
	default:
		p.row("published", "%s", r.Event)
	}
	_, err := fmt.Fprint(t.out, p.String())
	return err
}
