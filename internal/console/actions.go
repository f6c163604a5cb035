package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
)

const (
	progressPage = "/replay/progress"
	progressPart = "/replay/progress/part"
	defaultRate  = 10
	maxRate      = 1000
	maxRefs      = 500 // that one form names
	shownSteps   = 50
)

// orderForm is an order for replays as it stands in a form.
type orderForm struct {
	Refs   []string
	Filter filterForm
	// All says that the filter picks the letters, and no refs do.
	All        bool
	Why        string
	NotApplied bool
	Rate       string
	MaxReplays string
	// Edit says that Payload takes the command's place, unless it is Was.
	Edit         bool
	Payload, Was string
	NewID        bool
}

// orderPage is what order.html shows.
type orderPage struct {
	orderForm
	Refused string
	Note    string // about the payload
	Asks    who
}

// askReplay shows the form of an order.
func (c *Console) askReplay(w http.ResponseWriter, r *http.Request, by who) {
	form := orderOf(r.URL.Query())
	page := orderPage{orderForm: form, Asks: by}
	if len(form.Refs) == 0 && !form.All {
		c.fail(w, r, http.StatusBadRequest, "No dead letter is chosen: go back and tick some, or order all that the filter picks.")
		return
	}
	c.render(w, r, "order", page)
}

func orderOf(v url.Values) orderForm {
	f := orderForm{
		Refs: v["ref"], Filter: filterOf(v), All: v.Get("all") != "", Why: v.Get("why"), NotApplied: v.Get("not_applied") != "",
		Rate: v.Get("rate"), MaxReplays: v.Get("max_replays"), Edit: v.Get("edit") != "", Payload: v.Get("payload"), Was: v.Get("was"), NewID: v.Get("new_id") != "",
	}
	if f.All {
		f.Refs = nil
	}
	if f.Rate == "" {
		f.Rate = strconv.Itoa(defaultRate)
	}
	return f
}

// order reads the form, or says what is wrong with it.
func (c *Console) order(f orderForm, by who) (o deadletters.Order, fault string) {
	o = deadletters.Order{By: operator(by), Why: f.Why, NotApplied: f.NotApplied, NewID: f.NewID}
	var err error
	if o.Rate, err = strconv.ParseFloat(f.Rate, 64); err != nil || !(o.Rate > 0 && o.Rate <= maxRate) {
		return o, "The rate: want more than 0 and at most 1000 commands in a second."
	}
	if f.MaxReplays != "" {
		if o.MaxReplays, err = strconv.Atoi(f.MaxReplays); err != nil || o.MaxReplays < 1 {
			return o, "The number of replays: want a whole number above 0, or nothing."
		}
	}
	if f.Why == "" {
		return o, "Say in a few words why: the audit keeps it."
	}
	if command.ReferenceHoldsPersonalData(f.Why) {
		return o, "The reason holds what looks like an identity number, a phone number or an e-mail address: leave it out, the audit is kept for long."
	}
	if len(f.Refs) > maxRefs {
		return o, "The order names too many dead letters: order all that a filter picks instead."
	}
	for _, text := range f.Refs {
		ref, ok := c.refOf(text)
		if !ok {
			return o, "A dead letter's name cannot be read: choose from the list anew."
		}
		o.Refs = append(o.Refs, ref)
	}
	if len(o.Refs) == 0 {
		var faults []string
		if o.Filter, faults = f.Filter.filter(c.deps.Now()); len(faults) > 0 {
			return o, faults[0]
		}
	}
	if f.Edit && f.Payload != f.Was {
		o.Payload = []byte(f.Payload)
	}
	return o, ""
}

// editLetter shows a command's values, which is audited before, for them to be changed.
func (c *Console) editLetter(w http.ResponseWriter, r *http.Request, by who) {
	ctx, cancel := context.WithTimeout(r.Context(), lookTimeout)
	defer cancel()
	entry, ok := c.findLetter(ctx, w, r)
	if !ok {
		return
	}
	why := field(r, "why")
	page := orderPage{Asks: by, orderForm: orderOf(url.Values{"ref": {refText(entry.Letter.Record.Partition, entry.Letter.Record.Offset)}, "why": {why}, "edit": {"1"}})}
	view, err := c.deps.Desk.Show(ctx, entry, deadletters.ShowOptions{Reveal: true, By: operator(by), Why: why})
	c.access.acted("reveal", resultOf(err))
	if err != nil && view.Entry.Letter == nil {
		c.unreachable(w, r, err)
		return
	}
	page.Payload, page.Note = indented(view.Command), view.Note
	if view.Command == nil {
		page.Payload, page.Note = c.undecoded(ctx, entry, by, why, page.Note)
	}
	page.Was = page.Payload
	c.render(w, r, "order", page)
}

// undecoded is the text of a value that is no command, where it is one.
func (c *Console) undecoded(ctx context.Context, e deadletters.Entry, by who, why, note string) (text, said string) {
	value, err := c.deps.Desk.Export(ctx, e, operator(by), why)
	c.access.acted("export", resultOf(err))
	switch {
	case err != nil:
		return "", plain(note) + " " + err.Error()
	case !utf8.Valid(value) || len(value) > maxForm/2:
		return "", plain(note) + " Its bytes are no text: write the whole command in JSON."
	}
	return string(value), plain(note)
}

// planPage is what plan.html shows.
type planPage struct {
	orderForm
	ID                       string
	Replays, Resumed         int
	Refused, Skipped, Warned int
	Steps                    []stepRow
	MoreSteps                int
	Lasts                    string // how long it will take
	Asks                     who
}

// stepRow is a step of a plan.
type stepRow struct {
	letterRow
	Verdict string // replay, finish, refused, skipped
	Text    string
	To      int32
}

// planReplay is the dry run: it changes nothing.
func (c *Console) planReplay(w http.ResponseWriter, r *http.Request, by who) {
	form := orderOf(r.PostForm)
	form.Why, form.Payload, form.Was = field(r, "why"), field(r, "payload"), field(r, "was")
	page := orderPage{orderForm: form, Asks: by}
	order, fault := c.order(form, by)
	if page.Refused = fault; fault != "" {
		c.renderStatus(w, r, http.StatusBadRequest, "order", page)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), lookTimeout)
	defer cancel()
	plan, err := c.deps.Desk.Plan(ctx, order)
	if c.refuses(w, r, "order", &page.Refused, err, &page) {
		return
	}
	shown := planOf(c, plan, form, by)
	shown.ID = c.jobs.keep(plan, order, by.Name, shown.Replays)
	c.render(w, r, "plan", shown)
}

func planOf(c *Console, p *deadletters.Plan, form orderForm, by who) planPage {
	page := planPage{orderForm: form, Asks: by}
	for _, s := range p.Steps {
		row := stepRowOf(c, s, by)
		switch row.Verdict {
		case "refused":
			page.Refused++
		case "skipped":
			page.Skipped++
		default:
			page.Replays++
		}
		if s.Resumed {
			page.Resumed++
		}
		if s.Replay && len(s.Warnings) > 0 {
			page.Warned++
		}
		if len(page.Steps) < shownSteps {
			page.Steps = append(page.Steps, row)
		} else {
			page.MoreSteps++
		}
	}
	perSecond, _ := strconv.ParseFloat(form.Rate, 64) // it was read before
	page.Lasts = age(time.Duration(float64(page.Replays) / perSecond * float64(time.Second)))
	return page
}

func stepRowOf(c *Console, s deadletters.Step, by who) stepRow {
	name, known := c.deps.Desk.Topics.CommandOf(s.Entry.Letter.Topic)
	row := stepRow{letterRow: rowOf(s.Entry, name, known, by), To: s.Revision}
	switch {
	case s.Refused != "":
		row.Verdict, row.Text = "refused", sentence(s.Refused)
	case s.Skipped != "":
		row.Verdict, row.Text = "skipped", sentence(s.Skipped)
	case s.Resumed:
		row.Verdict, row.Text = "finish", "It was begun before and is finished now."
	case s.Revision > 0:
		row.Verdict, row.Text = "replay", "It is sent again as revision "+strconv.Itoa(int(s.Revision))+"."
	default:
		row.Verdict, row.Text = "replay", "It is sent again."
	}
	for _, warning := range s.Warnings {
		row.Text += " Mind: " + sentence(warning)
	}
	return row
}

// startReplay carries a plan out that a dry run has shown.
func (c *Console) startReplay(w http.ResponseWriter, r *http.Request, by who) {
	replay := func(ctx context.Context, p *deadletters.Plan, tell func(deadletters.Progress)) (deadletters.Progress, error) {
		return c.replay(ctx, by.Name, p, tell)
	}
	j, refusal := c.jobs.start(r.PostForm.Get("plan"), by.Name, replay)
	if refusal != "" {
		c.fail(w, r, http.StatusConflict, refusal)
		return
	}
	// Most orders are about one command and over at once: its page says then what came of it.
	select {
	case <-j.ended:
	case <-time.After(singleWait):
	case <-r.Context().Done():
	}
	if s := j.state(); s.Over && s.Progress.Total == 1 && s.Progress.Replayed == 1 && s.Err == "" {
		l := s.Progress.Last.Entry.Letter
		http.Redirect(w, r, letterPath(l.Record.Partition, l.Record.Offset)+"?done=replayed", http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, progressPage, http.StatusSeeOther)
}

// singleWait is for how long an order is waited for before its progress is shown.
const singleWait = 2 * time.Second

var errNoOperator = errors.New("whoever ordered it stands no more in console.tokens_file")

// replay carries out what an operator has ordered, for as long as that is one.
func (c *Console) replay(ctx context.Context, operator string, p *deadletters.Plan, tell func(deadletters.Progress)) (deadletters.Progress, error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	was := deadletters.Progress{}
	progress, err := c.deps.Desk.Replay(ctx, p, func(now deadletters.Progress) {
		if now.Replayed > was.Replayed {
			c.access.acted("replay", "done")
		} else {
			c.access.acted("replay", "refused")
		}
		was = now
		tell(now)
		if !c.access.tokens.has(operator) {
			end(errNoOperator)
		}
	})
	if err != nil && ctx.Err() == nil {
		c.access.acted("replay", "failed")
		c.deps.Logger.Warn("an order for replays has ended early", "job", p.Job, "error", err)
	}
	return progress, err
}

func (c *Console) stopReplay(w http.ResponseWriter, r *http.Request, _ who) {
	c.jobs.interrupt()
	http.Redirect(w, r, progressPage, http.StatusSeeOther)
}

// progressView is what progress.html shows.
type progressView struct {
	jobState
	Percent int
	Left    string
	Notes   []stepRow
	Asks    who
}

func (c *Console) progress(by who) progressView {
	v := progressView{jobState: c.jobs.state(), Asks: by}
	if total := v.Progress.Total; total > 0 {
		v.Percent = 100 * v.Progress.Done / total
	}
	v.Left = age(v.Progress.Left)
	for _, s := range v.Refusals {
		v.Notes = append(v.Notes, stepRowOf(c, s, by))
	}
	return v
}

func (c *Console) showProgress(w http.ResponseWriter, r *http.Request, by who) {
	c.render(w, r, "progress", c.progress(by))
}

// showProgressPart answers with the part of the page that changes.
func (c *Console) showProgressPart(w http.ResponseWriter, _ *http.Request, by who) {
	c.writePart(w, "progress", "part", c.progress(by))
}
