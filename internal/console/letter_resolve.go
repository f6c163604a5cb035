package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
)

// resolvePage is what resolve.html shows: what is asked for, or with Preview what would
// be published.
type resolvePage struct {
	letterRow
	Message string
	As      string
	Why     string
	BankRef string
	// Correct takes back the resolution that stands; Corrects says that there is one.
	Correct, Corrects bool
	Refused           string
	Preview           *deadletters.Resolved
	Asks              who
}

func (c *Console) askResolution(w http.ResponseWriter, r *http.Request, by who) {
	ctx, cancel := context.WithTimeout(r.Context(), lookTimeout)
	defer cancel()
	if entry, ok := c.findLetter(ctx, w, r); ok {
		c.render(w, r, "resolve", c.resolveForm(entry, by))
	}
}

func (c *Console) resolveForm(e deadletters.Entry, by who) resolvePage {
	name, known := c.deps.Desk.Topics.CommandOf(e.Letter.Topic)
	return resolvePage{letterRow: rowOf(e, name, known, by), Message: plain(e.Letter.Message), Corrects: e.State == deadletters.StateResolved, Asks: by}
}

// resolveLetter shows what would be published, and publishes it once that is confirmed.
func (c *Console) resolveLetter(w http.ResponseWriter, r *http.Request, by who) {
	ctx, cancel := context.WithTimeout(r.Context(), lookTimeout)
	defer cancel()
	entry, ok := c.findLetter(ctx, w, r)
	if !ok {
		return
	}
	ref, _ := c.refOf(refText(entry.Letter.Record.Partition, entry.Letter.Record.Offset)) // it was found by it
	page := c.resolveForm(entry, by)
	page.As, page.Why, page.BankRef = r.PostForm.Get("as"), field(r, "why"), field(r, "bank_reference")
	page.Correct = r.PostForm.Get("correct") != ""
	order := deadletters.Resolution{
		By: operator(by), Ref: ref, As: command.Status(page.As), Why: page.Why, BankReference: page.BankRef, Correct: page.Correct,
	}
	if r.PostForm.Get("confirm") == "" {
		c.previewResolution(ctx, w, r, page, order)
		return
	}
	// It goes on when the reader leaves: half of it helps nobody.
	steady, stop := context.WithTimeout(context.WithoutCancel(ctx), lookTimeout)
	defer stop()
	resolved, err := c.deps.Desk.Resolve(steady, order)
	c.access.acted("resolve", resultOf(err))
	switch {
	case c.refuses(w, r, "resolve", &page.Refused, err, &page):
	case resolved.Resumed:
		http.Redirect(w, r, page.Href+"?done=finished", http.StatusSeeOther)
	default:
		http.Redirect(w, r, page.Href+"?done=resolved", http.StatusSeeOther)
	}
}

func (c *Console) previewResolution(ctx context.Context, w http.ResponseWriter, r *http.Request, page resolvePage, order deadletters.Resolution) {
	if order.As == "" {
		page.Refused = "Say what became of the command."
	} else if order.Why == "" {
		page.Refused = "Say in a few words how you know: the audit keeps it."
	}
	if page.Refused != "" {
		c.renderStatus(w, r, http.StatusBadRequest, "resolve", page)
		return
	}
	preview, err := c.deps.Desk.Preview(ctx, order)
	if c.refuses(w, r, "resolve", &page.Refused, err, &page) {
		return
	}
	page.Preview = &preview
	c.render(w, r, "resolve", page)
}

// refuses answers an error: a refusal with the form again, which keeps what was
// written, and anything else with a page of its own.
func (c *Console) refuses(w http.ResponseWriter, r *http.Request, name string, text *string, err error, page any) bool {
	if err == nil {
		return false
	}
	if refused, ok := errors.AsType[*deadletters.RefusedError](err); ok {
		*text = sentence(refused.Reason)
		c.renderStatus(w, r, http.StatusConflict, name, page)
		return true
	}
	c.unreachable(w, r, err)
	return true
}

// field is what a person has written on one line, or several.
func field(r *http.Request, name string) string {
	s := strings.ReplaceAll(r.PostForm.Get(name), "\r\n", "\n")
	if !utf8.ValidString(s) {
		return ""
	}
	return strings.TrimSpace(s)
}
