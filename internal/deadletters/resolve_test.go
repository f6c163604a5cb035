package deadletters_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/kafka"
)

func (w *world) resolves(ref deadletters.Ref, as command.Status) deadletters.Resolved {
	w.t.Helper()
	done, err := w.Resolve(w.t.Context(), deadletters.Resolution{By: ayse, Ref: ref, As: as, Why: "the bank was asked", BankReference: "REF-7"})
	if err != nil {
		w.t.Fatal(err)
	}
	return done
}

func TestAResolutionIsTheNextOutcome(t *testing.T) {
	t.Parallel()
	for as, code := range map[command.Status]command.Code{
		command.Succeeded: command.CodeOperatorConfirmed,
		command.Rejected:  command.CodeOperatorRejected,
		command.Failed:    command.CodeOperatorNotApplied,
	} {
		t.Run(string(as), func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			ref := w.dead(1, command.InDoubt, command.CodeBankNoAnswer)
			r := deadletters.Resolution{By: ayse, Ref: deadletters.Ref{CommandID: id(1)}, As: as, Why: "the bank was asked"}
			preview, err := w.Preview(t.Context(), r)
			if err != nil || preview.Revision != 2 || len(w.outcomes()) != 1 || len(w.trail()) != 0 {
				t.Fatalf("a preview: %+v, %v", preview, err)
			}
			done := w.resolves(ref, as)
			if done.Revision != 2 || done.Event != "t.dbs.invoice.upsert.result/0@1" || done.Entry.State != deadletters.StateResolved {
				t.Errorf("got %+v", done)
			}
			want := []string{"1/1 IN_DOUBT bank.no_answer", "1/2 " + string(as) + " " + string(code)}
			if diff := cmp.Diff(want, w.outcomes()); diff != "" {
				t.Error(diff)
			}
			r1 := w.records(kafka.TopicPartition{Topic: "t.dbs.invoice.upsert.result"})[1]
			o, err := w.codec.DecodeOutcome(t.Context(), name, r1.Value)
			if err != nil || o.BankReference != "REF-7" || o.BankMessage != "" || o.ChannelRequestID != "r-1" || o.Attempts != 1 || string(r1.Key) != "SOLEN|0222" {
				t.Errorf("got %+v, %v", o, err)
			}
			headers := map[string]string{}
			for _, h := range r1.Headers {
				headers[h.Key] = string(h.Value)
			}
			if headers["ce_id"] != codec.EventID(id(1), 2) || headers["ce_revision"] != "2" || headers["ce_commandoffset"] != "0" {
				t.Errorf("headers %v", headers)
			}
			if diff := cmp.Diff([]string{"ayse@ops resolve intended 2 " + string(as), "ayse@ops resolve done 2 " + string(as)}, w.trail()); diff != "" {
				t.Error(diff)
			}
			if _, err := w.Resolve(t.Context(), r); err == nil || !strings.Contains(err.Error(), string(as)+" as revision 2") {
				t.Errorf("a second time: %v", err)
			}
			r.Correct = true
			if _, err := w.Resolve(t.Context(), r); err == nil || !strings.Contains(err.Error(), "already") {
				t.Errorf("corrected to the same: %v", err)
			}
			r.As = map[bool]command.Status{true: command.Failed, false: command.Succeeded}[as == command.Succeeded]
			if done, err := w.Resolve(t.Context(), r); err != nil || done.Revision != 3 || done.Entry.Status != r.As {
				t.Errorf("corrected: %+v, %v", done, err)
			}
		})
	}
}

func TestWhatIsNoDoubtIsNotResolved(t *testing.T) {
	t.Parallel()
	w := setup(t)
	failed := w.dead(1, command.Failed, command.CodeDBSBankUnexpectedError)
	unread := w.lettered(w.published(2, []byte("{")), "", "", command.CodeCommandUndecodable)
	open := w.lettered(w.published(3, invoice(3)), id(3), command.InDoubt, command.CodeBankNoAnswer)
	doubt := w.dead(4, command.InDoubt, command.CodeBankNoAnswer)
	for ref, want := range map[deadletters.Ref]string{
		failed: "no doubt", unread: "nothing to resolve", open: "still be at it", {CommandID: id(9)}: "no dead letter",
	} {
		r := deadletters.Resolution{By: ayse, Ref: ref, As: command.Failed, Why: "asked"}
		if _, err := w.Resolve(t.Context(), r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", ref, err, want)
		}
	}
	for _, as := range []command.Status{"", command.Partial, command.InDoubt, "succeeded"} {
		if _, err := w.Resolve(t.Context(), deadletters.Resolution{By: ayse, Ref: doubt, As: as, Why: "asked"}); err == nil {
			t.Errorf("as %q: no error", as)
		}
	}
	if len(w.trail()) > 0 {
		t.Errorf("story %v", w.trail())
	}
}

// The tool was gone after the claim, or after the event: the event that follows is the
// same, byte for byte, whatever was ordered the second time.
func TestAnInterruptedResolutionIsFinishedAsItWasIntended(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.dead(1, command.InDoubt, command.CodeBankNoAnswer)
	intended := command.AuditRecord{
		Action: command.AuditResolve, Phase: command.AuditIntended, ID: id(77), At: w.now, Actor: ayse.Name, Tool: ayse.Tool, Why: "asked",
		CommandID: id(1), Command: name, Revision: 2, Letter: ref.String(), Original: "t.dbs.invoice.upsert/0@0",
		Status: command.Succeeded, Code: command.CodeOperatorConfirmed,
	}
	w.audited(id(1), intended)
	if step := w.replays(w.Desk, w.order(ayse, ref)); !strings.Contains(step.Refused, "resolution as SUCCEEDED") {
		t.Errorf("a replay meanwhile: %+v", step)
	}
	done := w.resolves(ref, command.Failed)
	if !done.Resumed || done.Outcome.Status != command.Succeeded {
		t.Errorf("got %+v", done)
	}
	want := []string{"1/1 IN_DOUBT bank.no_answer", "1/2 SUCCEEDED operator.confirmed"}
	if diff := cmp.Diff(want, w.outcomes()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"ayse@ops resolve intended 2 SUCCEEDED", "ayse@ops resolve done 2 SUCCEEDED"}, w.trail()); diff != "" {
		t.Error(diff)
	}
}
