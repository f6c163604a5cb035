package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
	"unicode"
	"unicode/utf8"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/kafka"
)

// letterPage is what letter.html shows.
type letterPage struct {
	letterRow
	Meaning  string // of the code
	Message  string
	Original string // its place
	Time     time.Time
	Value    string // its size, and how it is kept
	Text     string // the command in JSON, masked or not
	Note     string
	Key      string
	Headers  []pair
	// HeadersOmitted says that the original's did not fit.
	HeadersOmitted bool
	Attempts       []command.Attempt
	Outcomes       []command.Outcome
	Trail          []trailRow
	Revealed       bool
	Doubtful       bool   // a person may resolve it
	Settled        bool   // nothing is left to do
	Correctable    bool   // a resolution stands, which may be wrong
	Done           string // what has just been done, in words
	Incomplete     string // what could not be looked up
	Asks           who
}

// done are the words for what an address says has been done; nothing else is shown.
var done = map[string]string{
	"resolved": "The resolution is published: subscribers get it as the command's next revision.",
	"finished": "The resolution that was interrupted is published now, as it was intended then.",
	"replayed": "The command was sent again. Its outcome appears here once the processor has it: load the page anew.",
}

func (c *Console) showLetter(w http.ResponseWriter, r *http.Request, by who) {
	c.writeLetter(w, r, by, deadletters.ShowOptions{}, done[r.URL.Query().Get("done")])
}

func (c *Console) revealLetter(w http.ResponseWriter, r *http.Request, by who) {
	c.writeLetter(w, r, by, deadletters.ShowOptions{Reveal: true, By: operator(by), Why: r.PostForm.Get("why")}, "")
}

// operator is who acts, as the audit will say.
func operator(by who) deadletters.Operator {
	return deadletters.Operator{Name: by.Name, Tool: "console"}
}

func (c *Console) writeLetter(w http.ResponseWriter, r *http.Request, by who, o deadletters.ShowOptions, said string) {
	ctx, cancel := context.WithTimeout(r.Context(), lookTimeout)
	defer cancel()
	entry, ok := c.findLetter(ctx, w, r)
	if !ok {
		return
	}
	view, err := c.deps.Desk.Show(ctx, entry, o)
	if o.Reveal {
		c.access.acted("reveal", resultOf(err))
	}
	if err != nil && view.Entry.Letter == nil {
		c.unreachable(w, r, err)
		return
	}
	page := c.pageOf(view, by)
	page.Revealed, page.Done = o.Reveal, said
	if err != nil {
		page.Incomplete = err.Error()
	}
	c.render(w, r, "letter", page)
}

// resultOf is err as a label.
func resultOf(err error) string {
	if _, ok := errors.AsType[*deadletters.RefusedError](err); ok {
		return "refused"
	}
	if err != nil {
		return "failed"
	}
	return "done"
}

// findLetter answers itself where there is none.
func (c *Console) findLetter(ctx context.Context, w http.ResponseWriter, r *http.Request) (deadletters.Entry, bool) {
	ref, ok := c.refOf(r.PathValue("partition") + "/" + r.PathValue("offset"))
	if !ok {
		c.fail(w, r, http.StatusNotFound, "This is no dead letter's address. The list of dead letters has those that are there.")
		return deadletters.Entry{}, false
	}
	found, err := c.deps.Desk.Find(ctx, ref)
	if err != nil {
		c.unreachable(w, r, err)
		return deadletters.Entry{}, false
	}
	if len(found) == 0 {
		c.fail(w, r, http.StatusNotFound, "There is no dead letter here: it may be older than the topic's retention.")
		return deadletters.Entry{}, false
	}
	return found[0], true
}

func (c *Console) refOf(text string) (deadletters.Ref, bool) {
	partition, offset, ok := parseRefText(text)
	return deadletters.Ref{
		Place: kafka.TopicPartition{Topic: c.deps.Desk.Topics.DeadLetter(), Partition: partition}, Offset: offset,
	}, ok
}

func (c *Console) pageOf(v deadletters.View, by who) letterPage {
	l := v.Entry.Letter
	name, known := c.deps.Desk.Topics.CommandOf(l.Topic)
	p := letterPage{
		letterRow: rowOf(v.Entry, name, known, by), Meaning: meaningOf(l.Code), Message: plain(l.Message),
		Original: plain(l.Place()), Time: l.Time, Text: indented(v.Command), Note: plain(v.Note), HeadersOmitted: l.HeadersOmitted,
		Attempts: v.Attempts, Outcomes: v.Outcomes, Trail: trailRows(v.Trail), Asks: by,
	}
	switch {
	case l.ValueOmitted:
		p.Value = fmt.Sprintf("%d bytes, which did not fit", l.ValueBytes)
	case l.Scheme != "":
		p.Value = fmt.Sprintf("%d bytes, sealed with key %s (%s)", l.ValueBytes, plain(l.KeyID), plain(l.Scheme))
	default:
		p.Value = fmt.Sprintf("%d bytes, in clear", l.ValueBytes)
	}
	if v.Key != nil {
		p.Key = blobText(*v.Key)
	}
	for _, h := range v.Headers {
		p.Headers = append(p.Headers, pair{plain(h.Name), blobText(h.Blob)})
	}
	if n := len(v.Outcomes); n > 0 {
		last := v.Outcomes[n-1].Status
		p.Doubtful = last == command.InDoubt || last == command.Pending
	}
	p.Correctable = v.Entry.State == deadletters.StateResolved
	p.Settled = v.Entry.State == deadletters.StateResolved || v.Entry.Status == command.Succeeded
	p.Doubtful = p.Doubtful || v.Entry.State == deadletters.StateInterrupted && v.Entry.Last != nil && v.Entry.Last.Action == command.AuditResolve
	return p
}

func meaningOf(code command.Code) string {
	for _, known := range command.Codes() {
		if known.Code == code {
			return known.Meaning
		}
	}
	return ""
}

func blobText(b deadletters.Blob) string {
	switch {
	case b.Shown == nil:
		return fmt.Sprintf("*** (%d bytes)", b.Bytes)
	case utf8.Valid(b.Shown):
		return plain(string(b.Shown))
	}
	return fmt.Sprintf("%q", b.Shown)
}

// plain keeps what came from a topic from turning a line of text around, or hiding in it.
func plain(s string) string {
	clean := make([]rune, 0, len(s))
	for _, r := range s {
		if !unicode.IsPrint(r) && r != '\n' {
			r = unicode.ReplacementChar
		}
		clean = append(clean, r)
	}
	return string(clean)
}

func indented(text []byte) string {
	var b bytes.Buffer
	if len(text) == 0 || json.Indent(&b, text, "", "  ") != nil {
		return string(text)
	}
	return b.String()
}
