package deadletters_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/kafka"
)

func TestAReplayIsTheOriginalAsTheNextRevision(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.dead(1, command.Failed, command.CodeDBSBankUnexpectedError)
	step := w.replays(w.Desk, w.order(ayse, ref))
	if step.Refused != "" || step.Revision != 2 || step.Entry.State != deadletters.StateReplaying {
		t.Fatalf("got %+v", step)
	}
	sent := w.sent()
	if len(sent) != 1 || string(sent[0].Value) != string(invoice(1)) || string(sent[0].Key) != "SOLEN|0222" {
		t.Fatalf("%d replays", len(sent))
	}
	if revision, ok := sent[0].Revision(); !ok || revision != 2 || string(sent[0].Header(command.HeaderReplayCount)) != "1" ||
		string(sent[0].Header(command.HeaderReplayOf)) != ref.String() {
		t.Errorf("headers %v", sent[0].Headers)
	}
	// Before its outcome is there nothing is done a second time.
	if again := w.replays(w.Desk, w.order(mert, ref)); again.Skipped == "" || len(w.sent()) != 1 {
		t.Errorf("got %+v", again)
	}
	w.concluded(sent[0], 1, command.Succeeded, command.CodeInvoiceAccepted)
	if again := w.replays(w.Desk, w.order(mert, ref)); !strings.Contains(again.Skipped, "SUCCEEDED") || again.Entry.State != deadletters.StateReplayed {
		t.Errorf("got %+v", again)
	}
	want := []string{"ayse@ops replay intended 2", "ayse@ops replay done 2", "processor replay outcome 2 SUCCEEDED"}
	if diff := cmp.Diff(want, w.trail()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for title, tt := range map[string]struct {
		status command.Status
		order  func(*deadletters.Order)
		before func(*world, deadletters.Ref)
		want   string // of Refused or Skipped; "" for a replay
	}{
		"failed":                    {status: command.Failed},
		"in doubt":                  {status: command.InDoubt, want: "may have been applied"},
		"pending":                   {status: command.Pending, want: "may have been applied"},
		"in doubt, and not applied": {status: command.InDoubt, order: func(o *deadletters.Order) { o.NotApplied = true }},
		"succeeded since":           {status: command.Succeeded, order: func(o *deadletters.Order) { o.NotApplied = true }, want: "has come to SUCCEEDED"},
		"no outcome yet":            {status: "", want: "its outcome is not in"},
		"resolved as done": {status: command.InDoubt, order: func(o *deadletters.Order) { o.NotApplied = true },
			before: func(w *world, ref deadletters.Ref) { w.resolves(ref, command.Succeeded) }, want: "has come to SUCCEEDED"},
		"resolved as not done": {status: command.InDoubt,
			before: func(w *world, ref deadletters.Ref) { w.resolves(ref, command.Failed) }},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			m := w.published(1, invoice(1))
			ref := w.lettered(m, id(1), tt.status, command.CodeDBSBankUnexpectedError)
			if tt.status != "" {
				w.concluded(m, 1, tt.status, command.CodeDBSBankUnexpectedError)
			}
			if tt.before != nil {
				tt.before(w, ref)
			}
			o := w.order(ayse, ref)
			if tt.order != nil {
				tt.order(&o)
			}
			step := w.replays(w.Desk, o)
			if got := step.Refused + step.Skipped; (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) || step.Replay != (tt.want == "") {
				t.Errorf("got %q, replay %t, want %q", got, step.Replay, tt.want)
			}
			if n := len(w.sent()); (n == 1) != (tt.want == "") {
				t.Errorf("%d records were sent", n)
			}
		})
	}
}

// The processor that wrote the letter died, and its successor proved the invoice done.
func TestALettersWordIsHeldAgainstTheOutcome(t *testing.T) {
	t.Parallel()
	w := setup(t)
	m := w.published(1, invoice(1))
	ref := w.lettered(m, id(1), command.InDoubt, command.CodeBankNoAnswer)
	w.concluded(m, 1, command.Succeeded, command.CodeInvoiceAlreadyRecorded)
	_, err := w.Resolve(t.Context(), deadletters.Resolution{By: ayse, Ref: ref, As: command.Failed, Why: "the bank does not know it"})
	if refusal, ok := errors.AsType[*deadletters.RefusedError](err); !ok || !strings.Contains(refusal.Reason, "SUCCEEDED") {
		t.Errorf("got %v", err)
	}
	if len(w.outcomes()) != 1 {
		t.Errorf("outcomes %v", w.outcomes())
	}
}

func TestWhatComesBackAgainAndAgainIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.dead(1, command.Failed, command.CodeDBSBankUnexpectedError)
	for round := range 4 {
		step := w.replays(w.Desk, w.order(ayse, ref))
		if round == 3 {
			if !strings.Contains(step.Refused, "3 replays") {
				t.Errorf("got %+v", step)
			}
			break
		}
		if !step.Replay || int(step.Revision) != round+2 {
			t.Fatalf("round %d: got %+v", round, step)
		}
		sent := w.sent()
		m := sent[len(sent)-1]
		next := w.lettered(m, id(1), command.Failed, command.CodeDBSBankUnexpectedError)
		w.concluded(m, 1, command.Failed, command.CodeDBSBankUnexpectedError)
		if old := w.replays(w.Desk, w.order(ayse, ref)); !strings.Contains(old.Skipped, "letter of its own") {
			t.Errorf("the letter before: got %+v", old)
		}
		ref = next
	}
	o := w.order(ayse, ref)
	o.MaxReplays = 4
	if step := w.replays(w.Desk, o); !step.Replay {
		t.Errorf("got %+v", step)
	}
}

// Wherever a tool is gone, to order the same again finishes what was begun: one record
// in the command topic, and a story that says so.
func TestAnInterruptedReplayIsFinishedOnce(t *testing.T) {
	t.Parallel()
	for title, lost := range map[string]string{"before it was sent": "sent", "before that was said": "done"} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			ref := w.dead(1, command.Failed, command.CodeDBSBankUnexpectedError)
			intended := command.AuditRecord{
				Action: command.AuditReplay, Phase: command.AuditIntended, ID: id(77), At: w.now, Actor: ayse.Name, Tool: ayse.Tool,
				CommandID: id(1), Command: name, Revision: 2, Letter: ref.String(), Original: "t.dbs.invoice.upsert/0@0", Target: "t.dbs.invoice.upsert/0@1",
			}
			w.audited(id(1), intended)
			if lost == "done" {
				w.published(1, invoice(1), kafka.Header{Key: command.HeaderReplayRevision, Value: []byte("2")}, kafka.Header{Key: command.HeaderReplayID, Value: []byte(id(77))})
			}
			if step := w.replays(w.Desk, w.order(mert, ref)); !strings.Contains(step.Refused, "ayse@ops is at it") {
				t.Errorf("somebody else, at once: got %+v", step)
			}
			o := w.order(ayse, ref)
			o.Payload = invoice(1)
			if step := w.replays(w.Desk, o); !strings.Contains(step.Refused, "as it is") {
				t.Errorf("with a payload: got %+v", step)
			}
			step := w.replays(w.Desk, w.order(ayse, ref))
			if !step.Resumed || step.Refused != "" || step.Revision != 2 || step.Entry.State != deadletters.StateReplaying {
				t.Errorf("got %+v", step)
			}
			if sent := w.sent(); len(sent) != 1 || string(sent[0].Header(command.HeaderReplayID)) != id(77) {
				t.Errorf("%d records were sent", len(sent))
			}
			if diff := cmp.Diff([]string{"ayse@ops replay intended 2", "ayse@ops replay intended 2", "ayse@ops replay done 2"}, w.trail()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A processor of a release before takes a replay for a duplicate, and no outcome comes.
func TestAReplayThatNobodyHasSeenIsSentAgainAsTheSame(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.dead(1, command.Failed, command.CodeDBSBankUnexpectedError)
	w.replays(w.Desk, w.order(ayse, ref))
	o := w.order(ayse)
	o.Again = true
	if p := w.plan(w.Desk, o); len(p.Steps) > 0 {
		t.Errorf("by filter: %+v", p.Steps)
	}
	o.Refs = []deadletters.Ref{ref}
	if step := w.replays(w.Desk, o); !step.Resumed || step.Refused != "" || step.Revision != 2 {
		t.Errorf("got %+v", step)
	}
	sent := w.sent()
	if len(sent) != 2 || string(sent[0].Header(command.HeaderReplayID)) != string(sent[1].Header(command.HeaderReplayID)) {
		t.Fatalf("%d records were sent", len(sent))
	}
	w.concluded(sent[0], 1, command.Succeeded, command.CodeInvoiceAccepted)
	if step := w.replays(w.Desk, o); !strings.Contains(step.Skipped, "SUCCEEDED") {
		t.Errorf("got %+v", step)
	}
}

func (w *world) audited(key string, a command.AuditRecord) {
	w.t.Helper()
	value, err := w.codec.EncodeAudit(&a)
	if err != nil {
		w.t.Fatal(err)
	}
	w.produce(kafka.Record{Topic: w.topics.Audit(), Key: []byte(key), Value: value})
}

// Whoever is first in the audit's log sends, and the others are told.
func TestOfManyOperatorsOneSends(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.dead(1, command.InDoubt, command.CodeBankNoAnswer)
	const many = 6
	var all sync.WaitGroup
	var mu sync.Mutex
	replayed, resolved := 0, 0
	for i := range many {
		d := w.desk()
		by := deadletters.Operator{Name: id(i), Tool: "cli"}
		all.Go(func() {
			if i%2 == 0 {
				_, err := d.Resolve(t.Context(), deadletters.Resolution{By: by, Ref: ref, As: command.Failed, Why: "asked"})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					resolved++
				} else if _, ok := errors.AsType[*deadletters.RefusedError](err); !ok {
					t.Error(err)
				}
				return
			}
			o := w.order(by, ref)
			o.NotApplied = true
			p, err := d.Plan(t.Context(), o)
			if err != nil {
				t.Error(err)
				return
			}
			progress, err := d.Replay(t.Context(), p, nil)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			replayed += progress.Replayed
		})
	}
	all.Wait()
	// A replay after a resolution as not applied is a thing to do; two of either are not.
	if replayed > 1 || resolved > 1 || replayed+resolved == 0 || len(w.sent()) != replayed || len(w.outcomes()) != 1+resolved {
		t.Errorf("%d replayed, %d resolved, %d sent, outcomes %v, story %v", replayed, resolved, len(w.sent()), w.outcomes(), w.trail())
	}
}

func TestManyAreReplayedInTheirOrderUntilTheOrderEnds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const many = 8
	for n := range many {
		w.dead(n, command.Failed, command.CodeDBSBankUnexpectedError)
	}
	w.dead(many, command.InDoubt, command.CodeBankNoAnswer)
	o := w.order(ayse)
	ctx, cancel := context.WithCancel(t.Context())
	p := w.plan(w.Desk, o)
	progress, err := w.Replay(ctx, p, func(p deadletters.Progress) {
		if p.Done == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || progress.Done != 3 || progress.Total != many || progress.Refused != 1 {
		t.Fatalf("got %+v, %v", progress, err)
	}
	if progress, err = w.Replay(t.Context(), w.plan(w.Desk, o), nil); err != nil || progress.Replayed != many-3 || progress.Total != many-3 {
		t.Errorf("got %+v, %v", progress, err)
	}
	sent := w.sent()
	if len(sent) != many {
		t.Fatalf("%d records were sent", len(sent))
	}
	for n, m := range sent {
		if !strings.Contains(string(m.Value), id(n)) {
			t.Errorf("the %d. is another's", n)
		}
	}
}

func TestAReasonIsNeededAndTellsOfNobody(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.dead(1, command.Failed, command.CodeDBSBankUnexpectedError)
	for _, why := range []string{"", "  ", "the customer " + person + " called", "kisi@example.com asked", strings.Repeat("x", 501)} {
		o := w.order(ayse, ref)
		o.Why = why
		if _, err := w.Replay(t.Context(), w.plan(w.Desk, o), nil); err == nil || strings.Contains(err.Error(), person) {
			t.Errorf("%q: got %v", why, err)
		}
	}
	if len(w.sent()) > 0 || len(w.trail()) > 0 {
		t.Errorf("%d were sent, story %v", len(w.sent()), w.trail())
	}
}

// The clock of whoever wrote the outcome may be behind the letter's.
func TestAnOutcomeOfAnotherClockIsFound(t *testing.T) {
	t.Parallel()
	w := setup(t)
	m := w.published(1, invoice(1))
	w.now = w.now.Add(3 * time.Minute)
	ref := w.lettered(m, id(1), command.Failed, command.CodeDBSBankUnexpectedError)
	w.concluded(m, 1, command.Failed, command.CodeDBSBankUnexpectedError)
	if step := w.replays(w.Desk, w.order(ayse, ref)); !step.Replay {
		t.Errorf("got %+v", step)
	}
}
