package alerts

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bankprocessor/internal/app"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/demo"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
	"bankprocessor/internal/upstream"
	"bankprocessor/schemas"
	"bankprocessor/test/inbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// elsewhere are the series that a processor has only when something happens that does
// not happen here; their names and labels are checked against the code alone.
var elsewhere = map[string]string{
	"processor_certificate_not_after_timestamp_seconds":  "no certificate is configured",
	"processor_commands_recovered_total":                 "nobody has crashed",
	"processor_dead_letter_key":                          "no keyset is configured",
	"processor_intake_drain_duration_seconds_bucket":     "nothing is handed over",
	"processor_intake_failed_records_total":              "no run ends without an outcome",
	"processor_intake_lost_offsets_total":                "nothing is deleted",
	"processor_intake_skipped_records_total":             "there is no predecessor",
	"processor_operator_actions_total":                   "nobody works at the console",
	"processor_produce_omitted_total":                    "no record is too large",
	"processor_produce_retries_total":                    "the broker is well",
	"processor_registry_away":                            "there is no registry",
	"processor_registry_request_duration_seconds_bucket": "there is no registry",
	"processor_registry_waiting":                         "there is no registry",
	"processor_trace_export_duration_seconds_bucket":     "nothing is traced",
	"processor_trace_spans_queued":                       "nothing is traced",
	"processor_trace_spans_total":                        "nothing is traced",
	"processor_console_clients":                          "no page is open",
	"processor_file_stale":                               "no file need be followed",
	"processor_intake_paused":                            "a partition may always be read",
}

// After traffic, good and bad, a processor's own /metrics has the series that the
// dashboard reads, with the labels by which it tells them apart.
func TestTheDashboardFindsItsSeries(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	w.trade()

	_, board := expressions(t)
	want := map[string]Query{}
	for _, e := range board {
		q := Read(e.text)
		for _, s := range q.Selectors {
			if elsewhere[s.Name] == "" && !strings.Contains(s.Name, ":") && s.Name != "ALERTS" {
				want[e.where+": "+s.Name] = Query{Selectors: []Selector{s}, Grouping: q.Grouping}
			}
		}
	}
	if len(want) < 60 {
		t.Fatalf("only %d series to look for", len(want))
	}
	var seen []Selector
	w.until("the series", func() bool {
		seen = append(seen, w.scrape()...)
		for where, q := range want {
			if slices.ContainsFunc(seen, func(s Selector) bool { return answers(s, q) }) {
				delete(want, where)
			}
		}
		return len(want) == 0
	})
	for where, q := range want {
		t.Errorf("%s is not there: %+v", where, q)
	}
}

// answers says whether a series that was scraped is one that q reads. The labels that
// Prometheus adds are left out, and so are values of Grafana's variables.
func answers(scraped Selector, q Query) bool {
	s := q.Selectors[0]
	if scraped.Name != s.Name {
		return false
	}
	has := map[string]string{}
	for _, m := range scraped.Matchers {
		has[m.Label] = m.Value
	}
	for _, m := range s.Matchers {
		if !strings.Contains(m.Value, "$") && !m.Matches(has[m.Label]) {
			return false
		}
	}
	for _, label := range q.Grouping {
		if _, ok := has[label]; !ok && !slices.Contains(target, label) && ofMetric(s.Name, label) {
			return false
		}
	}
	return true
}

// world is a processor in a sandbox.
type world struct {
	*testing.T
	*inbox.Inbox
	bank    *banksim.Bank
	app     *app.App
	sender  *upstream.Sender
	drafter upstream.Drafter
	letters int
	ended   map[string]command.Status // by command id
}

func openWorld(t *testing.T) *world {
	t.Helper()
	ctx := t.Context()
	box, err := sandbox.Start(ctx, sandbox.Options{Topics: topics.Config{Partitions: 2}})
	must(t, err)
	t.Cleanup(func() { must(t, box.Stop()) })
	cfg := demo.Config(box)
	cfg.Topics.Partitions = 2
	w := &world{T: t, Inbox: inbox.New(), bank: box.Bank(), ended: map[string]command.Status{}}
	w.app, err = app.New(cfg, app.Options{Version: "test"})
	must(t, err)
	must(t, w.app.Start(ctx))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.app.StopTimeout())
		defer cancel()
		must(t, w.app.Stop(ctx))
	})
	client, err := kafka.New(kafka.Config{Brokers: box.Brokers()})
	must(t, err)
	t.Cleanup(client.Close)
	events, err := codec.New(codec.Options{})
	must(t, err)
	w.sender, err = upstream.NewSender(context.WithoutCancel(ctx), client, slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(func() { must(t, w.sender.Close(context.WithoutCancel(ctx))) })
	w.drafter = upstream.Drafter{
		Codec: events, Topics: cfg.Topics, Now: time.Now, NewIDs: true,
		Rules: func(now time.Time) command.Rules { return command.Rules{Now: now} },
	}
	w.Watch(t, client, events, cfg.Topics, func(e downstream.Event) {
		if e.DeadLetter() {
			w.letters++
		} else if e.Outcome != nil {
			w.ended[e.Outcome.CommandID] = e.Outcome.Status
		}
	})
	return w
}

// draft changes a command's published example into a record.
func (w *world) draft(name command.Name, fields map[string]any) upstream.Draft {
	w.Helper()
	all := map[string]any{}
	d := json.NewDecoder(strings.NewReader(schemas.Example(string(name))))
	d.UseNumber()
	must(w.T, d.Decode(&all))
	maps.Copy(all, fields)
	text, err := json.Marshal(all)
	must(w.T, err)
	draft, err := w.drafter.FromJSON(name, text)
	must(w.T, err)
	return draft
}

func (w *world) send(records ...kafka.Record) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	_, err := w.sender.Send(ctx, records...)
	must(w.T, err)
}

func (w *world) fault(f banksim.Fault) (end func()) {
	w.Helper()
	id, err := w.bank.AddFault(f)
	must(w.T, err)
	return func() { w.bank.ClearFaults(id) }
}

// trade is a day in short: every command once, an answer that is lost and looked up, one
// that stays in doubt, a command published twice, one under a wrong key, one that cannot
// be read, and an outage.
func (w *world) trade() {
	w.Helper()
	var ids []string
	for _, name := range command.Names() {
		d := w.draft(name, nil)
		w.send(d.Record)
		ids = append(ids, d.Command.ID)
	}
	w.await(ids...)

	w.fault(banksim.Fault{Kind: banksim.FaultAnswerLost, Times: 1, Match: banksim.Match{Method: banksim.MethodInvoice}})
	lost := w.draft(command.DBSInvoiceUpsert, map[string]any{"invoiceNumber": "LOST-1"})
	w.send(lost.Record)
	w.await(lost.Command.ID)

	w.fault(banksim.Fault{Kind: banksim.FaultAnswerLost, Times: 2, Match: banksim.Match{Method: banksim.MethodLoan}})
	doubtful := w.draft(command.LoanIncomeSubmit, map[string]any{"applicationNumber": 777})
	odd := w.draft(command.DBSLimitQuery, nil)
	odd.Record.Key = []byte("odd")
	unreadable := w.draft(command.CustomerCreate, nil).Record
	unreadable.Value = []byte("{")
	w.send(doubtful.Record, odd.Record, odd.Record, unreadable)
	w.await(doubtful.Command.ID, odd.Command.ID)
	w.until("dead letters", func() bool { w.Lock(); defer w.Unlock(); return w.letters >= 2 })

	end := w.fault(banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: http.StatusServiceUnavailable, Match: banksim.Match{Method: banksim.MethodLimit}})
	ids = nil
	for range 8 {
		d := w.draft(command.DBSLimitQuery, nil)
		w.send(d.Record)
		ids = append(ids, d.Command.ID)
	}
	w.until("the breaker to open", func() bool {
		return slices.ContainsFunc(w.scrape(), func(s Selector) bool { return s.Name == "processor_bank_breaker_changes_total" })
	})
	end()
	w.await(ids...)

	w.fault(banksim.Fault{
		Kind: banksim.FaultHTTP, HTTPStatus: http.StatusTooManyRequests, Headers: map[string]string{"Retry-After": "3600"},
		Match: banksim.Match{Method: banksim.MethodResults},
	})
	w.send(w.draft(command.DBSInvoiceResultsQuery, nil).Record) // its gate stays shut
}

func (w *world) await(ids ...string) {
	w.Helper()
	if !w.Until(30*time.Second, func() bool {
		return !slices.ContainsFunc(ids, func(id string) bool { return w.ended[id] == "" })
	}) {
		w.Fatal("not every command has its outcome")
	}
}

// until looks now and then, until a deadline.
func (w *world) until(what string, ok func() bool) {
	w.Helper()
	deadline := time.After(20 * time.Second)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-deadline:
			w.Errorf("still waiting for %s", what)
			return
		}
	}
}

// scrape reads /metrics as Prometheus does by default.
func (w *world) scrape() (all []Selector) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, fmt.Sprintf("http://%s/metrics", w.app.AdminAddress()), nil)
	must(w.T, err)
	req.Header.Set("Accept", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Do(req)
	must(w.T, err)
	defer func() { must(w.T, resp.Body.Close()) }()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		line, _, _ = strings.Cut(line, " # ") // an exemplar
		all = append(all, Read(line).Selectors[0])
	}
	must(w.T, lines.Err())
	return all
}
