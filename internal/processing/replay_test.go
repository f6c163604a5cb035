package processing

import (
	"strings"
	"testing"
	"testing/synctest"

	"bankprocessor/internal/command"
)

func (b *bundle) replayed(revision string) *bundle {
	b.m.Headers = append(b.m.Headers, command.Header{Key: command.HeaderReplayRevision, Value: []byte(revision)})
	return b
}

func TestAReplaysOutcomeHasItsRevision(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, complete()).replayed("3")
		b.bank.answers(command.CustomerComplete, ok(command.CodeCustomerCompleted))
		o := b.handle(t.Context())
		b.want(o, command.Succeeded, command.CodeCustomerCompleted, 1, "")
		if o.Revision != 3 {
			t.Errorf("revision %d", o.Revision)
		}
	})
}

func TestACommandsFirstOutcomeHasTheFirstRevision(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, complete())
		b.bank.answers(command.CustomerComplete, lost())
		o := b.handle(t.Context())
		b.want(o, command.InDoubt, command.CodeBankNoAnswer, 1, command.ReasonInDoubt)
		if o.Revision != command.FirstRevision || b.log.letters[0].Status != command.InDoubt {
			t.Errorf("revision %d, the letter goes with %q", o.Revision, b.log.letters[0].Status)
		}
	})
}

// What is meant by a header that names no revision nobody knows: it calls no bank, and
// publishes no outcome that might stand a second time.
func TestAReplayOfNoRevisionIsADeadLetterAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, complete()).replayed("1")
		if err := b.p.Handle(t.Context(), b.m); err != nil {
			t.Fatal(err)
		}
		if len(b.bank.sent) > 0 || len(b.log.outcomes) > 0 || len(b.log.letters) != 1 {
			t.Fatalf("%d calls, %d outcomes, %d letters", len(b.bank.sent), len(b.log.outcomes), len(b.log.letters))
		}
		l := b.log.letters[0]
		if l.Reason != command.ReasonMalformed || l.CommandID != "" || l.Status != "" || !strings.Contains(l.Text, command.HeaderReplayRevision) {
			t.Errorf("got %+v", l)
		}
	})
}
