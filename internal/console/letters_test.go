package console

import (
	"context"
	"fmt"
	"html"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
	"bankprocessor/schemas"
)

const (
	invoice = command.DBSInvoiceUpsert
	person  = "10000000146"
)

// world is a bench with a broker, and a hand that writes as the processor does.
type world struct {
	*bench
	client    *kafka.Client
	topics    topics.Config
	batcher   *producers.Batcher
	publisher *producers.Publisher
	now       time.Time
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{topics: topics.Config{Partitions: 2}.WithDefaults(), now: time.Now()}
	box, err := sandbox.Start(context.WithoutCancel(t.Context()), sandbox.Options{Topics: w.topics})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Stop() })
	if w.client, err = kafka.New(kafka.Config{Brokers: box.Brokers()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.client.Close)
	events, err := codec.New(codec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	if w.batcher, err = producers.NewBatcher(producers.Config{}, w.client, producers.NopObserver{}, log); err != nil {
		t.Fatal(err)
	}
	w.batcher.Start(context.WithoutCancel(t.Context()))
	t.Cleanup(func() { _ = w.batcher.Stop(context.WithoutCancel(t.Context())) })
	w.publisher = producers.NewPublisher(w.batcher, producers.PublisherConfig{Encoder: events, Names: w.topics, Observer: producers.NopObserver{}, Log: log})
	w.bench = setupAuth(t)
	desk := deadletters.New(deadletters.Deps{
		Kafka: w.client, Codec: events, Topics: w.topics,
		Rules: func(now time.Time) command.Rules { return command.Rules{Now: now} },
	})
	w.c, err = New(w.c.cfg, Deps{
		Read: func() Reading { return Reading{} }, Desk: desk,
		Acted: func(action, result string) { w.acted = append(w.acted, action+" "+result) },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.h = w.c.Handler()
	t.Cleanup(func() { _ = w.c.Stop(context.WithoutCancel(t.Context())) })
	return w
}

func idOf(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// letter has a command published and given up: with its dead letter and its outcome. Its
// place is as forms and addresses have it.
func (w *world) letter(n int, status command.Status, code command.Code, mutate ...func(*kafka.Record, *command.DeadLetter)) string {
	w.t.Helper()
	r := kafka.Record{
		Topic: w.topics.Command(invoice), Partition: int32(n % 2), Key: []byte("SOLEN|0222"), Time: w.now.Truncate(time.Millisecond),
		Value: []byte(strings.ReplaceAll(schemas.Example(string(invoice)), "5b0c7a52-6a0f-4f0e-9d7c-0c6a5c9e1a05", idOf(n))),
	}
	l := &command.DeadLetter{Reason: command.ReasonExhausted, Code: code, Text: "the bank answers nothing but 999", FailedAt: w.now, CommandID: idOf(n), Status: status, Attempts: 2}
	if status == command.InDoubt {
		l.Reason = command.ReasonInDoubt
	}
	for _, m := range mutate {
		m(&r, l)
	}
	at, err := w.batcher.Produce(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	l.Message = &command.Message{Topic: r.Topic, Name: invoice, Partition: r.Partition, Offset: at, Time: r.Time, Key: r.Key, Value: r.Value, Headers: r.Headers}
	if err := w.publisher.DeadLetter(w.t.Context(), l); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.publisher.Outcome(w.t.Context(), l.Message, &command.Outcome{
		CommandID: l.CommandID, Command: invoice, Status: status, Code: code, Category: command.CategoryBankError,
		Revision: command.FirstRevision, ReceivedAt: w.now, CompletedAt: w.now, Attempts: 2,
	}); err != nil {
		w.t.Fatal(err)
	}
	return refText(r.Partition, w.end(w.topics.DeadLetter(), r.Partition)-1)
}

func (w *world) end(topic string, partition int32) int64 {
	w.t.Helper()
	tp := kafka.TopicPartition{Topic: topic, Partition: partition}
	ends, err := w.client.LogRange(w.t.Context(), []kafka.TopicPartition{tp})
	if err != nil {
		w.t.Fatal(err)
	}
	return ends[tp].Next
}

// written is how much has been written to every topic.
func (w *world) written() string {
	w.t.Helper()
	var all []string
	for _, spec := range w.topics.Specs() {
		for p := range int32(spec.Partitions) {
			if n := w.end(spec.Name, p); n > 0 {
				all = append(all, fmt.Sprintf("%s/%d %d", spec.Name, p, n))
			}
		}
	}
	return strings.Join(all, "\n")
}

// form is the session's word in a form.
func (w *world) form() string {
	w.t.Helper()
	found := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(text(w.t, w.do(http.MethodGet, "/signin", nil)))
	if found == nil {
		w.t.Fatal("nobody is signed in")
	}
	return found[1]
}

// page is a GET that has to be answered with that status.
func (w *world) page(status int, target string) string {
	w.t.Helper()
	return w.answered(status, w.do(http.MethodGet, target, nil))
}

// post sends a form of the session's.
func (w *world) post(target string, fields url.Values) *http.Response {
	w.t.Helper()
	fields.Set("form", w.form())
	return w.do(http.MethodPost, target, fields)
}

func (w *world) answered(status int, answer *http.Response) string {
	w.t.Helper()
	body := text(w.t, answer)
	if answer.StatusCode != status {
		w.t.Fatalf("got %d, want %d: %s", answer.StatusCode, status, body)
	}
	return body
}

func says(t *testing.T, page string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(page, want) {
			t.Errorf("want %q in\n%s", want, page)
		}
	}
}

// patterns are the paths of every route, as the source registers them, with a letter's
// place filled in.
func patterns(t *testing.T, ref string) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]string{"signInPath": signInPath, "progressPage": progressPage, "progressPart": progressPart}
	found := map[string]bool{"/nothing": true, "/letters/x/y": true}
	for _, f := range files {
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		for _, m := range regexp.MustCompile(`mux\.Handle(?:Func)?\("(?:[A-Z]+ )?([^"]*)"(?: ?\+ ?([\w.]+))?`).FindAllStringSubmatch(string(source), -1) {
			path := m[1] + named[m[2]]
			if m[2] == "file.address" {
				path = "/assets/x"
			}
			path = strings.NewReplacer("{$}", "", "{partition}/{offset}", ref).Replace(path)
			found[path] = true
		}
	}
	if len(found) < 16 {
		t.Fatalf("found %d routes only: %v", len(found), found)
	}
	var all []string
	for path := range found {
		all = append(all, path)
	}
	return all
}

// No request without a token changes anything, whatever its method and whatever it
// claims; nor does another site's, or one that only looks.
func TestNothingIsChangedWithoutAToken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.letter(1, command.InDoubt, command.CodeInvoiceUnresolved)
	w.signIn(w.token)
	session, form := w.jar, w.form()
	plan := regexp.MustCompile(`name="plan" value="([^"]+)"`).FindStringSubmatch(
		w.answered(200, w.post("/replay/plan", url.Values{"ref": {ref}, "why": {"a test"}, "not_applied": {"1"}})))[1]
	before := w.written()

	everything := url.Values{
		"why": {"a test"}, "confirm": {"1"}, "as": {"SUCCEEDED"}, "ref": {ref}, "plan": {plan}, "not_applied": {"1"}, "all": {"1"}, "rate": {"10"},
	}
	withForm := url.Values{"form": {form}}
	maps.Copy(withForm, everything)
	public := map[string]bool{"/": true, "/letters": true, "/signin": true, "/live": true, "/live/history": true, "/nothing": true, "/assets/x": true}
	for who, tt := range map[string]struct {
		jar     []*http.Cookie
		headers map[string]string
		form    url.Values
	}{
		"nobody":                   {form: withForm},
		"nobody, without a form":   {form: everything},
		"a wrong bearer":           {headers: map[string]string{"Authorization": "Bearer " + w.token + "x"}, form: withForm},
		"an empty bearer":          {headers: map[string]string{"Authorization": "Bearer "}, form: withForm},
		"another scheme":           {headers: map[string]string{"Authorization": "Basic " + w.token}, form: withForm},
		"a wrong cookie":           {jar: []*http.Cookie{{Name: session[0].Name, Value: w.token}}, form: withForm},
		"a session without a form": {jar: session, form: everything},
		"a session, another site":  {jar: session, headers: map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, form: withForm},
	} {
		for _, path := range patterns(t, ref) {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
				reads := method == "GET" || method == "HEAD"
				if reads && path == "/live" {
					continue // it streams until the reader leaves, and reads nothing that is sent
				}
				w.jar, w.headers = tt.jar, tt.headers
				w.c.access.attempts = newAttempts(time.Now) // what is slow is tested elsewhere
				target := path
				if method == "GET" || method == "HEAD" {
					target += "?" + tt.form.Encode()
				}
				status := w.do(method, target, tt.form).StatusCode
				switch {
				case reads && (public[path] || who[:1] == "a" && strings.Contains(who, "session")): // they may look
				case reads && status == http.StatusOK, !reads && (status < 300 || status >= 500),
					!reads && status != 303 && status != 400 && status != 401 && status != 403 && status != 404 && status != 405:
					t.Errorf("%s: %s %s is answered with %d", who, method, path, status)
				}
				if !reads && status == http.StatusSeeOther {
					t.Errorf("%s: %s %s is let through", who, method, path)
				}
			}
		}
	}
	if after := w.written(); after != before {
		t.Errorf("something was written: before\n%s\nafter\n%s", before, after)
	}
	if s := w.c.jobs.state(); s.Job != "" {
		t.Error("an order was carried out")
	}
	// The very same forms do change something once their session sends them.
	w.jar, w.headers = session, map[string]string{}
	w.answered(http.StatusSeeOther, w.do(http.MethodPost, "/replay/start", withForm))
	if after := w.written(); after == before {
		t.Error("nothing is written with a token either: the test shows nothing")
	}
}

func TestTheListIsForEverybodyAndTheLettersAreNot(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.letter(1, command.Failed, command.CodeDBSBankUnexpectedError)
	list := w.page(200, "/letters")
	says(t, list, idOf(1), "exhausted", "dbs.bank.unexpected_error", "Sign in")
	if strings.Contains(list, "SOLEN") || strings.Contains(list, "/letters/"+ref) || strings.Contains(list, `type="checkbox"`) {
		t.Errorf("a stranger sees keys, or ways in: %s", list)
	}
	w.page(400, "/letters?key=SOLEN%7C0222")
	answer := w.do(http.MethodGet, "/letters/"+ref, nil)
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/signin?next="+url.QueryEscape("/letters/"+ref) {
		t.Errorf("got %d to %s", answer.StatusCode, answer.Header.Get("Location"))
	}
	w.signIn(w.token)
	says(t, w.page(200, "/letters?key=SOLEN%7C0222"), "SOLEN|0222", "/letters/"+ref)
	w.jar = nil
	w.headers["Authorization"] = "Bearer " + w.token // a program has no session, and needs no form
	says(t, w.page(200, "/letters/"+ref), idOf(1))
	w.answered(200, w.do(http.MethodPost, "/letters/"+ref+"/reveal", url.Values{"why": {"a test"}}))
}

func TestTheListIsFilteredAndTurned(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for n := range 2*pageOfLetters + 5 {
		status, code := command.Failed, command.CodeDBSBankUnexpectedError
		if n%7 == 0 {
			status, code = command.InDoubt, command.CodeInvoiceUnresolved
		}
		w.now = w.now.Add(time.Millisecond)
		w.letter(n, status, code)
	}
	older := regexp.MustCompile(`href="([^"]+)" rel="next"`)
	seen := map[string]bool{}
	target, pages := "/letters", 0
	for ; target != ""; pages++ {
		page := w.page(200, target)
		for _, m := range regexp.MustCompile(`00000000-0000-4000-8000-\d{12}`).FindAllString(page, -1) {
			seen[m] = true
		}
		if target = ""; older.MatchString(page) {
			target = html.UnescapeString(older.FindStringSubmatch(page)[1])
		}
	}
	if pages != 3 || len(seen) != 2*pageOfLetters+5 {
		t.Errorf("%d letters on %d pages", len(seen), pages)
	}
	says(t, w.page(200, "/letters"), "1 to 50 of 105", idOf(104))
	for query, want := range map[string]string{
		"reason=in-doubt": "1 to 15 of 15 that match", "code=dbs.bank.unexpected_error": "1 to 50 of 90", "command=loan.income.submit": "None matches",
		"since=1h": "of 105", "until=1h": "None matches", "state=open": "of 105", "state=resolved": "None matches", "key_id=1": "None matches",
	} {
		says(t, w.page(200, "/letters?"+query), want)
	}
	for query, want := range map[string]string{
		"reason=nope": "no such reason", "command=nope": "no such command", "state=nope": "no such state", "since=soon": "Since: want",
		"until=-1h": "Until: want",
	} {
		says(t, w.page(400, "/letters?"+query), want)
	}
	w.letter(1000, command.Failed, command.CodeDBSBankUnexpectedError)
	says(t, w.page(200, "/letters"), "of 106", idOf(1000))
}

func TestALetterIsMaskedUntilItIsRevealed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.letter(1, command.Failed, command.CodeDBSBankUnexpectedError, func(r *kafka.Record, _ *command.DeadLetter) {
		r.Headers = []kafka.Header{{Key: "source", Value: []byte("header-" + person)}}
	})
	w.signIn(w.token)
	audit := w.end(w.topics.Audit(), 0)
	page := w.page(200, "/letters/"+ref)
	says(t, page, "the bank answers nothing but 999", "SOLEN|0222", "Header source", "***", "unexpected error")
	if strings.Contains(page, person) || w.end(w.topics.Audit(), 0) != audit {
		t.Error("a person is shown, or looking at what is masked is audited")
	}
	says(t, w.answered(409, w.post("/letters/"+ref+"/reveal", url.Values{"why": {" "}})), "A reason is missing")
	revealed := w.answered(200, w.post("/letters/"+ref+"/reveal", url.Values{"why": {"the bank asks <b>who</b>"}}))
	says(t, revealed, "header-"+person, "looked at the values", "the bank asks &lt;b&gt;who&lt;/b&gt;", "alice")
	if w.end(w.topics.Audit(), 0) != audit+1 {
		t.Error("it is not audited once")
	}
	says(t, w.page(200, "/audit"), "alice", "console", "looked at the values", "/letters/"+ref)
	w.page(404, "/letters/0/99999")
	w.page(404, "/letters/9/0")
	w.page(404, "/letters/x/0")
}

// Whatever somebody has stored comes out as text.
func TestStoredTextIsNoMarkup(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const bad = `"><script>alert(1)</script><img src=x onerror=alert(2)>` + "\u202e"
	ref := w.letter(1, command.Failed, command.Code(bad), func(r *kafka.Record, l *command.DeadLetter) {
		r.Key, r.Value = []byte(bad), []byte(`{"commandId": "`+strings.ReplaceAll(bad, `"`, `\"`)+`"}`)
		r.Headers = []kafka.Header{{Key: bad, Value: []byte(bad)}}
		l.Text, l.Reason, l.CommandID = bad+"\u202e\x1b[31m", command.DeadLetterReason(bad), bad
	})
	w.signIn(w.token)
	for _, target := range []string{
		"/letters", "/letters?code=" + url.QueryEscape(bad), "/letters/" + ref, "/letters/" + ref + "/resolve", "/replay?ref=" + url.QueryEscape(bad),
		"/replay?all=1&code=" + url.QueryEscape(bad), "/signin?next=" + url.QueryEscape("/"+bad), "/letters/" + ref + "?done=" + url.QueryEscape(bad), "/audit",
	} {
		page := text(t, w.do(http.MethodGet, target, nil))
		if strings.Contains(page, "<script>") || strings.Contains(page, "<img src=x") {
			t.Errorf("%s: %s", target, page)
		}
		if stored := !strings.Contains(target, "%E2%80%AE"); stored && strings.ContainsAny(page, "\u202e\x1b") {
			t.Errorf("%s: a stored text turns the page around: %s", target, page)
		}
	}
	for target, fields := range map[string]url.Values{
		"/letters/" + ref + "/reveal": {"why": {bad}}, "/letters/" + ref + "/edit": {"why": {bad}}, "/letters/" + ref + "/resolve": {"why": {bad}, "as": {bad}},
		"/replay/plan": {"ref": {ref}, "why": {bad}, "payload": {bad}, "edit": {"1"}, "code": {bad}},
	} {
		page := text(t, w.post(target, fields))
		if strings.Contains(page, "<script>") || strings.Contains(page, "<img src=x") || !strings.Contains(page, "&lt;script&gt;") {
			t.Errorf("%s: %s", target, page)
		}
	}
	says(t, w.page(200, "/letters/"+ref), "&lt;script&gt;alert(1)")
}
