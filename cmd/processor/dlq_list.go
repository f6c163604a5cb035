package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bankprocessor/internal/command"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/topics"
)

type dlqListFlags struct {
	settings
	output, reason, code, command, since, keyID string
}

func dlqListCommand(t terminal) *cobra.Command {
	var f dlqListFlags
	c := &cobra.Command{
		Use: "list", Short: "Lists the dead letters that are there now", Args: cobra.NoArgs,
		Long: "Lists the dead letters that are there now as a table or as NDJSON, without their\n" +
			"values. It needs no key, joins no consumer group and changes nothing.",
		Example: "  processor dlq list --config FILE --reason in-doubt --since 24h",
		RunE:    func(c *cobra.Command, _ []string) error { return dlqList(c.Context(), t, f) },
	}
	f.addCluster(c)
	addOutput(c, &f.output, formatTable)
	c.Flags().StringVar(&f.reason, "reason", "", "only of this `REASON`: "+strings.Join(reasons(), ", "))
	c.Flags().StringVar(&f.code, "code", "", "only of this `CODE`, such as dbs.invoice.unresolved")
	c.Flags().StringVar(&f.command, "command", "", "only of this `COMMAND`, such as dbs.invoice.upsert")
	c.Flags().StringVar(&f.since, "since", "", "only since this `TIME`, such as 24h or 2026-01-31T08:00:00Z")
	c.Flags().StringVar(&f.keyID, "key-id", "", "only those that are sealed with the key of this `ID`")
	return c
}

func reasons() []string {
	var all []string
	for _, r := range []command.DeadLetterReason{
		command.ReasonMalformed, command.ReasonRejectedByContract, command.ReasonExhausted,
		command.ReasonInDoubt, command.ReasonUnknownCode,
	} {
		all = append(all, string(r))
	}
	return all
}

// letterFilter picks dead letters. Its zero value picks all.
type letterFilter struct {
	reason command.DeadLetterReason
	code   command.Code
	name   command.Name
	since  time.Time
	keyID  string
	topics topics.Config
}

func (f dlqListFlags) filter(now time.Time) (letterFilter, error) {
	p := letterFilter{reason: command.DeadLetterReason(f.reason), code: command.Code(f.code), keyID: f.keyID}
	if f.reason != "" && !slices.Contains(reasons(), f.reason) {
		return p, fmt.Errorf("%w: --reason is %q: want one of %s", errUsage, f.reason, strings.Join(reasons(), ", "))
	}
	if f.code != "" && !command.Known(p.code) {
		return p, fmt.Errorf("%w: --code is %q: want one of the codes of the README's table", errUsage, f.code)
	}
	var err error
	if f.command != "" {
		if p.name, err = commandName(f.command); err != nil {
			return p, err
		}
	}
	if f.since != "" {
		p.since, err = sinceTime(f.since, now)
	}
	return p, err
}

// sinceTime reads how long ago, or a moment.
func sinceTime(s string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at, nil
	}
	return time.Time{}, fmt.Errorf("%w: --since is %q: want a duration such as 24h, or a moment such as 2026-01-31T08:00:00Z", errUsage, s)
}

// all says whether nothing is left out.
func (f letterFilter) all() bool {
	return f.reason == "" && f.code == "" && f.name == "" && f.since.IsZero() && f.keyID == ""
}

func (f letterFilter) wants(l *producers.Letter) bool {
	at := l.FailedAt
	if at.IsZero() {
		at = l.Record.Time
	}
	name, _ := f.topics.CommandOf(l.Topic)
	return (f.reason == "" || l.Reason == f.reason) && (f.code == "" || l.Code == f.code) &&
		(f.name == "" || name == f.name) && !at.Before(f.since) && (f.keyID == "" || l.KeyID == f.keyID)
}

func dlqList(ctx context.Context, t terminal, f dlqListFlags) error {
	filter, err := f.filter(time.Now())
	if err != nil {
		return err
	}
	if err := checkOutput(f.output, formatTable); err != nil {
		return err
	}
	show := letterLister(t, f.output)
	cfg, err := f.load(t, dlqSections...)
	if err != nil {
		return err
	}
	filter.topics = cfg.Topics
	client, err := connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer client.Close()
	w, err := openDeadLetters(ctx, client, cfg)
	if err != nil {
		return err
	}
	seen := 0
	var failed error
	err = w.ReadToEnd(ctx, func(e downstream.Event) bool {
		l, unreadable := producers.ReadLetter(e.Record)
		if unreadable == nil && !filter.wants(l) || unreadable != nil && !filter.all() {
			return true
		}
		seen++
		failed = show(e, l, unreadable)
		return failed == nil
	})
	switch {
	case failed != nil:
		return fmt.Errorf("writing: %w", failed)
	case err != nil:
		return err
	}
	fmt.Fprintf(t.err, "%d dead letters\n", seen)
	return nil
}

const letterRow = "%-20s  %-20s  %-36s  %-36s  %-34s  %-10s  %s\n"

// letterLister returns how a list shows a record, which is a letter unless it
// could not be read.
func letterLister(t terminal, output string) func(downstream.Event, *producers.Letter, error) error {
	if output == formatJSON {
		return func(e downstream.Event, _ *producers.Letter, _ error) error {
			line, err := letterJSON(e)
			if err == nil {
				_, err = fmt.Fprintf(t.out, "%s\n", line)
			}
			return err
		}
	}
	headed := false
	return func(e downstream.Event, l *producers.Letter, unreadable error) error {
		if !headed {
			headed = true
			if err := t.row(letterRow, "FAILED AT", "REASON", "CODE", "COMMAND ID", "RECORD", "KEY", "MESSAGE"); err != nil {
				return err
			}
		}
		if unreadable != nil {
			return t.row(letterRow, moment(e.Record.Time), "UNREADABLE", "", "", position(e), "", unreadable.Error())
		}
		return t.row(letterRow, moment(l.FailedAt), string(l.Reason), string(l.Code), l.CommandID, l.Place(), l.KeyID, l.Message)
	}
}

// row writes one line whose columns came from a topic; nothing trails.
func (t terminal) row(format string, columns ...string) error {
	cells := make([]any, len(columns))
	for i, c := range columns {
		cells[i] = plain(c)
	}
	_, err := fmt.Fprintln(t.out, strings.TrimRight(fmt.Sprintf(format, cells...), " \n"))
	return err
}
