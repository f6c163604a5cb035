package main

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// outcome is what this program books of an event: what routing needs, a reference,
// and no personal data.
type outcome struct {
	CommandID string `json:"command_id"`
	Revision  int    `json:"revision"`
	Event     string `json:"event"` // ce_id
	Command   string `json:"command"`
	Status    string `json:"status"`
	Code      string `json:"code"`
	Then      string `json:"then"`
	Reference string `json:"reference,omitempty"` // the bank's
	Unread    bool   `json:"unread,omitempty"`    // the value has a schema that is not known here
}

// fromHeaders reads what the headers say; ok is false for what is no outcome.
func fromHeaders(m *kgo.Record, prefix string) (o outcome, ok bool) {
	headers := map[string]string{"ce_revision": "1"} // releases that knew no other do not say it
	for _, h := range m.Headers {
		headers[h.Key] = string(h.Value)
	}
	revision, err := strconv.Atoi(headers["ce_revision"])
	o = outcome{
		CommandID: headers["ce_subject"], Revision: revision, Event: headers["ce_id"],
		Command: strings.TrimSuffix(strings.TrimPrefix(m.Topic, prefix), ".result"),
		Status:  headers["ce_status"], Code: headers["ce_code"],
	}
	return o, o.CommandID != "" && o.Event != "" && o.Status != "" && err == nil
}

// then says what follows from an outcome. Status decides, and code where it makes a
// difference here. What this program is too old to know is no success, and no failure.
func (o outcome) then() string {
	switch {
	case o.Status == "SUCCEEDED":
		return "book"
	case o.Status == "REJECTED" && o.Code == "dbs.dealer.limit_exceeded":
		return "raise-limit"
	case o.Status == "REJECTED":
		return "correct"
	}
	// PARTIAL, PENDING, FAILED, IN_DOUBT: a person looks at it, and a higher revision
	// may follow.
	return "wait"
}

type subscriber struct {
	prefix string
	values *values
	book   *store
}

// take books what follows from m; it is stored with the next Sync of the book.
func (s subscriber) take(ctx context.Context, m *kgo.Record) error {
	o, ok := fromHeaders(m, s.prefix)
	if !ok {
		slog.Warn("not an outcome: left out", "topic", m.Topic, "partition", m.Partition, "offset", m.Offset)
		return nil
	}
	if o.Then = o.then(); o.Then == "book" { // all others are routed without a look at the value
		fields, err := s.values.read(ctx, m.Value)
		if o.Unread = errors.Is(err, errUnknownSchema); err != nil && !o.Unread {
			return err
		}
		nullable, _ := fields["bankReference"].(map[string]any)
		o.Reference, _ = nullable["string"].(string)
	}
	became, err := s.book.apply(o)
	slog.Info("outcome", "became", became, "command", o.Command, "command_id", o.CommandID,
		"revision", o.Revision, "status", o.Status, "code", o.Code, "then", o.Then, "unread", o.Unread)
	return err
}
