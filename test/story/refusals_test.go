package story

import (
	"bytes"
	"strings"
	"testing"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/test/story/world"
)

// A command that comes back again and again is refused after so many replays; each time
// it has a letter of its own.
func TestACommandThatComesBackIsGuarded(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Processor()
	s := w.Storm("storm", 1)[0]
	w.Fault(banksim.Fault{Kind: banksim.FaultCode, Code: "999", Match: banksim.Match{Method: banksim.MethodInvoice}})
	first := w.Letter(s)
	again := append(strings.Fields("--execute --wait 20s --max-replays 2"), "--why", "perhaps now")
	w.DLQ(ayse, append([]string{"replay", s.ID}, again...)...).Says("FAILED").OK()
	w.DLQ(ayse, "list").Says("replayed FAILED", "open").OK()
	w.DLQ(ayse, "replay", first).Says("its replay has come to FAILED as revision 2, which has a dead letter of its own").OK()
	w.DLQ(ayse, append([]string{"replay", s.ID}, again...)...).Says("its command has a later dead letter, which this order is about", "FAILED").OK()
	w.DLQ(ayse, append([]string{"replay", s.ID}, again...)...).Says("it has come back after 2 replays", "--max-replays").Exit(1)
	w.Calm()
	w.DLQ(ayse, "replay", s.ID, "--execute", "--why", "the bank is back", "--max-replays", "3", "--wait", "20s").Says("SUCCEEDED").OK()
	if o := w.Outcome(s.ID, 4); o.Status != command.Succeeded {
		t.Errorf("got %s %s", o.Status, o.Code)
	}
}

// Two operators order the same at the same moment: every letter is one's or the other's,
// and is sent once.
func TestTwoOperatorsAtOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Processor()
	storm := w.Storm("storm", 12)
	one, other := w.StartDLQ(ayse, storms...), w.StartDLQ(mert, storms...)
	by := map[string]int{}
	for name, p := range map[string]*world.Process{ayse: one, mert: other} {
		r := p.Wait()
		by[name] = strings.Count(r.Out, "sent to ")
		if r.Code != 0 && !strings.Contains(r.Errs, "refused; each says why") {
			t.Errorf("%s: %s", name, r.Errs)
		}
	}
	if by[ayse]+by[mert] != len(storm) {
		t.Errorf("%v letters were sent, want %d together", by, len(storm))
	}
	sentOnce(w, storm)
}

// The same operator in two windows: nothing tells the one from the other's next try, and
// so a command may be published twice as the same revision. It is carried out once.
func TestOneOperatorInTwoWindows(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Processor()
	storm := w.Storm("storm", 12)
	one, other := w.StartDLQ(ayse, storms...), w.StartDLQ(ayse, storms...)
	one.Wait()
	other.Wait()
	w.DLQ(ayse, storms...).OK()
	for _, s := range storm {
		if o := w.Outcome(s.ID, 2); o.Status != command.Succeeded {
			t.Errorf("%s: %s %s", s.Name, o.Status, o.Code)
		}
	}
	recorded := map[string]int{}
	for _, i := range w.Ledger().Invoices {
		recorded[i.Number] += i.Applied("I")
	}
	for _, s := range storm {
		if recorded[s.Name] != 1 {
			t.Errorf("%s: the bank has recorded it %d times, want 1", s.Name, recorded[s.Name])
		}
	}
}

// What somebody has just begun is not finished by somebody else, who may be faster than
// the first is dead. The first goes on at once.
func TestSomebodyIsAtIt(t *testing.T) {
	t.Parallel()
	w := open(t)
	p := w.Processor()
	storm := w.Storm("storm", 1)
	w.Stop(p)
	if !killedAtWrite(w, 2) {
		t.Fatal("nothing was killed")
	}
	w.DLQ(mert, "list").Says("interrupted").OK()
	w.DLQ(mert, storms...).Says("ayse is at it since", "look again in a minute").Exit(1)
	w.DLQ(ayse, storms...).Says("1 replayed").OK()
	w.DLQ(mert, storms...).Says("0 letters").OK()
	w.DLQ(mert, "replay", storm[0].ID).Says("it was replayed by ayse", "its outcome is not there yet", "1 skipped").OK()
	w.Processor()
	sentOnce(w, storm)
}

// A resolution that is killed at any of its writes is finished by the same command line,
// as it was stated first, and stands as one event.
func TestAKilledResolutionIsFinished(t *testing.T) {
	t.Parallel()
	w := open(t)
	p := w.Processor()
	var doubtful []world.Sent
	for _, name := range []string{"one", "two", "three"} {
		fields := w.Customer(name)
		end := w.Fault(banksim.Fault{Kind: banksim.FaultAnswerLost, Match: banksim.Match{Method: banksim.MethodComplete}})
		s := w.Send(name, command.CustomerComplete, fields)
		w.Letter(s)
		w.Outcome(s.ID, 1)
		end()
		doubtful = append(doubtful, s)
	}
	w.Stop(p)
	for i, s := range doubtful {
		resolve := []string{"resolve", s.ID, "--execute", "--why", "the bank shows it as done", "--as"}
		if !killedWhile(w, i+1, append(resolve, "SUCCEEDED")...) {
			t.Fatalf("nothing was killed at write %d", i+1)
		}
		as := "SUCCEEDED"
		if i > 0 { // the statement stands: nobody makes another of it
			as = "FAILED"
		}
		w.DLQ(ayse, append(resolve, as)...).Says("outcome      2 SUCCEEDED operator.confirmed").OK()
		w.Outcome(s.ID, 2)
		events := w.Outcomes(s.ID, 2)
		for _, e := range events {
			if e.Header("ce_id") != events[0].Header("ce_id") || !bytes.Equal(e.Record.Value, events[0].Record.Value) {
				t.Errorf("%s has two different outcomes of revision 2", s.Name)
			}
		}
		w.DLQ(mert, append(resolve, "FAILED")...).Says("it was resolved as SUCCEEDED as revision 2 by ayse").Exit(1)
	}
}

// What the tool cannot do it says, with what to do.
func TestWhatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	w := open(t)
	for line, want := range map[string]string{
		"replay":                         "name letters, pick them with filters such as --reason, or take --all",
		"replay --all --reason in-doubt": "--all takes no filters",
		"replay dbs.limit.query/0@0 --reason in-doubt": "letters are named or picked with filters, not both",
		"replay nonsense":                                   "is neither a command's id nor a place",
		"replay --all --execute":                            "--execute needs --why",
		"replay --all --rate 0":                             "want more than 0",
		"replay --all --again":                              "for letters by their names",
		"replay --all --new-id":                             "for a single letter",
		"replay --reason in-doubt --payload -":              "for a single letter",
		"replay --since yesterday":                          "want a duration such as 24h, or a moment",
		"replay --until yesterday":                          "--until is",
		"replay dbs.limit.query/0@0 --payload /nowhere/p":   "/nowhere/p",
		"resolve dbs.limit.query/0@0":                       `required flag(s) "as" not set`,
		"resolve dbs.limit.query/0@0 --as IN_DOUBT":         `--as is "IN_DOUBT": want SUCCEEDED, REJECTED or FAILED`,
		"resolve dbs.limit.query/0@0 --as FAILED --execute": "--execute needs --why",
		"audit --action look":                               `--action is "look"`,
		"audit --letter nonsense":                           "want a place",
		"audit --command-id 1":                              "--command-id",
		"list --state shut":                                 "--state is",
		"list --reason sadness":                             "--reason is",
		"list --code no.such":                               "--code is",
		"list --command pay":                                "there is no command",
		"show a b":                                          "accepts 1 arg",
		"show dbs.limit.query/0@0 --reveal":                 "--reveal needs --why",
	} {
		code := 2
		if strings.Contains(line, "/nowhere/") {
			code = 1
		}
		w.DLQ(ayse, strings.Fields(line)...).Says(want).Exit(code)
	}
	for line, want := range map[string]string{
		"replay dbs.limit.query/0@0":               "there is no dead letter of dbs.limit.query/0@0",
		"resolve bank.dead-letter/0@7 --as FAILED": "there is no dead letter of bank.dead-letter/0@7",
		"show dbs.limit.query/1@3":                 "there is no dead letter of dbs.limit.query/1@3",
	} {
		w.DLQ(ayse, strings.Fields(line)...).Says(want, "retention").Exit(1)
	}
	w.DLQ(ayse, "replay", "--all").Says("0 letters: 0 to be replayed, 0 refused, 0 skipped; nothing is to be done").OK()
}
