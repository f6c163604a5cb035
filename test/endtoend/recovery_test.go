package endtoend

import (
	"maps"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
)

// The group's offsets are lost, or set back to the beginning, and nothing else is: no
// command is carried out again, however few outcomes are remembered otherwise.
func TestOffsetsThatAreLostCallNoBankAgain(t *testing.T) {
	t.Parallel()
	for name, disaster := range map[string]func(w *world){
		"the group is deleted": (*world).loseGroup,
		"offsets are set back": func(w *world) {
			w.setOffsets(func(kafka.TopicPartition) (int64, string) { return 0, "" })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openWorld(t, sandbox.Options{})
			w.watch()
			few := func(c *config.Config) { c.History.Window = 1 }
			a := w.processor(quickly, few)
			first, second := w.oneOfEach("LOST-1"), w.oneOfEach("LOST-2")
			w.concluded(first)
			w.concluded(second)
			must(t, stop(a))
			seq := w.lastBankCall()

			disaster(w)
			a = w.processor(quickly, few)
			last := w.oneOfEach("LOST-3") // behind them, under the same keys
			w.concluded(last)
			w.unrepeated(t, first)
			w.unrepeated(t, second)
			for method, calls := range w.writesSince(seq) {
				if calls != 1 {
					t.Errorf("%s was called %d times, want once, for the command that is new", method, calls)
				}
			}
			counts(t, a, `processor_commands_answered_total{command="loan.income.submit",how="redone"} 2`)
			must(t, stop(a))
		})
	}
}

// The cluster is lost. On another one are copies of its topics, whose offsets are not
// the same, without the last records: what became of a command is known as far as its
// outcome or its attempt has been copied.
func TestARestoredClusterCallsNoBankAgain(t *testing.T) {
	t.Parallel()
	lost := openWorld(t, sandbox.Options{})
	lost.watch()
	a := lost.processor(quickly)
	deleted := lost.oneOfEach("GONE-0") // by retention, before the copy was made
	done := lost.oneOfEach("GONE-1")
	attempted := lost.oneOfEach("GONE-2") // the copy lacks its outcome
	forgotten := lost.oneOfEach("GONE-3") // and here the attempt, too
	for _, ids := range []map[command.Name]string{deleted, done, attempted, forgotten} {
		lost.concluded(ids)
	}
	must(t, stop(a))
	seq := lost.lastBankCall()

	is := func(ids map[command.Name]string, id string) bool {
		for _, one := range ids {
			if one == id {
				return true
			}
		}
		return false
	}
	first := map[string]bool{}
	w := lost.mirror(func(topic string, r *kgo.Record) bool {
		id := subject(lost, r)
		switch {
		case strings.HasSuffix(topic, ".result"):
			return !is(attempted, id) && !is(forgotten, id)
		case topic == "bank.attempts":
			return !is(forgotten, id)
		case !first[topic] && topic != "bank.dead-letter":
			first[topic] = true
			return false // the offsets of all others move by one
		}
		return true
	})
	again := w.processor(quickly, atBankOf(lost))
	w.concluded(attempted)
	w.concluded(forgotten)
	w.concluded(w.oneOfEach("GONE-4"))
	w.unrepeated(t, done)
	w.unrepeated(t, attempted)
	w.unrepeated(t, forgotten)

	if o := w.outcome(attempted[command.DBSInvoiceUpsert]); o.Status != command.Succeeded || !o.Reconciled {
		t.Errorf("an invoice whose attempt is known: %s %s, reconciled %t", o.Status, o.Code, o.Reconciled)
	}
	if o := w.outcome(attempted[command.CustomerComplete]); o.Status != command.InDoubt {
		t.Errorf("a completion whose attempt is known: %s %s", o.Status, o.Code)
	}
	if o := w.outcome(forgotten[command.DBSInvoiceUpsert]); o.Status != command.Succeeded || o.Code != command.CodeInvoiceAlreadyRecorded {
		t.Errorf("an invoice that nobody remembers: %s %s", o.Status, o.Code)
	}
	for _, invoice := range lost.bank.Ledger().Invoices {
		if n := invoice.Applied("I"); n != 1 {
			t.Errorf("invoice %s was recorded %d times", invoice.Number, n)
		}
	}
	// One call each is GONE-4's. What is forgotten is sent again, and so are a loan's
	// income and a customer's creation that were attempted: the bank bears those.
	want := map[string]int{banksim.MethodCreate: 3, banksim.MethodComplete: 2, banksim.MethodInvoice: 2, banksim.MethodLoan: 3}
	if got := lost.writesSince(seq); !maps.Equal(got, want) {
		t.Errorf("the bank was called %v, want %v", got, want)
	}
	must(t, stop(again))
}

// A mirror that translates the group's offsets brings the commits of another cluster's
// topics along. Nothing is read from there; without them everything is known.
func TestOffsetsOfAnotherClusterAreNotBelieved(t *testing.T) {
	t.Parallel()
	lost := openWorld(t, sandbox.Options{})
	lost.watch()
	a := lost.processor(quickly)
	done := lost.oneOfEach("MIRROR-1")
	lost.concluded(done)
	must(t, stop(a))
	seq := lost.lastBankCall()
	commits, err := lost.client.CommittedOffsets(t.Context(), lost.config().Intake.Group, lost.commandPartitions())
	must(t, err)

	w := lost.mirror(func(string, *kgo.Record) bool { return true })
	w.setOffsets(func(tp kafka.TopicPartition) (int64, string) {
		tp.Topic = lost.drafter.Topics.Prefix + strings.TrimPrefix(tp.Topic, w.drafter.Topics.Prefix)
		return commits[tp].Offset, commits[tp].Metadata
	})
	fresh := w.oneOfEach("MIRROR-2")
	a = w.processor(quickly, atBankOf(lost))
	for name := range fresh {
		logged(w, "the topic was deleted and made anew: reading nothing from the partition", w.drafter.Topics.Command(name))
	}
	must(t, stop(a))
	if got := lost.writesSince(seq); len(got) > 0 {
		t.Errorf("the bank was called %v while nobody knew where to read on", got)
	}
	w.loseGroup()
	a = w.processor(quickly, atBankOf(lost))
	w.concluded(fresh)
	w.unrepeated(t, done)
	for method, calls := range lost.writesSince(seq) {
		if calls != 1 {
			t.Errorf("%s was called %d times, want once, for the command that is new", method, calls)
		}
	}
	must(t, stop(a))
}
