package console

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/topics"
)

const (
	// pageOfLetters is how many a page lists.
	pageOfLetters = 50
	// maxLetters bounds what the list is made of: the latest letters.
	maxLetters = 100_000
	// patience is for how long one look reads what has been written since the last.
	patience = 5 * time.Second
	// lookTimeout bounds what a page may ask of Kafka. The port's own limit is longer.
	lookTimeout = 20 * time.Second
)

func (c *Console) letterRoutes(mux *http.ServeMux) {
	c.signInRoutes(mux)
	if c.deps.Desk == nil {
		return
	}
	mux.HandleFunc("GET /letters", c.listLetters)
	mux.HandleFunc("GET /letters/{partition}/{offset}", c.operatorOnly(c.showLetter))
	mux.HandleFunc("POST /letters/{partition}/{offset}/reveal", c.operatorOnly(c.revealLetter))
	mux.HandleFunc("POST /letters/{partition}/{offset}/edit", c.operatorOnly(c.editLetter))
	mux.HandleFunc("GET /letters/{partition}/{offset}/resolve", c.operatorOnly(c.askResolution))
	mux.HandleFunc("POST /letters/{partition}/{offset}/resolve", c.operatorOnly(c.resolveLetter))
	mux.HandleFunc("GET /replay", c.operatorOnly(c.askReplay))
	mux.HandleFunc("POST /replay/plan", c.operatorOnly(c.planReplay))
	mux.HandleFunc("POST /replay/start", c.operatorOnly(c.startReplay))
	mux.HandleFunc("POST /replay/stop", c.operatorOnly(c.stopReplay))
	mux.HandleFunc("GET "+progressPage, c.operatorOnly(c.showProgress))
	mux.HandleFunc("GET "+progressPart, c.operatorOnly(c.showProgressPart))
	mux.HandleFunc("GET /audit", c.operatorOnly(c.showTrail))
}

// lettersPage is what letters.html shows.
type lettersPage struct {
	Filter  filterForm
	Faults  []string // of the filter
	Choices choices
	Rows    []letterRow
	// First and Last are which of Matching are shown, from 1.
	First, Last, Matching int
	// Older and Newest are addresses, "" for none.
	Older, Newest string
	Unread        int64
	Kept          int
	More          bool // letters are there that are not listed
	Unreadable    int
	Asks          who
}

// choices are what a filter may ask for.
type choices struct {
	Reasons  []command.DeadLetterReason
	Commands []command.Name
	States   []deadletters.State
}

func allChoices() choices {
	return choices{[]command.DeadLetterReason{
		command.ReasonInDoubt, command.ReasonExhausted, command.ReasonUnknownCode,
		command.ReasonRejectedByContract, command.ReasonMalformed,
	}, command.Names(), deadletters.States()}
}

// letterRow is a letter in the list.
type letterRow struct {
	Href, Ref  string
	Address    string
	At         time.Time
	Reason     string
	Code       string
	Command    string // or the topic, where it is none of ours
	CommandID  string
	Key        string // "" where it must not be seen
	Attempts   int
	Revision   int32
	Standing   standingView
	Selectable bool
}

// standingView is what people have done about a letter, in words.
type standingView struct {
	State deadletters.State
	Text  string
	Mood  string // ok, warn, bad or plain
}

func standingOf(s deadletters.Standing) standingView {
	v := standingView{State: s.State, Text: string(s.State), Mood: "plain"}
	switch s.State {
	case deadletters.StateOpen:
		v.Mood = "bad"
	case deadletters.StateInterrupted, deadletters.StateReplaying:
		v.Mood = "warn"
	}
	if s.Status != "" {
		v.Text += ": " + string(s.Status)
		v.Mood = statusState(string(s.Status))
	}
	return v
}

func rowOf(e deadletters.Entry, name command.Name, known bool, asks who) letterRow {
	l := e.Letter
	row := letterRow{
		Href: letterPath(l.Record.Partition, l.Record.Offset), Ref: refText(l.Record.Partition, l.Record.Offset), Address: l.Address(),
		At: l.FailedAt, Reason: plain(string(l.Reason)), Code: plain(string(l.Code)), Command: string(name), CommandID: plain(l.CommandID),
		Attempts: l.Attempts, Revision: l.Revision, Standing: standingOf(e.Standing), Selectable: asks.Name != "",
	}
	if !known {
		row.Command = plain(l.Topic)
	}
	if row.At.IsZero() {
		row.At = l.Record.Time
	}
	if asks.Name != "" {
		row.Key = "***"
		if utf8.Valid(l.Record.Key) && !command.ReferenceHoldsPersonalData(string(l.Record.Key)) {
			row.Key = plain(string(l.Record.Key))
		}
	}
	return row
}

func letterPath(partition int32, offset int64) string {
	return "/letters/" + refText(partition, offset)
}

// refText names a letter in addresses and forms: its partition and offset.
func refText(partition int32, offset int64) string { return fmt.Sprintf("%d/%d", partition, offset) }

func parseRefText(s string) (partition int32, offset int64, ok bool) {
	p, o, found := strings.Cut(s, "/")
	n, err := strconv.ParseUint(p, 10, 31)
	at, err2 := strconv.ParseUint(o, 10, 63)
	return int32(n), int64(at), found && err == nil && err2 == nil
}

func (c *Console) listLetters(w http.ResponseWriter, r *http.Request) {
	asks := whoAsks(r)
	query := r.URL.Query()
	form := filterOf(query)
	filter, faults := form.filter(c.deps.Now())
	if form.Key != "" && asks.Name == "" {
		faults = append(faults, "Keys are for operators: sign in to filter by one.")
	}
	page := lettersPage{Filter: form, Faults: faults, Choices: allChoices(), Asks: asks}
	if len(faults) > 0 {
		c.renderStatus(w, r, http.StatusBadRequest, "letters", page)
		return
	}
	after := deadletters.Spot{}
	if p, o, ok := parseRefText(query.Get("after")); ok {
		after = deadletters.SpotAt(p, o)
	}
	ctx, cancel := context.WithTimeout(r.Context(), lookTimeout)
	defer cancel()
	listing, err := c.index.Look(ctx, filter, after, pageOfLetters, patience)
	if err != nil {
		c.unreachable(w, r, err)
		return
	}
	page.take(c, listing)
	c.render(w, r, "letters", page)
}

func (p *lettersPage) take(c *Console, l deadletters.Listing) {
	for _, e := range l.Entries {
		name, known := c.deps.Desk.Topics.CommandOf(e.Letter.Topic)
		p.Rows = append(p.Rows, rowOf(e, name, known, p.Asks))
	}
	p.Matching, p.Kept, p.More, p.Unread, p.Unreadable = l.Matching, l.Kept, l.Older, l.Unread, l.Unreadable
	p.First, p.Last = l.Before+1, l.Before+len(p.Rows)
	if l.Before > 0 {
		p.Newest = "/letters" + p.Filter.Query()
	}
	if n := len(p.Rows); n > 0 && p.Last < p.Matching {
		p.Older = "/letters" + p.Filter.query(url.Values{"after": {p.Rows[n-1].Ref}})
	}
}

// unreachable answers when Kafka did not say what a page asks for.
func (c *Console) unreachable(w http.ResponseWriter, r *http.Request, err error) {
	if refused, ok := errors.AsType[*deadletters.RefusedError](err); ok {
		c.fail(w, r, http.StatusConflict, sentence(refused.Reason))
		return
	}
	if missing, ok := errors.AsType[*topics.MissingError](err); ok {
		c.fail(w, r, http.StatusServiceUnavailable, sentence(missing.Error())+" Create what is missing with: processor topics apply.")
		return
	}
	if r.Context().Err() != nil {
		return // the reader is gone
	}
	c.deps.Logger.Warn("the console cannot read or write dead letters", "error", err)
	c.fail(w, r, http.StatusServiceUnavailable, "Kafka did not give what this page needs: "+err.Error()+
		". Look at the overview's readiness, and load the page anew.")
}

// sentence makes one of an error's text.
func sentence(s string) string {
	if s == "" {
		return s
	}
	first, size := utf8.DecodeRuneInString(s)
	s = strings.ToUpper(string(first)) + s[size:]
	if !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	return s
}

// filterForm is a filter as it stands in a form and in an address.
type filterForm struct {
	Reason, Code, Command, Key, KeyID, State, Since, Until string
}

func filterOf(v url.Values) filterForm {
	get := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	return filterForm{get("reason"), get("code"), get("command"), get("key"), get("key_id"), get("state"), get("since"), get("until")}
}

// Query is the filter as an address has it, from its ? on; "" for none.
func (f filterForm) Query() string { return f.query(nil) }

// query writes the filter as an address does, with more behind it.
func (f filterForm) query(more url.Values) string {
	v := url.Values{}
	for _, pair := range f.Pairs() {
		v.Set(pair.Name, pair.Value)
	}
	maps.Copy(v, more)
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

// pair is a field that is filled in.
type pair struct{ Name, Value string }

// Pairs are the fields that are filled in.
func (f filterForm) Pairs() []pair {
	all := []pair{
		{"reason", f.Reason}, {"code", f.Code}, {"command", f.Command}, {"key", f.Key},
		{"key_id", f.KeyID}, {"state", f.State}, {"since", f.Since}, {"until", f.Until},
	}
	return slices.DeleteFunc(all, func(p pair) bool { return p.Value == "" })
}

func (f filterForm) filter(now time.Time) (filter deadletters.Filter, faults []string) {
	known := allChoices()
	filter = deadletters.Filter{
		Reason: command.DeadLetterReason(f.Reason), Code: command.Code(f.Code), Command: command.Name(f.Command),
		Key: f.Key, KeyID: f.KeyID, State: deadletters.State(f.State),
	}
	for _, wrong := range []struct {
		is   bool
		text string
	}{
		{f.Reason != "" && !slices.Contains(known.Reasons, filter.Reason), "There is no such reason."},
		{f.Command != "" && !slices.Contains(known.Commands, filter.Command), "There is no such command."},
		{f.State != "" && !slices.Contains(known.States, filter.State), "There is no such state."},
	} {
		if wrong.is {
			faults = append(faults, wrong.text)
		}
	}
	var ok bool
	if filter.Since, ok = deadletters.ParseMoment(f.Since, now); !ok {
		faults = append(faults, "Since: want how long ago, such as 24h, or a time such as 2026-01-31T08:00:00Z.")
	}
	if filter.Until, ok = deadletters.ParseMoment(f.Until, now); !ok {
		faults = append(faults, "Until: want how long ago, such as 1h, or a time such as 2026-01-31T08:00:00Z.")
	}
	return filter, faults
}
