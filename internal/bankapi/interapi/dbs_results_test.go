package interapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/command"
)

// rangeBank lists one invoice per day and refuses ranges over its bound.
type rangeBank struct {
	mu    sync.Mutex
	bound int
	asked [][2]string // every QueryDate and EndDate, refused ones included
	ids   []string
	// answer, where set, replaces what the bank would say to a day.
	answer map[string]string
}

func (b *rangeBank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Header     struct{ ChannelRequestId string }
		Parameters []struct{ QueryDate, EndDate string }
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	p := request.Parameters[0]
	from, _ := command.ParseDate(p.QueryDate[:10])
	to, _ := command.ParseDate(p.EndDate[:10])
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, [2]string{from.String(), to.String()})
	b.ids = append(b.ids, request.Header.ChannelRequestId)
	if a, ok := b.answer[from.String()]; ok {
		_, _ = io.WriteString(w, a)
		return
	}
	if b.bound > 0 && from.DaysUntil(to)+1 > b.bound {
		_, _ = io.WriteString(w, data(fmt.Sprintf(
			`"DBSInvoiceResult":[{"ResultCode":"203","ResultMessage":"Maksimum tarih aralığı aşıldı, maksimum tarih aralığı: %d gün"}]`, b.bound)))
		return
	}
	list := `{"ResultCode":"000"}`
	for d := from; d.Compare(to) <= 0; d = d.AddDays(1) {
		list += `,{"InvoiceNumber":"` + d.String() + `"}`
	}
	_, _ = io.WriteString(w, data(`"DBSInvoiceResult":[`+list+`]`))
}

func span(t *testing.T, from, to string) *command.QueryInvoiceResults {
	t.Helper()
	return &command.QueryInvoiceResults{CompanyCode: "SOLEN", FromDueDate: day(t, from), ToDueDate: day(t, to)}
}

func numbers(v command.Verdict) []string {
	list, ok := v.Result.(*command.InvoiceResultList)
	if !ok {
		return nil
	}
	var got []string
	for _, row := range list.Rows {
		got = append(got, row.InvoiceNumber)
	}
	return got
}

func TestResultsAreSplitByWhatTheBankTells(t *testing.T) {
	t.Parallel()
	b := &rangeBank{bound: 3}
	methods := methodsAt(t, serve(t, b))
	v := send(t, methods, span(t, "2020-10-30", "2020-11-05"))
	want := []string{"2020-10-30", "2020-10-31", "2020-11-01", "2020-11-02", "2020-11-03", "2020-11-04", "2020-11-05"}
	if v.Status != command.Succeeded || v.Code != command.CodeResultsListed || v.BankCode != "000" || !slices.Equal(numbers(v), want) {
		t.Fatalf("verdict %+v with %v", v, numbers(v))
	}
	wantAsked := [][2]string{
		{"2020-10-30", "2020-11-05"}, // refused with 203
		{"2020-10-30", "2020-11-01"}, {"2020-11-02", "2020-11-04"}, {"2020-11-05", "2020-11-05"},
	}
	if !slices.Equal(b.asked, wantAsked) {
		t.Errorf("asked %v, want %v", b.asked, wantAsked)
	}
	slices.Sort(b.ids)
	if len(slices.Compact(b.ids)) != len(wantAsked) {
		t.Error("two exchanges share a ChannelRequestId")
	}

	// The bound is remembered: the next query of the company splits at once.
	b.asked = nil
	send(t, methods, span(t, "2020-12-01", "2020-12-04"))
	if want := [][2]string{{"2020-12-01", "2020-12-03"}, {"2020-12-04", "2020-12-04"}}; !slices.Equal(b.asked, want) {
		t.Errorf("asked %v, want %v", b.asked, want)
	}
	// Of another company nothing is known.
	b.asked = nil
	other := span(t, "2020-12-01", "2020-12-04")
	other.CompanyCode, other.CustomerNumber = "OTHER", 1
	send(t, methods, other)
	if len(b.asked) != 3 || b.asked[0] != [2]string{"2020-12-01", "2020-12-04"} {
		t.Errorf("asked %v", b.asked)
	}
}

func TestResultsAreSplitByConfiguration(t *testing.T) {
	t.Parallel()
	b := &rangeBank{}
	methods := methodsAt(t, serve(t, b), func(c *Config, _ *Deps) { c.MaxRangeDays = 2 })
	v := send(t, methods, span(t, "2020-02-28", "2020-03-01"))
	if want := []string{"2020-02-28", "2020-02-29", "2020-03-01"}; !slices.Equal(numbers(v), want) || len(b.asked) != 2 {
		t.Errorf("verdict %+v with %v, asked %v", v, numbers(v), b.asked)
	}
	// A bound that the bank tells below the configured one is learned, too.
	b.bound, b.asked = 1, nil
	v = send(t, methods, span(t, "2020-03-01", "2020-03-03"))
	if len(numbers(v)) != 3 || len(b.asked) != 4 {
		t.Errorf("verdict %+v with %v, asked %v", v, numbers(v), b.asked)
	}
}

func TestResultsSplitOnlyOnce(t *testing.T) {
	t.Parallel()
	const stubborn = `"DBSInvoiceResult":[{"ResultCode":"203","ResultMessage":"maximum date range: %s days"}]`
	for name, c := range map[string]struct {
		days     string
		requests int
	}{
		"the bank refuses its own bound":  {"2", 2},
		"the bound is not below the part": {"3", 1},
		"the bound cannot be read":        {"{X}", 1},
		"the bound is nothing":            {"0", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, []answer{{body: data(fmt.Sprintf(stubborn, c.days))}})
			v := f.call(t, resultsCommand(t))
			if v.Status != command.Rejected || v.Code != command.CodeResultsRangeTooLong || v.Retry != never || v.DeadLetter || v.BankCode != "203" || v.Result != nil {
				t.Errorf("verdict %+v", v)
			}
			if len(f.bank.bodies) != c.requests {
				t.Errorf("%d requests, want %d", len(f.bank.bodies), c.requests)
			}
		})
	}
}

func TestResultsPartsShareOneFate(t *testing.T) {
	t.Parallel()
	const empty = `"DBSInvoiceResult":[{"ResultCode":"201","ResultMessage":"yok"}]`
	for name, c := range map[string]struct {
		answer map[string]string
		status command.Status
		code   command.Code
		rows   int
	}{
		"one part is empty":  {map[string]string{"2020-11-01": data(empty)}, "SUCCEEDED", "dbs.results.listed", 2},
		"the last is empty":  {map[string]string{"2020-11-03": data(empty)}, "SUCCEEDED", "dbs.results.listed", 2},
		"all are empty":      {map[string]string{"2020-11-01": data(empty), "2020-11-02": data(empty), "2020-11-03": data(empty)}, "SUCCEEDED", "dbs.results.empty", 0},
		"one part fails":     {map[string]string{"2020-11-02": data(`"DBSInvoiceResult":[{"ResultCode":"999"}]`)}, "FAILED", "dbs.bank.unexpected_error", 0},
		"one part is no use": {map[string]string{"2020-11-03": `<html>`}, "FAILED", "bank.answer_unreadable", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &rangeBank{answer: c.answer}
			methods := methodsAt(t, serve(t, b), func(cfg *Config, _ *Deps) { cfg.MaxRangeDays = 1 })
			v := send(t, methods, resultsCommand(t))
			if v.Status != c.status || v.Code != c.code || len(numbers(v)) != c.rows || (v.Result != nil) != (c.status == "SUCCEEDED") {
				t.Errorf("verdict %+v with %v", v, numbers(v))
			}
		})
	}
}

func TestResultsPartsAreBounded(t *testing.T) {
	t.Parallel()
	b := &rangeBank{}
	methods := methodsAt(t, serve(t, b), func(c *Config, _ *Deps) { c.MaxRangeDays, c.MaxParts = 1, 3 })
	if v := send(t, methods, span(t, "2020-11-01", "2020-11-03")); v.Status != command.Succeeded {
		t.Errorf("verdict %+v", v)
	}
	b.asked = nil
	v := send(t, methods, span(t, "2020-11-01", "2020-11-04"))
	if v.Status != command.Rejected || v.Code != command.CodeResultsRangeTooLong || v.Delivery != command.NotSent || v.DeadLetter || len(b.asked) != 0 {
		t.Errorf("verdict %+v, asked %v", v, b.asked)
	}
}

// Every part stands in the group's limits of its own: a breaker that opens
// between two parts stops the query.
func TestResultsPartsGoThroughTheGroup(t *testing.T) {
	t.Parallel()
	b := &rangeBank{answer: map[string]string{"2020-11-01": data(`"DBSInvoiceResult":[{"ResultCode":"000"}]`), "2020-11-02": `<html>`}}
	group, err := bankapi.NewGroup(bankapi.GroupInterAPIDBSRead, bankapi.GroupConfig{ConsecutiveFailures: 1, OpenFor: time.Hour}, nil)
	if err != nil {
		t.Fatal(err)
	}
	methods := methodsAt(t, serve(t, b), func(c *Config, d *Deps) { c.MaxRangeDays, d.DBSRead = 1, group })
	send(t, methods, resultsCommand(t))
	if len(b.asked) != 2 {
		t.Fatalf("asked %v, want two parts", b.asked)
	}
	v := send(t, methods, resultsCommand(t))
	if v.Delivery != command.NotSent || v.Retry != command.RetryPause || len(b.asked) != 2 {
		t.Errorf("verdict %+v, asked %v", v, b.asked)
	}
	gate, ok := methods[command.DBSInvoiceResultsQuery].(bankapi.Gate)
	if !ok || !gate.Shut() {
		t.Error("the method's gate is open")
	}
}

func TestPartsCoverTheRangeOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := command.DateFromEpochDays(rapid.Int32Range(10_000, 30_000).Draw(t, "from"))
		to := from.AddDays(rapid.IntRange(0, 400).Draw(t, "length"))
		days := rapid.IntRange(0, 40).Draw(t, "days")
		next, count := from, 0
		for next.Compare(to) <= 0 {
			part := partFrom(next, to, days)
			if part.from != next || part.to.Compare(part.from) < 0 || part.to.Compare(to) > 0 || (days > 0 && part.days() > days) {
				t.Fatalf("part %v of %v..%v by %d", part, from, to, days)
			}
			next, count = part.to.AddDays(1), count+1
		}
		if count != parts(from, to, days) {
			t.Fatalf("%d parts, told %d", count, parts(from, to, days))
		}
	})
}
