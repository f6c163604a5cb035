package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/downstream"
)

type dlqListFlags struct {
	deskFlags
	filterFlags
	output string
}

func dlqListCommand(t terminal) *cobra.Command {
	var f dlqListFlags
	c := &cobra.Command{
		Use: "list", Short: "Lists the dead letters that are there now, and how far people have come with them", Args: cobra.NoArgs,
		Long: "Lists the dead letters that are there now as a table or as NDJSON, without their\n" +
			"values. It needs no key, joins no consumer group and changes nothing.",
		Example: "  processor dlq list --config FILE --reason in-doubt --state open --since 24h",
		RunE:    func(c *cobra.Command, _ []string) error { return dlqList(c.Context(), t, f) },
	}
	f.addCluster(c)
	addOutput(c, &f.output, formatTable)
	f.add(c)
	return c
}

func dlqList(ctx context.Context, t terminal, f dlqListFlags) error {
	filter, err := f.filter(time.Now())
	if err != nil {
		return err
	}
	d, err := f.open(ctx, t)
	if err != nil {
		return err
	}
	defer d.close()
	show := letterLister(t, f.output)
	seen := 0
	var failed error
	err = d.List(ctx, filter, func(e deadletters.Entry, unreadable error) bool {
		seen++
		failed = show(e, unreadable)
		return failed == nil
	})
	switch {
	case failed != nil:
		return fmt.Errorf("writing: %w", failed)
	case err != nil:
		return err
	}
	fmt.Fprintln(t.err, counted(seen, "dead letter"))
	return nil
}

const letterRow = "%-20s  %-20s  %-36s  %-18s  %-36s  %-34s  %-10s  %s\n"

// letterLister returns how a list shows an entry, which has a letter unless that
// could not be read.
func letterLister(t terminal, output string) func(deadletters.Entry, error) error {
	if output == formatJSON {
		return func(e deadletters.Entry, unreadable error) error {
			if unreadable == nil {
				return writeJSON(t, entryOf(e))
			}
			line, err := unreadableJSON(downstream.Event{Record: e.Letter.Record}, unreadable)
			if err != nil {
				return err
			}
			return writeJSON(t, json.RawMessage(line))
		}
	}
	headed := false
	return func(e deadletters.Entry, unreadable error) error {
		if !headed {
			headed = true
			if err := t.row(letterRow, "FAILED AT", "REASON", "CODE", "STATE", "COMMAND ID", "RECORD", "KEY ID", "MESSAGE"); err != nil {
				return err
			}
		}
		l := e.Letter
		if unreadable != nil {
			return t.row(letterRow, moment(l.Record.Time), "UNREADABLE", "", "", "", l.Address(), "", unreadable.Error())
		}
		return t.row(letterRow, moment(l.FailedAt), string(l.Reason), string(l.Code), standingOf(e), l.CommandID, l.Place(), l.KeyID, l.Message)
	}
}

// standingOf is the state for people, with what the command has come to.
func standingOf(e deadletters.Entry) string {
	if e.Status != "" {
		return string(e.State) + " " + string(e.Status)
	}
	return string(e.State)
}

// entryLine is a dead letter in NDJSON, with how far people have come with it.
type entryLine struct {
	letterLine
	State string `json:"state"`
	// Last is the latest action about it, Outcome what that has led to.
	Last    *auditLine `json:"last,omitempty"`
	Outcome *endLine   `json:"outcome,omitempty"`
}

// endLine is what a command has come to.
type endLine struct {
	Status string `json:"status"`
	Code   string `json:"code,omitempty"`
}

func entryOf(e deadletters.Entry) entryLine {
	line := entryLine{letterLine: lineOf(e.Letter), State: string(e.State)}
	if e.Last != nil {
		last := auditLineOf(*e.Last)
		line.Last = &last
	}
	if e.Status != "" {
		line.Outcome = &endLine{string(e.Status), string(e.Code)}
	}
	return line
}
