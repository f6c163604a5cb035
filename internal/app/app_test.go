package app_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/app"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/secret"
	"bankprocessor/internal/topics"
)

const limitQuery = `{"companyCode":"SOLEN","dealerCode":"0222","invoicesMonth":"2026-11-01"}`

func TestACommandBecomesAnOutcome(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{Topics: topics.Config{Prefix: "t."}})
	w := b.watch(downstream.Options{DeadLetters: true})
	a := b.start()
	id := b.send(command.DBSLimitQuery, limitQuery)
	o := b.take(w, 1)[0].Outcome
	if o == nil || o.CommandID != id || o.Status != command.Succeeded || o.Code != "dbs.limit.listed" {
		t.Fatalf("got %+v\n%s", o, b.log)
	}
	if status, body := get(t, a, "/readyz"); status != http.StatusOK {
		t.Errorf("want ready, got %d %s", status, body)
	}
	b.awaitMetrics(a,
		`processor_commands_completed_total{code="dbs.limit.listed",command="dbs.limit.query",status="SUCCEEDED"} 1`,
		`processor_bank_calls_total{code="dbs.limit.listed",command="dbs.limit.query"} 1`,
		`processor_produced_records_total{result="ok",topic="t.dbs.limit.query.result"} 1`,
		`processor_bank_breaker_open{group="interapi.dbs.read"} 0`,
		`processor_intake_lag_records{partition="0",topic="t.dbs.limit.query"} 0`,
		`processor_intake_in_flight{topic="t.dbs.limit.query"} 0`,
		`processor_build_info{version="test"} 1`)
}

func TestEveryCommandReachesItsMethod(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	w := b.watch(downstream.Options{})
	b.start()
	want := map[string]command.Name{}
	for _, n := range command.Names() {
		text, err := os.ReadFile("../../schemas/examples/" + string(n) + ".json")
		if err != nil {
			t.Fatal(err)
		}
		want[b.send(n, string(text))] = n
	}
	for _, e := range b.take(w, len(want)) {
		if e.Err != nil || want[e.Outcome.CommandID] != e.Outcome.Command {
			t.Errorf("got %+v, %v", e.Outcome, e.Err)
		}
		delete(want, e.Outcome.CommandID)
	}
	if len(want) > 0 {
		t.Errorf("no outcome of %v\n%s", want, b.log)
	}
}

func TestWhatCannotBeReadIsDeadLettered(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{Topics: topics.Config{MaxCommandBytes: 1 << 10}})
	w := b.watch(downstream.Options{Commands: []command.Name{command.CustomerCreate}, DeadLetters: true})
	a := b.start()
	draft, err := b.draft.FromJSON(command.DBSLimitQuery, []byte(limitQuery))
	if err != nil {
		t.Fatal(err)
	}
	records := map[string][]byte{
		"empty": {}, "nonsense": []byte("\x07nonsense"), "large": []byte("{" + strings.Repeat(" ", 2<<10) + "}"),
	}
	for name, value := range records {
		r := draft.Record
		r.Value, r.Key = value, []byte(name)
		if _, err := b.sender.Send(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range b.take(w, len(records)) {
		want := records[string(e.Record.Key)]
		if !e.DeadLetter() || e.Header("dlq-reason") != "malformed" || string(e.Record.Value) != string(want) {
			t.Errorf("%s: got %d bytes, reason %s", e.Record.Key, len(e.Record.Value), e.Header("dlq-reason"))
		}
	}
	b.awaitMetrics(a, `processor_dead_letters_total{code="command.undecodable",command="dbs.limit.query",reason="malformed"} 3`)
}

func TestAStoppedProcessorHandsOver(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	w := b.watch(downstream.Options{})
	for range 2 {
		ctx, stop := context.WithCancel(t.Context())
		a := b.build()
		ended := make(chan error, 1)
		go func() { ended <- a.Run(ctx, nil) }()
		id := b.send(command.DBSLimitQuery, limitQuery)
		if o := b.take(w, 1)[0].Outcome; o.CommandID != id {
			t.Errorf("want one outcome per command, got %s for %s", o.CommandID, id)
		}
		stop()
		if err := <-ended; err != nil {
			t.Fatalf("stopping: %v\n%s", err, b.log)
		}
	}
	if got := len(b.box.Bank().Calls(0)); got != 2 {
		t.Errorf("want each command at the bank once, got %d calls", got)
	}
}

func TestAnOutageOfABankIsShownAndMakesNobodyUnready(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	b.cfg.Banks.LoanAPI.Token.ClientSecret = secret.Source{File: b.box.AppKeyFile()} // a wrong one
	w := b.watch(downstream.Options{})
	a := b.start()
	text, err := os.ReadFile("../../schemas/examples/loan.income.submit.json")
	if err != nil {
		t.Fatal(err)
	}
	b.send(command.LoanIncomeSubmit, string(text))
	if _, err := b.box.Bank().WaitForCalls(t.Context(), 1, func(c banksim.Call) bool { return c.Method == banksim.MethodToken }); err != nil {
		t.Fatal(err)
	}
	id := b.send(command.DBSLimitQuery, limitQuery) // the other bank goes on
	if o := b.take(w, 1)[0].Outcome; o.CommandID != id {
		t.Fatalf("want the limit query's outcome, got %+v", o)
	}
	b.awaitMetrics(a, `processor_bank_gate_shut{group="loanapi.token",reason="secret_refused"} 1`)
	status, body := get(t, a, "/readyz")
	if status != http.StatusOK || !strings.Contains(body, `"reason":"secret_refused: gateway.secret_invalid: `) {
		t.Errorf("want ready with a reason, got %d %s", status, body)
	}
	if !strings.Contains(b.log.String(), "the bank refuses us") {
		t.Errorf("want the operator told: %s", b.log)
	}
}

func TestMissingTopicsAreNamed(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{NoTopics: true})
	a := b.build()
	err := a.Start(t.Context())
	var missing *topics.MissingError
	if !errors.As(err, &missing) || len(missing.Topics) != 17 || !strings.Contains(err.Error(), "processor topics apply") {
		t.Errorf("want 17 missing topics and what to do, got %v", err)
	}
	if a.Ready() == nil {
		t.Error("want a processor that has not started not ready")
	}
}

func TestUnequalPartitionsAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{NoTopics: true})
	specs := b.cfg.Topics.Specs()
	for i := range specs {
		specs[i].ReplicationFactor = 1
	}
	specs[0].Partitions = 7
	if _, err := b.client.CreateMissingTopics(t.Context(), specs); err != nil {
		t.Fatal(err)
	}
	err := b.build().Start(t.Context())
	var unequal *topics.PartitionsError
	if !errors.As(err, &unequal) || !strings.Contains(err.Error(), "7 in customer.create") {
		t.Errorf("want unequal partitions, got %v", err)
	}
}

func TestABrokerThatIsAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	b.cfg.Kafka.Brokers = []string{"127.0.0.1:1"}
	b.cfg.Kafka.DialTimeout = 100 * time.Millisecond
	b.cfg.Kafka.RequestTimeout = 200 * time.Millisecond
	a := b.build()
	ctx, stop := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Start(ctx) }()
	b.await("the warning", func() bool { return strings.Contains(b.log.String(), "kafka cannot be reached") })
	if status, body := get(t, a, "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "127.0.0.1:1") {
		t.Errorf("want unready with the reason, got %d %s", status, body)
	}
	enough := errors.New("enough")
	stop(enough)
	if err := <-ended; !errors.Is(err, enough) {
		t.Errorf("want the cause, got %v", err)
	}
}

// A service manager stops what waits for its broker, and that is no failure.
func TestAStopWhileABrokerIsAwaitedIsClean(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	b.cfg.Kafka.Brokers = []string{"127.0.0.1:1"}
	b.cfg.Kafka.DialTimeout = 100 * time.Millisecond
	b.cfg.Kafka.RequestTimeout = 200 * time.Millisecond
	ctx, stop := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.build().Run(ctx, nil) }()
	b.await("the warning", func() bool { return strings.Contains(b.log.String(), "kafka cannot be reached") })
	stop(errors.New("SIGTERM"))
	if err := <-ended; err != nil || !strings.Contains(b.log.String(), "stopped before it had started") {
		t.Errorf("got %v, %s", err, b.log)
	}
}

func TestASecretThatIsNotThereIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	b.cfg.Banks.InterAPI.AppKey = secret.Source{Env: "NO_SUCH_VARIABLE_OF_OURS"}
	_, err := app.New(b.cfg, app.Options{})
	if err == nil || !strings.Contains(err.Error(), "banks.interapi") || !strings.Contains(err.Error(), "NO_SUCH_VARIABLE_OF_OURS") {
		t.Errorf("want section and variable named, got %v", err)
	}
}

func TestStopBeforeStart(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	a := b.build()
	for range 2 {
		if err := a.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestCheckFindsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	for _, f := range app.Check(t.Context(), b.cfg, nil) {
		if f.Err != nil {
			t.Errorf("%s: %v", f.Name, f.Err)
		}
	}
	if calls := b.box.Bank().Calls(0); len(calls) > 0 {
		t.Errorf("want the bank left alone, got %v", calls)
	}
}

func TestCheckFindsEverything(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{NoTopics: true})
	b.cfg.Banks.InterAPI.AppKey = secret.Source{File: "/nowhere/app-key"}
	b.cfg.Banks.InterAPI.SubscriptionKey = secret.Source{File: "/nowhere/subscription-key"}
	b.cfg.Banks.LoanAPI.Token.ClientSecret = secret.Source{File: "/nowhere/client-secret"}
	b.cfg.Banks.LoanAPI.HTTP.BaseURL = "http://127.0.0.1:1"
	errs := map[string]string{}
	for _, f := range app.Check(t.Context(), b.cfg, nil) {
		if f.Err != nil {
			errs[f.Name] = f.Err.Error()
		}
	}
	for name, want := range map[string][]string{
		"topics":                            {"customer.create, ", "processor topics apply"},
		"banks.interapi.app_key":            {"/nowhere/app-key"},
		"banks.interapi.subscription_key":   {"/nowhere/subscription-key"},
		"banks.loanapi.token.client_secret": {"/nowhere/client-secret"},
		"banks.loanapi address":             {"banks.loanapi.http.base_url: ", "127.0.0.1:1"},
	} {
		for _, text := range want {
			if !strings.Contains(errs[name], text) {
				t.Errorf("%s: want %q in %q", name, text, errs[name])
			}
		}
		delete(errs, name)
	}
	if len(errs) > 0 {
		t.Errorf("unexpected %v", errs)
	}
}
