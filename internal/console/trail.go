package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
)

const pageOfTrail = 50

// trailPage is what audit.html shows.
type trailPage struct {
	Rows          []trailRow
	Older, Newest string
	Asks          who
}

// trailRow is a record of the audit, in words.
type trailRow struct {
	At                time.Time
	Actor, Tool       string
	What              string
	Mood              string // ok, warn, bad or plain
	Why               string
	CommandID, Letter string
	Href              string // of the letter, "" where it cannot be told
	Revision          int32
	Target            string
	Digests           string
}

func (c *Console) showTrail(w http.ResponseWriter, r *http.Request, by who) {
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64) // without one, the newest
	ctx, cancel := context.WithTimeout(r.Context(), lookTimeout)
	defer cancel()
	lines, older, err := c.deps.Desk.TrailPage(ctx, before, pageOfTrail)
	if err != nil {
		c.unreachable(w, r, err)
		return
	}
	page := trailPage{Asks: by}
	for _, l := range lines {
		page.Rows = append(page.Rows, trailRowOf(l.AuditRecord))
	}
	if older && len(lines) > 0 {
		page.Older = "/audit?before=" + strconv.FormatInt(lines[len(lines)-1].Offset, 10)
	}
	if before > 0 {
		page.Newest = "/audit"
	}
	c.render(w, r, "audit", page)
}

func trailRows(records []command.AuditRecord) []trailRow {
	var all []trailRow
	for _, a := range records {
		all = append(all, trailRowOf(a))
	}
	return all
}

func trailRowOf(a command.AuditRecord) trailRow {
	row := trailRow{
		At: a.At, Actor: plain(a.Actor), Tool: plain(a.Tool), Why: plain(a.Why), CommandID: plain(a.CommandID),
		Letter: plain(a.Letter), Revision: a.Revision, Target: plain(a.Target), Mood: "plain",
	}
	row.What, row.Mood = whatOf(a)
	if tp, offset, ok := deadletters.ParsePlace(a.Letter); ok {
		row.Href = letterPath(tp.Partition, offset)
	}
	if a.EditedDigest != "" {
		row.Digests = "value " + plain(a.OriginalDigest) + " became " + plain(a.EditedDigest)
	}
	if a.BankReference != "" {
		row.Target = strings.TrimSpace(row.Target + " bank's reference " + plain(a.BankReference))
	}
	return row
}

// whatOf says what a record tells.
func whatOf(a command.AuditRecord) (what, mood string) {
	state := string(a.Status)
	if a.Code != "" {
		state += " " + string(a.Code)
	}
	switch {
	case a.Action == command.AuditReveal:
		return "looked at the values", "plain"
	case a.Action == command.AuditExport:
		return "took the original's bytes", "plain"
	case a.Phase == command.AuditOutcome:
		if a.Status == command.Succeeded {
			return "the replay came to " + state, "ok"
		}
		return "the replay came to " + state, "warn"
	case a.Action == command.AuditReplay && a.Phase == command.AuditIntended:
		what = "is about to send it again"
		if a.Statement != "" {
			what += ", and states that the bank has not applied it"
		}
		if a.EditedDigest != "" {
			what += ", with another payload"
		}
		return what, "plain"
	case a.Action == command.AuditReplay && a.Phase == command.AuditDone:
		return "has sent it again", "plain"
	case a.Action == command.AuditResolve && a.Phase == command.AuditIntended:
		return "is about to resolve it as " + state, "plain"
	case a.Action == command.AuditResolve && a.Phase == command.AuditDone:
		return "has resolved it as " + state, "ok"
	}
	return strings.TrimSpace(string(a.Action) + " " + string(a.Phase)), "plain"
}
