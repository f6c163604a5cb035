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
	seen, err := showEach(show, func(emit func(listedLetter) bool) error {
		return d.List(ctx, filter, func(e deadletters.Entry, unreadable error) bool { return emit(listedLetter{e, unreadable}) })
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(t.err, counted(seen, "dead letter"))
	return nil
}

const letterRow = "%-20s  %-20s  %-36s  %-18s  %-36s  %-34s  %-10s  %s\n"

// listedLetter is an entry of the list. With unreadable it has the record alone.
type listedLetter struct {
	deadletters.Entry
	unreadable error
}

// letterLister returns how a list shows an entry.
func letterLister(t terminal, output string) func(listedLetter) error {
	if output == formatJSON {
		return func(e listedLetter) error {
			if e.unreadable == nil {
				return writeJSON(t, entryOf(e.Entry))
			}
			line, err := unreadableJSON(downstream.Event{Record: e.Letter.Record}, e.unreadable)
			if err != nil {
				return err
			}
			return writeJSON(t, json.RawMessage(line))
		}
	}
	headed := false
	return func(e listedLetter) error {
		if !headed {
			headed = true
			if err := t.row(letterRow, "FAILED AT", "REASON", "CODE", "STATE", "COMMAND ID", "RECORD", "KEY ID", "MESSAGE"); err != nil {
				return err
			}
		}
		l := e.Letter
		if e.unreadable != nil {
			return t.row(letterRow, moment(l.Record.Time), "UNREADABLE", "", "", "", l.Address(), "", e.unreadable.Error())
		}
		return t.row(letterRow, moment(l.FailedAt), string(l.Reason), string(l.Code), standingOf(e.Entry), l.CommandID, l.Place(), l.KeyID, l.Message)
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
