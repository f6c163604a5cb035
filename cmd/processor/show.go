package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/producers"
)

// shower returns how events are shown.
func shower(t terminal, output, color string) func(downstream.Event) error {
	if output != formatJSON {
		return tableShower(t, t.colored(color))
	}
	return func(e downstream.Event) error {
		line, err := jsonLine(e)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(t.out, "%s\n", line)
		return err
	}
}

func idOf(e downstream.Event) string {
	if e.Outcome != nil {
		return e.Outcome.CommandID
	}
	return e.Header(producers.HeaderCommandID)
}

func jsonLine(e downstream.Event) ([]byte, error) {
	switch {
	case e.Outcome != nil:
		return codec.OutcomeJSON(e.Outcome)
	case e.Err != nil:
		return unreadableJSON(e, e.Err)
	}
	return letterJSON(e)
}

func unreadableJSON(e downstream.Event, err error) ([]byte, error) {
	return json.Marshal(map[string]string{
		"topic": e.Record.Topic, "position": position(e), "unreadable": err.Error(),
	})
}

func position(e downstream.Event) string {
	return fmt.Sprintf("%s/%d@%d", e.Record.Topic, e.Record.Partition, e.Record.Offset)
}

const row = "%-8s  %-25s  %s  %-36s  %-3s  %-3s  %-36s  %s\n"

func tableShower(t terminal, colored bool) func(downstream.Event) error {
	headed := false
	return func(e downstream.Event) error {
		if !headed {
			headed = true
			if _, err := fmt.Fprintf(t.out, row, "TIME", "COMMAND", pad("STATUS"), "CODE", "REV", "TRY", "COMMAND ID", "BANK"); err != nil {
				return err
			}
		}
		_, err := fmt.Fprint(t.out, tableRow(e, colored))
		return err
	}
}

func tableRow(e downstream.Event, colored bool) string {
	at := e.Record.Time.Local().Format(time.TimeOnly)
	switch o := e.Outcome; {
	case o != nil:
		status := paint(pad(string(o.Status)), statusColors[o.Status], colored)
		return line(at, string(o.Command), status, string(o.Code), revisionOf(o.Revision), fmt.Sprint(o.Attempts), o.CommandID,
			strings.TrimSpace(o.BankCode+" "+o.BankMessage))
	case e.Err != nil:
		return line(at, e.Record.Topic, paint(pad("UNREADABLE"), red, colored), "", "", "", "", position(e)+": "+e.Err.Error())
	}
	return line(at, plain(e.Header(producers.HeaderTopic)), paint(pad("dead letter"), yellow, colored),
		plain(e.Header(producers.HeaderCode)), plain(e.Header(producers.HeaderRevision)), plain(e.Header(producers.HeaderAttempts)), plain(idOf(e)),
		plain(e.Header(producers.HeaderReason)+": "+e.Header(producers.HeaderMessage)))
}

// line fills the row; nothing trails.
func line(columns ...any) string {
	return strings.TrimRight(fmt.Sprintf(row, columns...), " \n") + "\n"
}

func pad(status string) string { return fmt.Sprintf("%-11s", status) }

var statusColors = map[command.Status]string{
	command.Succeeded: green, command.Partial: yellow, command.Pending: yellow,
	command.Rejected: yellow, command.Failed: red, command.InDoubt: red,
}
