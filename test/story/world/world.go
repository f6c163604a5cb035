package world

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"bankprocessor/internal/app"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/demo"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
	"bankprocessor/internal/upstream"
	"bankprocessor/test/capture"
	"bankprocessor/test/inbox"
)

// patience bounds every wait. What is waited for takes a fraction of it.
const patience = 30 * time.Second

// Options say what kind of world it is.
type Options struct {
	// Program is the command line, as Build makes it; "" for stories without one.
	Program string
	// Sealed has dead letters sealed, and the operator hold the key. It needs Program.
	Sealed bool
	// Configure changes what every processor is configured with.
	Configure func(*config.Config)
}

// World is a running world. It ends with the test.
type World struct {
	T   testing.TB
	Box *sandbox.Sandbox
	// Client, Events and Topics are for looking at what stands in Kafka.
	Client *kafka.Client
	Events *codec.Codec
	Topics topics.Config
	// Log is everything that processors have logged.
	Log *capture.Text
	// Dir holds the operator's files; Config is the one for the command line.
	Dir, Config string

	options Options
	drafter upstream.Drafter
	sender  *upstream.Sender

	*inbox.Inbox
	outcomes map[Life][]downstream.Event
	letters  map[string][]downstream.Event // by the place of the original record
	names    map[string]string             // of commands, by their ids
	said     []Ran
	made     atomic.Int32 // what next has given
}

// Life is one revision of a command.
type Life struct {
	CommandID string
	Revision  int32
}

// Open starts a world without a processor.
func Open(t testing.TB, o Options) *World {
	t.Helper()
	w := &World{
		T: t, Log: &capture.Text{}, Dir: t.TempDir(), options: o, Topics: topics.Config{Partitions: 2}.WithDefaults(),
		Inbox: inbox.New(), outcomes: map[Life][]downstream.Event{}, letters: map[string][]downstream.Event{}, names: map[string]string{},
	}
	var err error
	w.Box, err = sandbox.Start(context.WithoutCancel(t.Context()), sandbox.Options{
		Topics: w.Topics, Bank: banksim.Config{Duplicates: banksim.DuplicatesRecorded},
	})
	w.must(err)
	t.Cleanup(func() { w.must(w.Box.Stop()) })
	w.Client, err = kafka.New(kafka.Config{Brokers: w.Box.Brokers()})
	w.must(err)
	t.Cleanup(w.Client.Close)
	w.Events, err = codec.New(codec.Options{})
	w.must(err)
	w.sender, err = upstream.NewSender(context.WithoutCancel(t.Context()), w.Client, slog.New(slog.DiscardHandler))
	w.must(err)
	t.Cleanup(func() { w.must(w.sender.Close(context.WithoutCancel(t.Context()))) })
	w.drafter = upstream.Drafter{
		Codec: w.Events, Topics: w.Topics, Now: time.Now, NewIDs: true,
		Rules: func(now time.Time) command.Rules { return command.Rules{Now: now} },
	}
	w.Watch(t, w.Client, w.Events, w.Topics, w.collect)
	w.equip()
	return w
}

// collect keeps what comes; it runs under the inbox's lock.
func (w *World) collect(e downstream.Event) {
	switch {
	case e.DeadLetter():
		place := fmt.Sprintf("%s/%s@%s", e.Header("dlq-topic"), e.Header("dlq-partition"), e.Header("dlq-offset"))
		w.letters[place] = append(w.letters[place], e)
	case e.Outcome != nil:
		of := Life{e.Outcome.CommandID, e.Outcome.Revision}
		w.outcomes[of] = append(w.outcomes[of], e)
	}
}

// Processor starts a processor, which ends with the test unless it has been stopped
// before.
func (w *World) Processor() *app.App {
	w.T.Helper()
	cfg := demo.Config(w.Box)
	cfg.Topics = w.Topics
	cfg.Processing.BackoffInitial, cfg.Processing.BackoffMax = 10*time.Millisecond, 50*time.Millisecond
	cfg.Processing.Settle = []time.Duration{50 * time.Millisecond, 50 * time.Millisecond}
	for _, group := range []*struct{ failures, calls *uint32 }{
		{&cfg.Banks.InterAPI.Customer.ConsecutiveFailures, &cfg.Banks.InterAPI.Customer.MinCalls},
		{&cfg.Banks.InterAPI.DBSWrite.ConsecutiveFailures, &cfg.Banks.InterAPI.DBSWrite.MinCalls},
		{&cfg.Banks.InterAPI.DBSRead.ConsecutiveFailures, &cfg.Banks.InterAPI.DBSRead.MinCalls},
		{&cfg.Banks.LoanAPI.Loan.ConsecutiveFailures, &cfg.Banks.LoanAPI.Loan.MinCalls},
	} { // a breaker that opens would have commands wait, and not fail
		*group.failures, *group.calls = 1_000_000, 1_000_000
	}
	if w.options.Sealed {
		cfg.DeadLetters.Encryption.PublicKeysetFile = w.File(publicKeyset)
	}
	if w.options.Configure != nil {
		w.options.Configure(&cfg)
	}
	logger := slog.New(slog.NewJSONHandler(w.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a, err := app.New(cfg, app.Options{Version: "test", Logger: logger})
	w.must(err)
	w.must(a.Start(w.T.Context()))
	w.T.Cleanup(func() { w.Stop(a) })
	return a
}

// Stop stops a processor in good order.
func (w *World) Stop(a *app.App) {
	w.T.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), a.StopTimeout())
	defer cancel()
	w.must(a.Stop(ctx))
}

// Fault has the bank misbehave, as its control API is asked to, until end is called.
func (w *World) Fault(f banksim.Fault) (end func()) {
	w.T.Helper()
	var made struct{ ID string }
	w.control(http.MethodPost, "faults", f, &made)
	return func() { w.control(http.MethodDelete, "faults/"+made.ID, nil, nil) }
}

// Calm takes every fault back.
func (w *World) Calm() {
	w.T.Helper()
	w.control(http.MethodDelete, "faults", nil, nil)
}

// Ledger is what the bank has done.
func (w *World) Ledger() banksim.Ledger { return w.Box.Bank().Ledger() }

// control asks something of the bank's control API.
func (w *World) control(method, path string, body, answer any) {
	w.T.Helper()
	text, err := json.Marshal(body)
	w.must(err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.T.Context()), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, w.Box.BankURL()+"/_sim/"+path, bytes.NewReader(text))
	w.must(err)
	req.Close = true // no connection stays
	res, err := http.DefaultClient.Do(req)
	w.must(err)
	defer res.Body.Close() //nolint:errcheck // it is only read
	if res.StatusCode >= 300 {
		w.T.Fatalf("the bank answers %d to %s %s", res.StatusCode, method, path)
	}
	if answer != nil {
		w.must(json.NewDecoder(res.Body).Decode(answer))
	}
}

// File is a file of the operator's.
func (w *World) File(name string) string { return filepath.Join(w.Dir, name) }

func (w *World) must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}
