package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
)

// letterView is a dead letter as it is shown.
type letterView struct {
	entryLine
	Key            *blob           `json:"key,omitempty"` // nil for none
	Headers        []headerView    `json:"headers"`
	HeadersOmitted bool            `json:"headersOmitted,omitempty"`
	Command        json.RawMessage `json:"command,omitempty"`
	// Note says why the command is not shown.
	Note        string        `json:"note,omitempty"`
	AttemptsLog []attemptView `json:"attemptLog,omitempty"`
	Outcomes    []outcomeView `json:"outcomes,omitempty"`
	Trail       []auditLine   `json:"trail,omitempty"`

	place    string
	standing string
	trail    []command.AuditRecord
}

// blob is bytes of upstream's. Text and Base64 are empty where they are masked.
type blob struct {
	Bytes  int    `json:"bytes"`
	Text   string `json:"text,omitempty"`
	Base64 []byte `json:"base64,omitempty"`
}

type headerView struct {
	Name string `json:"name"`
	blob
}

// attemptView is a call that may have reached the bank.
type attemptView struct {
	Number           int       `json:"number"`
	StartedAt        time.Time `json:"startedAt"`
	Operation        string    `json:"operation,omitempty"`
	ChannelRequestID string    `json:"channelRequestId"`
}

// outcomeView is what the command has come to, without what the bank told of a person.
type outcomeView struct {
	Revision         int32     `json:"revision"`
	Status           string    `json:"status"`
	Code             string    `json:"code"`
	BankCode         string    `json:"bankCode,omitempty"`
	BankReference    string    `json:"bankReference,omitempty"`
	ChannelRequestID string    `json:"channelRequestId,omitempty"`
	CompletedAt      time.Time `json:"completedAt"`
}

// letterViewOf is what is shown of v. Without a keyset, whoever reads it learns how
// to give one.
func letterViewOf(v deadletters.View, noKeyset bool) letterView {
	l := v.Entry.Letter
	view := letterView{
		entryLine: entryOf(v.Entry), HeadersOmitted: l.HeadersOmitted, Headers: []headerView{}, Command: v.Command, Note: v.Note,
		place: l.Place(), standing: standingOf(v.Entry), trail: v.Trail,
	}
	switch {
	case v.Command != nil:
	case l.Scheme != "" && noKeyset:
		view.Note += ": give the private keyset that holds it with --keyset (dead_letters.encryption.private_keyset_file)"
	case strings.HasPrefix(v.Note, "the value cannot be decoded"):
		view.Note += "; --raw - writes its bytes"
	}
	if v.Key != nil {
		key := blobOf(*v.Key)
		view.Key = &key
	}
	for _, h := range v.Headers {
		view.Headers = append(view.Headers, headerView{h.Name, blobOf(h.Blob)})
	}
	for _, a := range v.Attempts {
		view.AttemptsLog = append(view.AttemptsLog, attemptView{a.Number, a.StartedAt.UTC(), string(a.Operation), a.ChannelRequestID})
	}
	for _, o := range v.Outcomes {
		view.Outcomes = append(view.Outcomes, outcomeView{
			o.Revision, string(o.Status), string(o.Code), o.BankCode, o.BankReference, o.ChannelRequestID, o.CompletedAt.UTC(),
		})
	}
	for _, a := range v.Trail {
		view.Trail = append(view.Trail, auditLineOf(a))
	}
	return view
}

func blobOf(b deadletters.Blob) blob {
	v := blob{Bytes: b.Bytes}
	switch {
	case b.Shown == nil:
	case utf8.Valid(b.Shown):
		v.Text = string(b.Shown)
	default:
		v.Base64 = b.Shown
	}
	return v
}

func (b blob) String() string {
	switch {
	case b.Text != "":
		return fmt.Sprintf("%q", b.Text)
	case b.Base64 != nil:
		return fmt.Sprintf("%q", b.Base64)
	}
	return "*** (" + bytesOf(b.Bytes) + ")"
}

// page is text of named rows.
type page struct{ strings.Builder }

func (p *page) row(name, format string, args ...any) {
	fmt.Fprintf(p, "%-12s %s\n", name, plain(fmt.Sprintf(format, args...)))
}

// print writes the view for people.
func (v letterView) print(t terminal, another bool) error {
	p := &page{}
	if another {
		p.WriteByte('\n')
	}
	v.printLetter(p)
	v.printStory(p)
	if v.Note != "" {
		p.row("note", "%s", v.Note)
	}
	if v.Command != nil {
		var indented bytes.Buffer
		if err := json.Indent(&indented, v.Command, "", "  "); err != nil {
			return err
		}
		for line := range strings.Lines(indented.String()) {
			p.WriteString(plain(strings.TrimRight(line, "\n")) + "\n")
		}
	}
	_, err := fmt.Fprint(t.out, p.String())
	return err
}

// printLetter writes what the letter itself says.
func (v letterView) printLetter(p *page) {
	p.row("dead letter", "%s", v.Letter)
	p.row("record", "%s", v.place)
	if v.Timestamp != nil {
		p.row("written at", "%s", moment(*v.Timestamp))
	}
	if v.FailedAt != nil {
		p.row("failed at", "%s", moment(*v.FailedAt))
	}
	p.row("reason", "%s", v.Reason)
	p.row("code", "%s", v.Code)
	p.row("message", "%s", v.Message)
	p.row("attempts", "%d", v.Attempts)
	if v.CommandID != "" {
		p.row("command id", "%s", v.CommandID)
		p.row("revision", "%d", v.Revision)
	}
	p.row("state", "%s", v.standing)
	if v.Key != nil {
		p.row("key", "%s", v.Key)
	}
	for _, h := range v.Headers {
		p.row("header", "%s: %s", h.Name, h.blob)
	}
	if v.HeadersOmitted {
		p.row("headers", "did not fit")
	}
	switch {
	case v.ValueOmitted:
		p.row("value", "%s, which did not fit", bytesOf(v.ValueBytes))
	case v.Encrypted != "":
		p.row("value", "%s, sealed with key %s (%s)", bytesOf(v.ValueBytes), v.KeyID, v.Encrypted)
	default:
		p.row("value", "%s, in clear", bytesOf(v.ValueBytes))
	}
}

// printStory writes what has become of the command.
func (v letterView) printStory(p *page) {
	for _, a := range v.AttemptsLog {
		p.row("attempt", "%s", spaced(fmt.Sprintf("%d at %s", a.Number, moment(a.StartedAt)), a.Operation, "ChannelRequestId "+a.ChannelRequestID))
	}
	for _, o := range v.Outcomes {
		p.row("outcome", "%s", spaced(fmt.Sprintf("%d %s %s", o.Revision, o.Status, o.Code), referenceOf(o.BankReference), "at "+moment(o.CompletedAt)))
	}
	for _, a := range v.trail {
		p.row("audit", "%s", spaced(moment(a.At), a.Actor+":", string(a.Action), string(a.Phase), whatOf(a), quotedReason(a.Why)))
	}
}

// referenceOf is empty for none.
func referenceOf(bank string) string {
	if bank == "" {
		return ""
	}
	return "bank reference " + bank
}

func quotedReason(why string) string {
	if why == "" {
		return ""
	}
	return "(" + why + ")"
}

// spaced joins what is not empty.
func spaced(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}
