package producers

import (
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/command"
)

// replayed is the message of a replay, whose revision is 2.
func replayed() *command.Message {
	m := message()
	m.Headers = append(m.Headers,
		command.Header{Key: command.HeaderReplayRevision, Value: []byte("2")},
		command.Header{Key: command.HeaderReplayOf, Value: []byte("bank.dead-letter/1@7")})
	return m
}

func TestWhatCameOfAReplayStandsInTheAuditFirst(t *testing.T) {
	t.Parallel()
	w := &shelf{}
	p, _ := publisher(w, sizer{}, nil, io.Discard)
	o := outcome()
	o.Revision = 2
	if _, err := p.Outcome(t.Context(), replayed(), o); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range w.records {
		got = append(got, r.Topic+" "+string(r.Key)+" "+string(r.Value))
	}
	want := []string{
		"p.bank.audit " + commandID + " replay outcome bank.dead-letter/1@7 2 SUCCEEDED dbs.invoice.accepted",
		"p.dbs.invoice.upsert.result A|1 SUCCEEDED",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAReplaysAttemptAndLetterSayTheirRevision(t *testing.T) {
	t.Parallel()
	w := &shelf{}
	p, _ := publisher(w, sizer{}, nil, io.Discard)
	if _, err := p.Attempt(t.Context(), replayed(), &command.Attempt{ChannelRequestID: "r"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][2]string{{command.HeaderReplayRevision, "2"}}, texts(w.records[0].Headers)); diff != "" {
		t.Error(diff)
	}
	d := &command.DeadLetter{Message: replayed(), Reason: command.ReasonInDoubt, CommandID: commandID, Status: command.InDoubt}
	if err := p.DeadLetter(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	l, err := ReadLetter(w.records[1])
	if err != nil || l.Revision != 2 || l.Status != command.InDoubt {
		t.Errorf("got %+v, %v", l, err)
	}
	d.Message, d.Status = message(), ""
	if err := p.DeadLetter(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if l, err = ReadLetter(w.records[2]); err != nil || l.Revision != command.FirstRevision || l.Status != "" {
		t.Errorf("got %+v, %v", l, err)
	}
}
