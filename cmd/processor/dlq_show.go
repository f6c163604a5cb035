package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"bankprocessor/internal/deadletters"
)

type dlqShowFlags struct {
	deskFlags
	actorFlags
	output, raw string
	reveal      bool
}

func dlqShowCommand(t terminal) *cobra.Command {
	var f dlqShowFlags
	c := &cobra.Command{
		Use: "show PLACE|COMMAND_ID", Short: "Shows a dead letter, the command in it, and what has become of it",
		Long: "Shows the dead letters of a command, or the one of a PLACE: topic/partition@offset,\n" +
			"of the dead letter or of its original, as `dlq list` prints it; with the attempts,\n" +
			"the outcomes and what people have done. What may tell of a person is masked unless\n" +
			"--reveal or --raw asks for it, which is written into the audit first. Sealed values\n" +
			"are opened with the private keyset.",
		Example: "  processor dlq show dbs.invoice.upsert/3@41 --config FILE --keyset dlq-private.json",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return dlqShow(c.Context(), t, f, args[0]) },
	}
	f.addDesk(c)
	addOutput(c, &f.output, formatText)
	c.Flags().BoolVar(&f.reveal, "reveal", false, "shows what may tell of a person, too")
	c.Flags().StringVar(&f.raw, "raw", "", "writes the original value's bytes to a new `FILE`, or - for standard output, and nothing else")
	f.add(c, "--reveal and --raw")
	c.MarkFlagsMutuallyExclusive("raw", "reveal")
	c.MarkFlagsMutuallyExclusive("raw", "output")
	return c
}

// check refuses what makes no sense together.
func (f dlqShowFlags) check() error {
	switch {
	case f.reveal:
		return f.reasoned("--reveal")
	case f.raw != "":
		return f.reasoned("--raw")
	}
	return nil
}

func dlqShow(ctx context.Context, t terminal, f dlqShowFlags, what string) error {
	ref, err := parseRef(what)
	if err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	d, err := f.open(ctx, t)
	if err != nil {
		return err
	}
	defer d.close()
	entries, err := d.find(ctx, ref, what)
	if err != nil {
		return err
	}
	if f.raw != "" {
		return f.export(ctx, t, d, entries)
	}
	return f.show(ctx, t, d, entries)
}

// maxShown bounds how many letters of one command are shown: replays of it may
// fail again and again.
const maxShown = 100

func (f dlqShowFlags) show(ctx context.Context, t terminal, d *desk, entries []deadletters.Entry) error {
	if len(entries) > maxShown {
		entries = entries[:maxShown]
		fmt.Fprintf(t.err, "shown are the oldest %d: `dlq list` has all, each with its own place\n", maxShown)
	}
	options := deadletters.ShowOptions{Reveal: f.reveal, By: f.by(t), Why: f.why}
	var failed error
	for i, e := range entries {
		v, err := d.Show(ctx, e, options)
		if v.Entry.Letter == nil {
			return errors.Join(failed, err) // nothing may be shown
		}
		failed = errors.Join(failed, explain(err))
		view := letterViewOf(v, d.Opener == nil)
		if f.output == formatJSON {
			err = writeJSON(t, view)
		} else {
			err = view.print(t, i > 0)
		}
		if err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	}
	return failed
}

// export writes the original value of the one letter.
func (f dlqShowFlags) export(ctx context.Context, t terminal, d *desk, entries []deadletters.Entry) error {
	if len(entries) > 1 {
		return fmt.Errorf("%w: --raw: the command has %d dead letters: name one of %s", errUsage, len(entries), strings.Join(addresses(entries), ", "))
	}
	var file *os.File
	if f.raw != "-" { // before the audit says that somebody has it
		var err error
		if file, err = os.OpenFile(f.raw, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
			return fmt.Errorf("--raw: %w", err)
		}
	}
	value, err := d.Export(ctx, entries[0], f.by(t), f.why)
	if err == nil && value == nil {
		err = fmt.Errorf("%s has no value: it is a tombstone", entries[0].Letter.Place())
	}
	switch {
	case err != nil && file != nil:
		return errors.Join(explain(err), file.Close(), os.Remove(f.raw))
	case err != nil:
		return explain(err)
	case file == nil:
		_, err = t.out.Write(value)
		return err
	}
	_, err = file.Write(value)
	return errors.Join(err, file.Close())
}

func addresses(entries []deadletters.Entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e.Letter.Address())
	}
	return all
}
