package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"bankprocessor/internal/downstream"
	"bankprocessor/internal/producers"
)

// letterLine is a dead letter in NDJSON. Its value is left out: it is the
// command, and holds personal data.
type letterLine struct {
	DeadLetter bool   `json:"deadLetter"` // always true
	CommandID  string `json:"commandId,omitempty"`
	Reason     string `json:"reason"`
	Code       string `json:"code"`
	Message    string `json:"message"`
	Attempts   int    `json:"attempts"`
	// Revision and Status are of the outcome that goes with it, Status "" for none.
	Revision int32  `json:"revision"`
	Status   string `json:"status,omitempty"`
	// Topic, Partition and Offset are the original's place, Letter the dead
	// letter's own.
	Topic        string     `json:"topic"`
	Partition    int32      `json:"partition"`
	Offset       int64      `json:"offset"`
	Letter       string     `json:"letter"`
	Timestamp    *time.Time `json:"timestamp,omitempty"` // of the original
	FailedAt     *time.Time `json:"failedAt,omitempty"`
	ValueBytes   int        `json:"valueBytes"`
	ValueOmitted bool       `json:"valueOmitted,omitempty"`
	Encrypted    string     `json:"encrypted,omitempty"` // the scheme
	KeyID        string     `json:"keyId,omitempty"`
}

func lineOf(l *producers.Letter) letterLine {
	return letterLine{
		DeadLetter: true, CommandID: l.CommandID, Revision: l.Revision, Status: string(l.Status),
		Reason: string(l.Reason), Code: string(l.Code), Message: l.Message, Attempts: l.Attempts,
		Topic: l.Topic, Partition: l.Partition, Offset: l.Offset, Letter: l.Address(),
		Timestamp: known(l.Time), FailedAt: known(l.FailedAt),
		ValueBytes: l.ValueBytes, ValueOmitted: l.ValueOmitted, Encrypted: l.Scheme, KeyID: l.KeyID,
	}
}

// known returns nil for no moment, and for one that JSON cannot hold.
func known(at time.Time) *time.Time {
	if at.IsZero() || at.Year() > 9999 {
		return nil
	}
	return &at
}

// letterJSON is the line of a record of the dead-letter topic.
func letterJSON(e downstream.Event) ([]byte, error) {
	l, err := producers.ReadLetter(e.Record)
	if err != nil {
		return unreadableJSON(e, err)
	}
	return json.Marshal(lineOf(l))
}

// plain keeps what came from a topic from steering the terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// moment writes a moment for people, "-" for none.
func moment(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.UTC().Format(time.RFC3339)
}

// bytesOf writes a size for people.
func bytesOf(n int) string { return counted(n, "byte") }

// counted says how many there are of what is named in the singular.
func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
