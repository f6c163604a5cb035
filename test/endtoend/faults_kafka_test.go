package endtoend

import (
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
)

// createTopics creates the topics of a world that was opened without, as edit
// would have them; a topic without partitions is left out.
func createTopics(w *world, edit func(*kafka.TopicSpec)) {
	w.t.Helper()
	var specs []kafka.TopicSpec
	for _, s := range w.drafter.Topics.Specs() {
		s.ReplicationFactor = 1
		if edit != nil {
			edit(&s)
		}
		if s.Partitions > 0 {
			specs = append(specs, s)
		}
	}
	_, err := w.client.CreateMissingTopics(w.t.Context(), specs)
	must(w.t, err)
}

// mentions fails the test for every text that s does not hold.
func mentions(t *testing.T, what, s string, want ...string) {
	t.Helper()
	for _, text := range want {
		if !strings.Contains(s, text) {
			t.Errorf("%s does not mention %q: %s", what, text, s)
		}
	}
}

func succeeds(w *world, ids ...string) {
	w.t.Helper()
	for _, id := range ids {
		if o := w.outcome(id); o.Status != command.Succeeded {
			w.t.Errorf("%s %s: %s %s", o.Command, id, o.Status, o.Code)
		}
	}
}

func noLetters(w *world) {
	w.t.Helper()
	w.Lock()
	defer w.Unlock()
	for at, letter := range w.letters {
		w.t.Errorf("dead letter of %s: %s", at, letter.Header("dlq-message"))
	}
}

func TestMissingTopicsAreNamedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{NoTopics: true})
	missing := map[string]bool{w.drafter.Topics.Result(command.LoanIncomeSubmit): true, w.drafter.Topics.Attempts(): true}
	createTopics(w, func(s *kafka.TopicSpec) {
		if missing[s.Name] {
			s.Partitions = 0
		}
	})
	id, _ := w.send(command.LoanIncomeSubmit, nil)
	a := w.newProcessor()
	err := a.Start(t.Context())
	var e *topics.MissingError
	if !errors.As(err, &e) || len(e.Topics) != len(missing) {
		t.Fatalf("want %d missing topics, got %v", len(missing), err)
	}
	mentions(t, "the error", err.Error(), "loan.income.submit.result", "bank.attempts", "processor topics apply")
	if calls := w.bank.Calls(0); len(calls) > 0 {
		t.Errorf("%d calls of a processor that could not start", len(calls))
	}

	createTopics(w, nil)
	w.watch()
	w.processor()
	succeeds(w, id)
}

func TestUnequalPartitionsAreNamedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{NoTopics: true, Topics: topics.Config{Partitions: 3}})
	createTopics(w, func(s *kafka.TopicSpec) {
		if s.Name == w.drafter.Topics.Result(command.DBSLimitQuery) {
			s.Partitions = 5
		}
	})
	w.send(command.DBSLimitQuery, nil)
	err := w.newProcessor().Start(t.Context())
	if _, ok := errors.AsType[*topics.PartitionsError](err); !ok {
		t.Fatalf("want unequal partitions, got %v", err)
	}
	mentions(t, "the error", err.Error(), "5 in "+w.drafter.Topics.Result(command.DBSLimitQuery), "3 in "+w.drafter.Topics.Attempts(), "equal partition counts", "processor topics list")
	if calls := w.bank.Calls(0); len(calls) > 0 {
		t.Errorf("%d calls of a processor that could not start", len(calls))
	}
}

// The broker can be reached only after the processor has started.
func TestABrokerThatIsAwayAtTheStartIsAwaited(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{})
	w.watch()
	line := newWire()
	line.set(wireRefuses)
	a := w.newProcessor(line.use)
	started := make(chan error, 1)
	go func() { started <- a.Start(t.Context()) }()
	await(t, 10*time.Second, "warning", func() bool { return strings.Contains(w.log.String(), "kafka cannot be reached") })
	mentions(t, "the log", w.log.String(), "kafka cannot be reached: trying on", errCut.Error())
	mentions(t, "readiness", string(fetchPage(t, a.AdminAddress(), "/readyz")), `"ready":false`, errCut.Error())

	line.set(wireUp)
	id, _ := w.send(command.CustomerCreate, nil)
	must(t, <-started)
	succeeds(w, id)
}

// For seconds no request gets through to the broker: connections break, or
// nothing is answered. Whoever waits for it waits on.
func TestABrokerThatGoesAwayIsAwaited(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]wireState{
		"connections are closed": wireRefuses,
		"nothing is answered":    wireSilent,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openWorld(t, sandbox.Options{})
			w.watch()
			line := newWire()
			a := w.processor(line.use, func(c *config.Config) {
				c.Kafka.RequestTimeout = 2 * time.Second
				c.Intake.SessionTimeout, c.Intake.Lease = 12*time.Second, 8*time.Second
			})
			var ids []string
			for range 10 {
				ids = append(ids, sendSome(w)...)
			}
			succeeds(w, ids[0])

			line.set(away)
			for range 10 { // nobody takes them in meanwhile
				ids = append(ids, sendSome(w)...)
			}
			await(t, 20*time.Second, "word of the trouble", func() bool {
				log := w.log.String()
				return strings.Contains(log, "trying on") || strings.Contains(log, "records wait")
			})
			must(t, pause(t.Context(), 4*time.Second))
			line.set(wireUp)

			for range 10 {
				ids = append(ids, sendSome(w)...)
			}
			succeeds(w, ids...)
			noLetters(w)
			// An answer that did not come through may have been one of success: the
			// copies carry the same event id.
			w.Lock()
			for id, events := range w.outcomes {
				for _, e := range events {
					if e.Header("ce_id") != events[0].Header("ce_id") || e.Outcome.Status != events[0].Outcome.Status {
						t.Errorf("%s has two different outcomes", id)
					}
				}
			}
			w.Unlock()
			for _, invoice := range w.bank.Ledger().Invoices {
				if n := invoice.Applied("I"); n != 1 {
					t.Errorf("invoice %s was recorded %d times", invoice.Number, n)
				}
			}
			await(t, 20*time.Second, "readiness", func() bool { return a.Ready() == nil })
		})
	}
}

// sendSome publishes an invoice and a customer that nobody has seen before.
func sendSome(w *world) (ids []string) {
	w.t.Helper()
	n := unique.Add(1)
	invoice, _ := w.send(command.DBSInvoiceUpsert, func(f map[string]any) {
		f["invoiceNumber"], f["dealerCode"] = "SOME-"+strconv.FormatInt(n, 10), "4"+strconv.FormatInt(n%7, 10)
	})
	customer, _ := w.send(command.CustomerCreate, func(f map[string]any) { f["flowReference"] = "some-" + strconv.FormatInt(n, 10) })
	return []string{invoice, customer}
}

var unique atomic.Int64
