package console

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
)

func TestOneIsReplayedAndAnotherEdited(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.letter(1, command.Failed, command.CodeDBSBankUnexpectedError)
	second := w.letter(2, command.Failed, command.CodeDBSBankUnexpectedError)
	w.signIn(w.token)
	says(t, w.page(200, "/replay?ref="+url.QueryEscape(first)), "Dry run", "is published again")
	says(t, w.answered(400, w.post("/replay/plan", url.Values{"ref": {first}})), "Say in a few words why")
	says(t, w.answered(400, w.post("/replay/plan", url.Values{"ref": {first}, "why": {"asked " + person}})), "looks like an identity number")
	before := w.end(w.topics.Command(invoice), 1)
	plan := w.answered(200, w.post("/replay/plan", url.Values{"ref": {first}, "why": {"999 is over"}}))
	says(t, plan, "Send 1 command", "It is sent again as revision 2.")
	if w.end(w.topics.Command(invoice), 1) != before {
		t.Fatal("the dry run sends")
	}
	id := regexp.MustCompile(`name="plan" value="([^"]+)"`).FindStringSubmatch(plan)[1]
	answer := w.post("/replay/start", url.Values{"plan": {id}})
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/letters/"+first+"?done=replayed" {
		t.Errorf("got %d to %s", answer.StatusCode, answer.Header.Get("Location"))
	}
	if w.end(w.topics.Command(invoice), 1) != before+1 {
		t.Error("it is not sent once")
	}
	says(t, w.page(200, "/letters/"+first+"?done=replayed"), "replaying", "999 is over", "has sent it again")
	says(t, w.answered(409, w.post("/replay/start", url.Values{"plan": {id}})), "was carried out already")
	says(t, w.answered(200, w.post("/replay/plan", url.Values{"ref": {first}, "why": {"once more"}})), "Nothing would be sent")

	edit := w.answered(200, w.post("/letters/"+second+"/edit", url.Values{"why": {"the amount was wrong"}}))
	payload := html.UnescapeString(regexp.MustCompile(`(?s)<textarea id="payload"[^>]*>\n?(.*?)</textarea>`).FindStringSubmatch(edit)[1])
	says(t, payload, idOf(2))
	changed := regexp.MustCompile(`("dealerCode": )"[^"]*"`).ReplaceAllString(payload, `$1"0333"`)
	fields := url.Values{"ref": {second}, "edit": {"1"}, "why": {"the amount was wrong"}, "was": {payload}, "payload": {strings.ReplaceAll(changed, "\n", "\r\n")}}
	says(t, w.answered(409, w.post("/replay/plan", url.Values{"ref": {first, second}, "edit": {"1"}, "why": {"x"}, "payload": {changed}})), "for one dead letter")
	plan = w.answered(200, w.post("/replay/plan", fields))
	id = regexp.MustCompile(`name="plan" value="([^"]+)"`).FindStringSubmatch(plan)[1]
	w.answered(http.StatusSeeOther, w.post("/replay/start", url.Values{"plan": {id}}))
	says(t, w.page(200, "/letters/"+second), "with another payload", "became", "replaying")

	// What was looked at and left as it is goes out as it came.
	third := w.letter(3, command.Failed, command.CodeDBSBankUnexpectedError)
	edit = w.answered(200, w.post("/letters/"+third+"/edit", url.Values{"why": {"to see it"}}))
	payload = html.UnescapeString(regexp.MustCompile(`(?s)<textarea id="payload"[^>]*>\n?(.*?)</textarea>`).FindStringSubmatch(edit)[1])
	fields = url.Values{"ref": {third}, "edit": {"1"}, "why": {"to see it"}, "was": {payload}, "payload": {strings.ReplaceAll(payload, "\n", "\r\n")}}
	id = regexp.MustCompile(`name="plan" value="([^"]+)"`).FindStringSubmatch(w.answered(200, w.post("/replay/plan", fields)))[1]
	w.answered(http.StatusSeeOther, w.post("/replay/start", url.Values{"plan": {id}}))
	if page := w.page(200, "/letters/"+third); strings.Contains(page, "another payload") || strings.Contains(page, "became") {
		t.Errorf("an unchanged payload counts as another: %s", page)
	}
	if got := strings.Join(w.acted, ", "); got != "sign_in done, replay done, reveal done, replay done, reveal done, replay done" {
		t.Errorf("told %s", got)
	}
}

func TestWhatIsInDoubtWantsAStatement(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.letter(1, command.InDoubt, command.CodeInvoiceUnresolved)
	w.signIn(w.token)
	says(t, w.answered(200, w.post("/replay/plan", url.Values{"ref": {ref}, "why": {"x"}})), "refused", "ask the bank", "Nothing would be sent")
	says(t, w.answered(200, w.post("/replay/plan", url.Values{"ref": {ref}, "why": {"x"}, "not_applied": {"1"}})), "Send 1 command", "applied twice")
}

func TestManyAreReplayedWithProgressAndStopped(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const many = 12
	for n := range many {
		w.letter(n, command.Failed, command.CodeDBSBankUnexpectedError)
	}
	w.signIn(w.token)
	order := func(rate string) *http.Response {
		plan := w.answered(200, w.post("/replay/plan", url.Values{"all": {"1"}, "reason": {"exhausted"}, "why": {"999 is over"}, "rate": {rate}}))
		id := regexp.MustCompile(`name="plan" value="([^"]+)"`).FindStringSubmatch(plan)[1]
		return w.post("/replay/start", url.Values{"plan": {id}})
	}
	if at := order("2").Header.Get("Location"); at != progressPage {
		t.Fatalf("led to %s", at)
	}
	says(t, w.page(200, progressPage), " of 12 done", "Stop", "999 is over", `http-equiv="refresh"`)
	says(t, w.answered(409, order("2")), "Another order is being carried out")
	w.answered(http.StatusSeeOther, w.post("/replay/stop", url.Values{}))
	<-w.c.jobs.current.ended
	part := w.page(200, progressPart)
	says(t, part, "Stopped after", "nothing is sent twice")
	if strings.Contains(part, "<html") {
		t.Error("the part is a whole page")
	}
	sent := w.c.jobs.state().Progress.Replayed
	if sent == 0 || sent == many {
		t.Fatalf("stopped after %d", sent)
	}
	order("1000")
	<-w.c.jobs.current.ended
	says(t, w.page(200, progressPage), "All "+strconv.Itoa(many-sent)+" done.")
	replays := w.end(w.topics.Command(invoice), 0) + w.end(w.topics.Command(invoice), 1) - many
	if replays != many {
		t.Errorf("%d commands were sent, want %d", replays, many)
	}
}

// An order does not outlive its processor, and goes on from where it was.
func TestAStopOfTheProcessorEndsAnOrder(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for n := range 4 {
		w.letter(n, command.Failed, command.CodeDBSBankUnexpectedError)
	}
	w.signIn(w.token)
	plan := w.answered(200, w.post("/replay/plan", url.Values{"all": {"1"}, "why": {"x"}, "rate": {"0.1"}}))
	id := regexp.MustCompile(`name="plan" value="([^"]+)"`).FindStringSubmatch(plan)[1]
	w.answered(http.StatusSeeOther, w.post("/replay/start", url.Values{"plan": {id}}))
	for range 2 {
		if err := w.c.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if s := w.c.jobs.state(); s.Running || !strings.Contains(s.Err, "processor stops") {
		t.Errorf("got %+v", s)
	}
	plan = w.answered(200, w.post("/replay/plan", url.Values{"all": {"1"}, "why": {"x"}, "rate": {"1000"}}))
	id = regexp.MustCompile(`name="plan" value="([^"]+)"`).FindStringSubmatch(plan)[1]
	says(t, w.answered(409, w.post("/replay/start", url.Values{"plan": {id}})), "is stopping")
}

// Whose token is taken away orders nothing more, and what they have ordered ends.
func TestAnOrderEndsWithItsOperatorsToken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for n := range 4 {
		w.letter(n, command.Failed, command.CodeDBSBankUnexpectedError)
	}
	w.signIn(w.token)
	plan := w.answered(200, w.post("/replay/plan", url.Values{"all": {"1"}, "why": {"x"}, "rate": {"2"}}))
	id := regexp.MustCompile(`name="plan" value="([^"]+)"`).FindStringSubmatch(plan)[1]
	w.write("# nobody\n")
	j, refusal := w.c.jobs.start(id, "alice", func(ctx context.Context, p *deadletters.Plan, tell func(deadletters.Progress)) (deadletters.Progress, error) {
		return w.c.replay(ctx, "alice", p, tell)
	})
	if refusal != "" {
		t.Fatal(refusal)
	}
	<-j.ended
	if s := w.c.jobs.state(); s.Progress.Replayed == 4 || !strings.Contains(s.Err, "console.tokens_file") {
		t.Errorf("got %+v", s)
	}
}

func TestOneIsResolved(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.letter(1, command.InDoubt, command.CodeInvoiceUnresolved)
	w.signIn(w.token)
	says(t, w.page(200, "/letters/"+ref), "/letters/"+ref+"/resolve")
	says(t, w.page(200, "/letters/"+ref+"/resolve"), "What became of it")
	says(t, w.answered(400, w.post("/letters/"+ref+"/resolve", url.Values{"why": {"x"}})), "Say what became")
	says(t, w.answered(400, w.post("/letters/"+ref+"/resolve", url.Values{"as": {"SUCCEEDED"}})), "how you know")
	says(t, w.answered(409, w.post("/letters/"+ref+"/resolve", url.Values{"as": {"IN_DOUBT"}, "why": {"x"}})), "is no resolution")
	says(t, w.answered(409, w.post("/letters/"+ref+"/resolve", url.Values{"as": {"SUCCEEDED"}, "why": {"asked " + person}})), "leave it out")
	before := w.written()
	fields := url.Values{"as": {"SUCCEEDED"}, "why": {"the bank's list has it"}, "bank_reference": {"REF-1"}}
	preview := w.answered(200, w.post("/letters/"+ref+"/resolve", fields))
	says(t, preview, "This will be published", "operator.confirmed", "REF-1", "Publish SUCCEEDED")
	if w.written() != before {
		t.Fatal("the preview publishes")
	}
	fields.Set("confirm", "1")
	answer := w.post("/letters/"+ref+"/resolve", fields)
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/letters/"+ref+"?done=resolved" {
		t.Fatalf("got %d: %s", answer.StatusCode, text(t, answer))
	}
	says(t, w.page(200, "/letters/"+ref+"?done=resolved"), "resolved: SUCCEEDED", "is published", "Nothing is left to do", "operator.confirmed", "REF-1")
	says(t, w.answered(409, w.post("/letters/"+ref+"/resolve", fields)), "It was resolved as SUCCEEDED as revision 2 by alice")
	says(t, w.page(200, "/letters/"+ref), "Correct the resolution…")
	says(t, w.page(200, "/letters/"+ref+"/resolve"), "I take back the resolution that stands")
	correction := url.Values{"as": {"FAILED"}, "why": {"it was another's"}, "correct": {"1"}}
	says(t, w.answered(200, w.post("/letters/"+ref+"/resolve", correction)), "Publish FAILED", `name="correct"`)
	correction.Set("confirm", "1")
	w.answered(http.StatusSeeOther, w.post("/letters/"+ref+"/resolve", correction))
	says(t, w.page(200, "/letters/"+ref), "resolved: FAILED", "operator.not_applied")
	says(t, w.page(200, "/letters/"+ref+"?done=%3Cscript%3E"), "resolved: FAILED")
	says(t, w.page(200, "/letters?state=resolved"), "1 to 1 of 1")
	says(t, w.page(200, "/audit"), "has resolved it as SUCCEEDED operator.confirmed", "is about to resolve")
}
