package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/topics"
)

// letterView is a dead letter as it is shown.
type letterView struct {
	letterLine
	Key            *blob           `json:"key,omitempty"` // nil for none
	Headers        []headerView    `json:"headers"`
	HeadersOmitted bool            `json:"headersOmitted,omitempty"`
	Command        json.RawMessage `json:"command,omitempty"`
	// Note says why the command is not shown.
	Note string `json:"note,omitempty"`

	place string
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

func blobOf(b []byte, shown bool) blob {
	v := blob{Bytes: len(b)}
	switch {
	case !shown:
	case utf8.Valid(b):
		v.Text = string(b)
	default:
		v.Base64 = b
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

// viewer makes views.
type viewer struct {
	events *codec.Codec
	topics topics.Config
	opener producers.Decryptor // may be nil
	reveal bool
}

// view shows what can be shown. Its error is for a value that should have been
// opened: the rest is shown all the same.
func (v viewer) view(ctx context.Context, l *producers.Letter) (letterView, error) {
	view := letterView{letterLine: lineOf(l), HeadersOmitted: l.HeadersOmitted, Headers: []headerView{}, place: l.Place()}
	if l.Record.Key != nil {
		key := blobOf(l.Record.Key, v.reveal || fit(l.Record.Key))
		view.Key = &key
	}
	for _, h := range l.Headers {
		name := h.Key
		if !v.reveal && !fit([]byte(name)) {
			name = "***"
		}
		view.Headers = append(view.Headers, headerView{name, blobOf(h.Value, v.reveal)})
	}
	original, err := l.Original(v.opener)
	if err != nil {
		err = explain(err)
		view.Note = err.Error()
		if errors.Is(err, producers.ErrOmitted) || errors.Is(err, producers.ErrSealed) && !v.reveal {
			return view, nil
		}
		return view, err
	}
	view.Command, view.Note = v.command(ctx, original)
	return view, nil
}

// fit says whether a key or name may be seen: the processor warns of those that
// may not, and cannot keep upstream from writing them.
func fit(b []byte) bool { return utf8.Valid(b) && !command.ReferenceHoldsPersonalData(string(b)) }

// command decodes the original, or says why it cannot be.
func (v viewer) command(ctx context.Context, original kafka.Record) (text []byte, note string) {
	if original.Value == nil {
		return nil, "the original has no value: it is a tombstone"
	}
	name, ok := v.topics.CommandOf(original.Topic)
	if !ok {
		return nil, "the original's topic is none of this configuration's commands (topics.prefix)"
	}
	c, err := v.events.Decode(ctx, &command.Message{Topic: original.Topic, Name: name, Key: original.Key, Value: original.Value})
	if err != nil {
		return nil, "the value cannot be decoded: " + err.Error() + "; --raw - writes its bytes"
	}
	write := codec.MaskedCommandJSON
	if v.reveal {
		write = codec.CommandJSON
	}
	if text, err = write(c); err != nil {
		return nil, "the command cannot be written: " + err.Error()
	}
	return text, ""
}

// print writes the view for people.
func (v letterView) print(t terminal, another bool) error {
	var b strings.Builder
	if another {
		b.WriteByte('\n')
	}
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s %s\n", name, plain(fmt.Sprintf(format, args...)))
	}
	row("dead letter", "%s", v.Letter)
	row("record", "%s", v.place)
	if v.Timestamp != nil {
		row("written at", "%s", moment(*v.Timestamp))
	}
	if v.FailedAt != nil {
		row("failed at", "%s", moment(*v.FailedAt))
	}
	row("reason", "%s", v.Reason)
	row("code", "%s", v.Code)
	row("message", "%s", v.Message)
	row("attempts", "%d", v.Attempts)
	if v.CommandID != "" {
		row("command id", "%s", v.CommandID)
	}
	if v.Key != nil {
		row("key", "%s", v.Key)
	}
	for _, h := range v.Headers {
		row("header", "%s: %s", h.Name, h.blob)
	}
	if v.HeadersOmitted {
		row("headers", "did not fit")
	}
	switch {
	case v.ValueOmitted:
		row("value", "%s, which did not fit", bytesOf(v.ValueBytes))
	case v.Encrypted != "":
		row("value", "%s, sealed with key %s (%s)", bytesOf(v.ValueBytes), v.KeyID, v.Encrypted)
	default:
		row("value", "%s, in clear", bytesOf(v.ValueBytes))
	}
	if v.Note != "" {
		row("note", "%s", v.Note)
	}
	if v.Command != nil {
		var indented bytes.Buffer
		if err := json.Indent(&indented, v.Command, "", "  "); err != nil {
			return err
		}
		for line := range strings.Lines(indented.String()) {
			b.WriteString(plain(strings.TrimRight(line, "\n")) + "\n")
		}
	}
	_, err := fmt.Fprint(t.out, b.String())
	return err
}
