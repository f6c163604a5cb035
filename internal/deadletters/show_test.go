package deadletters_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/kafka"
)

func (w *world) shown(ref deadletters.Ref, o deadletters.ShowOptions) deadletters.View {
	w.t.Helper()
	found, err := w.Find(w.t.Context(), ref)
	if err != nil || len(found) != 1 {
		w.t.Fatalf("%d letters, %v", len(found), err)
	}
	v, err := w.Show(w.t.Context(), found[0], o)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// textOf is all that a view shows of the original's.
func textOf(v deadletters.View) string {
	text := string(v.Command)
	for _, h := range v.Headers {
		text += " " + h.Name + string(h.Shown)
	}
	return text
}

func TestWhatMayTellOfAPersonIsMaskedUnlessThatIsAudited(t *testing.T) {
	t.Parallel()
	w := setup(t)
	value := []byte(strings.Replace(string(invoice(1)), `"NAME"`, `"AYLIN"`, 1))
	m := w.published(1, value, kafka.Header{Key: "x-note", Value: []byte(person)}, kafka.Header{Key: person, Value: nil})
	ref := w.lettered(m, id(1), command.InDoubt, command.CodeBankNoAnswer)
	w.concluded(m, 1, command.InDoubt, command.CodeBankNoAnswer)

	v := w.shown(ref, deadletters.ShowOptions{})
	if text := textOf(v); strings.Contains(text, "AYLIN") || strings.Contains(text, person) {
		t.Errorf("shown: %s", text)
	}
	if len(w.trail()) > 0 {
		t.Errorf("story %v", w.trail())
	}
	found, _ := w.Find(t.Context(), ref)
	if _, err := w.Show(t.Context(), found[0], deadletters.ShowOptions{Reveal: true, By: ayse}); err == nil {
		t.Error("want no look without a reason")
	}
	v = w.shown(ref, deadletters.ShowOptions{Reveal: true, By: ayse, Why: "the customer asked"})
	if text := textOf(v); !strings.Contains(text, "AYLIN") || !strings.Contains(text, person) {
		t.Errorf("not shown: %s", text)
	}
	if b, err := w.Export(t.Context(), found[0], mert, "for the bank"); err != nil || string(b) != string(value) {
		t.Errorf("got %s, %v", b, err)
	}
	if diff := cmp.Diff([]string{"ayse@ops reveal done 0", "mert@ops export done 0"}, w.trail()); diff != "" {
		t.Error(diff)
	}
}

func TestALetterShowsItsStory(t *testing.T) {
	t.Parallel()
	w := setup(t)
	m := w.published(1, invoice(1))
	for i, withdrawn := range []bool{false, false, true} {
		a := &command.Attempt{
			CommandID: id(1), Command: name, Number: i%2 + 1, ChannelRequestID: fmt.Sprint("r-", i%2), StartedAt: w.now, Offset: m.Offset, Withdrawn: withdrawn,
		}
		a.StartedAt = a.StartedAt.UTC().Truncate(time.Millisecond)
		if i == 2 {
			a.ChannelRequestID = "r-1"
		}
		if _, err := w.publisher.Attempt(t.Context(), m, a); err != nil {
			t.Fatal(err)
		}
	}
	ref := w.lettered(m, id(1), command.InDoubt, command.CodeBankNoAnswer)
	w.concluded(m, 1, command.InDoubt, command.CodeBankNoAnswer)
	w.resolves(ref, command.Failed)
	w.replays(w.Desk, w.order(mert, ref))
	w.concluded(w.sent()[0], 1, command.Succeeded, command.CodeInvoiceAccepted)

	v := w.shown(ref, deadletters.ShowOptions{})
	if len(v.Attempts) != 1 || v.Attempts[0].ChannelRequestID != "r-0" {
		t.Errorf("attempts %+v", v.Attempts)
	}
	var outcomes []string
	for _, o := range v.Outcomes {
		outcomes = append(outcomes, fmt.Sprintf("%d %s %s", o.Revision, o.Status, o.Code))
	}
	want := []string{"1 IN_DOUBT bank.no_answer", "2 FAILED operator.not_applied", "3 SUCCEEDED dbs.invoice.accepted"}
	if diff := cmp.Diff(want, outcomes); diff != "" {
		t.Error(diff)
	}
	if len(v.Trail) != 5 || v.Entry.State != deadletters.StateReplayed || v.Entry.Status != command.Succeeded {
		t.Errorf("%d in the trail, %+v", len(v.Trail), v.Entry.Standing)
	}
}

func TestListPicks(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.dead(1, command.Failed, command.CodeDBSBankUnexpectedError)
	w.now = w.now.Add(time.Minute)
	w.dead(2, command.InDoubt, command.CodeBankNoAnswer)
	w.lettered(w.published(3, []byte("{")), "", "", command.CodeCommandUndecodable)
	w.produce(kafka.Record{Topic: w.topics.DeadLetter(), Value: []byte("not ours")})
	w.replays(w.Desk, w.order(ayse, first))
	for title, tt := range map[string]struct {
		filter deadletters.Filter
		want   int
	}{
		"all":         {want: 4},
		"reason":      {deadletters.Filter{Reason: command.ReasonInDoubt}, 1},
		"code":        {deadletters.Filter{Code: command.CodeDBSBankUnexpectedError}, 1},
		"command":     {deadletters.Filter{Command: name}, 3},
		"other":       {deadletters.Filter{Command: command.CustomerCreate}, 0},
		"key":         {deadletters.Filter{Key: "SOLEN|0222"}, 3},
		"no such key": {deadletters.Filter{Key: "SOLEN"}, 0},
		"open":        {deadletters.Filter{State: deadletters.StateOpen}, 2},
		"replaying":   {deadletters.Filter{State: deadletters.StateReplaying}, 1},
		"since":       {deadletters.Filter{Since: w.now}, 2},
		"until":       {deadletters.Filter{Until: w.now}, 1},
	} {
		seen, unreadable := 0, 0
		err := w.List(t.Context(), tt.filter, func(_ deadletters.Entry, err error) bool {
			seen++
			if err != nil {
				unreadable++
			}
			return true
		})
		if err != nil || seen != tt.want || (unreadable > 0) != (title == "all") {
			t.Errorf("%s: %d, %d of them unreadable, %v, want %d", title, seen, unreadable, err, tt.want)
		}
	}
}

func TestOfAMissingAuditTheDeskSaysWhatToDo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.topics.Prefix = "other."
	err := w.desk().List(t.Context(), deadletters.Filter{}, func(deadletters.Entry, error) bool { return true })
	if err == nil || !strings.Contains(err.Error(), "other.bank.audit") || !strings.Contains(err.Error(), "processor topics apply") {
		t.Errorf("got %v", err)
	}
}
