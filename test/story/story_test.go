package story

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/test/story/world"
)

// The people of the stories.
const (
	ayse = "ayse"
	mert = "mert"
)

// person is what stands in the commands and must not be printed.
var person = []string{world.Canary, "ayse@example.com", "5559999999", "5599999933"}

// A night: a storm of code 999 and lost answers have filled the dead letters, and an
// operator puts everything right from the command line. The bank's ledger says that
// nothing was done twice, and the audit tells the story.
func TestANight(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Processor()
	l := w.Fill(5)

	lists(w, l)
	shows(w, l)
	edits(w, l)
	replays(w, l)
	resolves(w, l)
	nothingTwice(w, l)

	w.DLQ(mert, "list", "--state", "open", "--output", "json").Says("0 dead letters").OK()
	golden(t, "testdata/night.txt", transcript(w, l.All()))
	discreet(w)
}

// lists looks at the letters through every filter.
func lists(w *world.World, l world.Letters) {
	w.T.Helper()
	everything := names(l.All()...)
	doubtful := names(l.Applied, l.Unapplied, l.Refused, l.Invoice, l.Vanished)
	soon := time.Now().Add(time.Minute).UTC().Format(time.RFC3339)
	for flags, want := range map[string][]string{
		"":                                 everything,
		"--state open --since 1h":          everything,
		"--state replayed":                 nil,
		"--until 1h":                       nil,
		"--until " + soon:                  everything,
		"--reason exhausted":               names(l.Storm...),
		"--code dbs.bank.unexpected_error": names(l.Storm...),
		"--reason in-doubt":                doubtful,
		"--reason in-doubt --command customer.complete": names(l.Applied, l.Unapplied, l.Refused),
		"--reason unknown-code":                         names(l.Unknown),
		"--reason malformed":                            names(l.Malformed, l.Unreadable),
		"--reason rejected-by-contract":                 names(l.Twin),
		"--key flow-applied":                            names(l.Applied),
		"--key-id 1":                                    nil,
	} {
		r := w.DLQ(ayse, append([]string{"list", "--output", "json"}, strings.Fields(flags)...)...)
		r.OK()
		if got := listed(w, r); !slices.Equal(got, sorted(want)) {
			w.T.Errorf("list %s: got %v, want %v", flags, got, sorted(want))
		}
	}
	w.DLQ(ayse, "list").Says("STATE", "open", l.Applied.ID, l.Applied.Place()).OK()
	w.DLQ(ayse, "list", "--state", "shut").Says(`--state is "shut": want open, interrupted`).Exit(2)
}

// listed are the names of listed letters, sorted.
func listed(w *world.World, r world.Ran) (all []string) {
	w.T.Helper()
	for _, line := range r.Lines() {
		var v struct {
			CommandID, Topic  string
			Partition, Offset int64
		}
		text, err := json.Marshal(line)
		if err == nil {
			err = json.Unmarshal(text, &v)
		}
		if err != nil {
			w.T.Fatal(err)
		}
		name := w.NameOf(placeOf(v.Topic, v.Partition, v.Offset))
		if strings.Contains(name, "@") {
			name = w.NameOf(v.CommandID)
		}
		all = append(all, name)
	}
	return sorted(all)
}

// shows looks into letters: masked, and as they are.
func shows(w *world.World, l world.Letters) {
	w.T.Helper()
	w.DLQ(ayse, "show", l.Applied.ID).Says(
		"reason       in-doubt", "state        open", "outcome      1 IN_DOUBT bank.no_answer", "attempt      1 at ",
		`"email": "***"`, `"flowReference": "flow-applied"`, "sealed with key ",
	).OK()
	w.DLQ(ayse, "show", l.Malformed.ID).Says("the value cannot be decoded: kvkkApproved: must be true or false").OK()
	w.DLQ(ayse, "show", l.Applied.ID, "--reveal").Says("--reveal needs --why").Exit(2)
	w.DLQ(ayse, "show", l.Applied.ID, "--reveal", "--why", "the bank asks who it is").Says(`"email": "ayse@example.com"`).OK()
	w.DLQ(ayse, "show", l.Malformed.ID, "--raw", "-", "--why", "what upstream has sent").Says(world.Canary).OK()
	refused := w.DLQ(ayse, "show", l.Applied.ID, "--reveal", "--why", "she is "+world.Canary)
	refused.Says("holds what looks like an identity number").Exit(1)
}

// edits replays with a payload, and as a command of its own.
func edits(w *world.World, l world.Letters) {
	w.T.Helper()
	mended := strings.Replace(w.Raw(l.Malformed), `"yes"`, "true", 1)
	file := w.File("mended.json")
	if err := os.WriteFile(file, []byte(mended), 0o600); err != nil {
		w.T.Fatal(err)
	}
	edit := []string{"replay", l.Malformed.ID, "--payload", file}
	w.DLQ(ayse, edit...).Says("1 to be replayed", "nothing has been done").OK()
	w.DLQ(ayse, append(edit, "--execute", "--why", "kvkkApproved is a boolean", "--wait", "20s")...).
		Says("1 replayed", "SUCCEEDED", "customer.flow.created").OK()
	same := []string{"replay", l.Twin.Place(), "--execute", "--why", "it is another command"}
	w.DLQ(ayse, same...).Says("another command has its commandId", "--new-id").Exit(1)
	w.DLQ(ayse, append(same, "--new-id", "--wait", "20s")...).Says("1 replayed", "SUCCEEDED").OK()
	text := strings.Replace(string(l.Storm[0].JSON), `"storm-1"`, `"unreadable"`, 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.T.Fatal(err)
	}
	w.DLQ(ayse, "replay", l.Unreadable.Place(), "--payload", file, "--new-id", "--execute", "--why", "as upstream has meant it", "--wait", "20s").
		Says("1 replayed", "SUCCEEDED").OK()
}

// replays has the storm carried out again: looked at first, and then done.
func replays(w *world.World, l world.Letters) {
	w.T.Helper()
	storm := []string{"replay", "--reason", "exhausted", "--rate", "50"}
	w.DLQ(ayse, storm...).Says("5 letters: 5 to be replayed, 0 refused, 0 skipped; nothing has been done").OK()
	for _, s := range l.Storm {
		if n := len(w.Replays(s.Record.Topic, w.Letter(s))); n > 0 {
			w.T.Errorf("a dry run has sent %s %d times", s.Name, n)
		}
	}
	w.DLQ(ayse, append(storm, "--execute")...).Says("--execute needs --why").Exit(2)
	w.DLQ(ayse, append(storm, "--execute", "--why", "x", "--max", "4")...).Says("5 letters would be replayed, more than --max allows (4)").Exit(1)
	start := time.Now()
	w.DLQ(ayse, append(storm, "--execute", "--why", "the bank is back", "--wait", "20s")...).Says("5 replayed", "dbs.invoice.accepted").OK()
	if took := time.Since(start); took < 80*time.Millisecond { // four waits of a fiftieth of a second
		w.T.Errorf("at 50 a second five took %v", took)
	}
	w.DLQ(ayse, append(storm, "--execute", "--why", "again")...).Says("0 letters: 0 replayed").OK()
	w.DLQ(ayse, "replay", l.Storm[0].ID).Says("it has come to SUCCEEDED since", "1 skipped").OK()
	w.DLQ(ayse, "replay", "--code", "dbs.bank.code_unknown", "--execute", "--why", "the bank knows its code again", "--wait", "20s").
		Says("SUCCEEDED", "dbs.limit.listed").OK()
}

// resolves puts what is in doubt right, each its own way.
func resolves(w *world.World, l world.Letters) {
	w.T.Helper()
	w.DLQ(ayse, "replay", "--reason", "in-doubt").Says("5 refused", "ask the bank", "--not-applied").Exit(1)
	w.DLQ(ayse, "replay", l.Unapplied.ID, "--not-applied", "--execute", "--why", "the bank has no such call", "--wait", "20s").
		Says("SUCCEEDED", "customer.flow.completed").OK()
	applied := []string{"resolve", l.Applied.ID, "--as", "SUCCEEDED", "--bank-reference", "TX-1"}
	w.DLQ(ayse, applied...).Says("outcome      2 SUCCEEDED operator.confirmed bank reference TX-1", "nothing has been done").OK()
	if got := w.Outcomes(l.Applied.ID, 2); len(got) > 0 {
		w.T.Errorf("what was only looked at has published %v", got[0].Outcome)
	}
	w.DLQ(mert, append(applied, "--execute", "--why", "the bank shows it as done")...).Says("published    customer.complete.result/").OK()
	w.DLQ(ayse, append(applied, "--execute", "--why", "me too")...).Says("it was resolved as SUCCEEDED as revision 2 by mert").Exit(1)
	w.DLQ(mert, "resolve", l.Refused.ID, "--as", "REJECTED", "--execute", "--why", "the bank has refused it", "--output", "json").
		Says(`"status":"REJECTED"`, `"code":"operator.rejected"`, `"revision":2`, `"executed":true`).OK()
	w.DLQ(mert, "resolve", l.Invoice.Place(), "--as", "SUCCEEDED", "--execute", "--why", "the bank lists it").OK()
	w.DLQ(mert, "resolve", w.Letter(l.Vanished), "--as", "FAILED", "--execute", "--why", "the bank knows nothing of it").OK()
	w.DLQ(mert, "resolve", l.Storm[1].ID, "--as", "FAILED").Says("it has come to SUCCEEDED as revision 2").Exit(1)
	for _, s := range []world.Sent{l.Applied, l.Refused, l.Invoice, l.Vanished} {
		w.DLQ(mert, "show", s.ID).Says("state        resolved", "outcome      2 ", "mert: resolve done").OK()
	}
}

// nothingTwice holds the bank's ledger to what the outcomes say.
func nothingTwice(w *world.World, l world.Letters) {
	w.T.Helper()
	completions := map[string]int{}
	ledger := w.Ledger()
	for _, f := range ledger.Flows {
		completions[placeOf("", f.ProcessID, f.CustomerID)] = f.Completions
	}
	for s, want := range map[*world.Sent]int{&l.Applied: 1, &l.Unapplied: 1, &l.Refused: 0} {
		var v struct{ ProcessID, CustomerNumber int64 }
		if err := json.Unmarshal(s.JSON, &v); err != nil {
			w.T.Fatal(err)
		}
		if got := completions[placeOf("", v.ProcessID, v.CustomerNumber)]; got != want {
			w.T.Errorf("%s: the bank has completed it %d times, want %d", s.Name, got, want)
		}
	}
	recorded := map[string]int{}
	for _, i := range ledger.Invoices {
		recorded[i.Number] += i.Applied("I")
	}
	want := map[string]int{"first": 1, "twin": 1, "unreadable": 1, l.Invoice.Name: 1}
	for _, s := range l.Storm {
		want[s.Name] = 1
	}
	for number, n := range want {
		if recorded[number] != n {
			w.T.Errorf("invoice %s: the bank has recorded it %d times, want %d", number, recorded[number], n)
		}
	}
	if len(recorded) != len(want) {
		w.T.Errorf("the bank has %v, want %v", recorded, want)
	}
}

// discreet fails for what tells of a person: in what was printed unless that was asked
// for, in the log, and in the audit.
func discreet(w *world.World) {
	w.T.Helper()
	search := func(where, text string) {
		for i, p := range person {
			if strings.Contains(text, p) {
				w.T.Errorf("%s: holds personal data (%d of the list)", where, i)
			}
		}
	}
	for _, r := range w.Said() {
		if !slices.Contains(r.Args, "--reveal") && !slices.Contains(r.Args, "--raw") {
			search("processor "+strings.Join(r.Args, " "), r.Out+r.Errs)
		}
	}
	search("the log", w.Log.String())
	for _, r := range w.Records(w.Topics.Audit()) {
		search("the audit", string(r.Key)+string(r.Value))
	}
	for _, r := range w.Records(w.Topics.DeadLetter()) {
		search("a dead letter", string(r.Key)+string(r.Value))
		for _, h := range r.Headers {
			search("a dead letter's header", h.Key+string(h.Value))
		}
	}
	outcomes := 0
	for _, name := range command.Names() {
		for _, r := range w.Records(w.Topics.Result(name)) {
			search("an outcome", string(r.Key)+string(r.Value))
			outcomes++
		}
	}
	if outcomes == 0 {
		w.T.Error("no outcome was looked at")
	}
}
