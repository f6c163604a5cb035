package endtoend

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"bankprocessor/internal/app"
	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
)

const (
	outageLength = 30 * time.Second
	outageKeys   = 40
	// outageOpenFor is how long the breaker waits between two rounds of probes.
	outageOpenFor = 4 * time.Second
	// slack is what a busy machine may add to a bound.
	slack = 200 * time.Millisecond
)

// A bank operation is down for 30 s under a steady load, while two others go on.
func TestAnOutageHoldsBackItsOwnOperationOnly(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{})
	w.watch()
	line, topic := newWire(), w.drafter.Topics.Command(command.DBSLimitQuery)
	var reads bankapi.GroupConfig
	a := w.processor(line.use, func(c *config.Config) {
		c.Banks.InterAPI.DBSRead.OpenFor = outageOpenFor
		reads = c.Banks.InterAPI.DBSRead
	})

	load := startStream(w)
	load.until(t, 3*time.Second)
	before := lastSeq(w.bank)
	began := time.Now()
	mend := w.fault(banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: 503, Match: banksim.Match{Method: banksim.MethodLimit}})
	opened := awaitOpen(t, a)

	load.until(t, time.Until(opened.Add(time.Second)))
	waiting := buffered(a, topic)
	load.until(t, time.Until(opened.Add(outageLength)))
	if now := buffered(a, topic); now != waiting || now == 0 || now > outageKeys*10 {
		t.Errorf("%d records in memory a second into the outage and %d at its end, want a few and no growth", waiting, now)
	}
	mended := time.Now()
	mend()
	load.stop(t)

	w.until(time.Minute, fmt.Sprintf("%d outcomes", load.sent()), func() bool { return len(w.outcomes) == load.sent() })
	judgeCalls(t, w, load, reads, before, opened, mended)
	for _, at := range line.fetched(topic, opened.Add(250*time.Millisecond+slack), mended) {
		t.Errorf("the topic was fetched %v after the breaker had opened", at.Sub(opened))
	}
	if len(line.fetched(topic, began.Add(-time.Second), began)) == 0 || len(line.fetched(topic, mended, time.Now())) == 0 {
		t.Error("the topic was not fetched while all was well: the watch sees nothing")
	}
	w.Lock()
	defer w.Unlock()
	if len(w.letters) > 0 {
		t.Errorf("%d dead letters, want none", len(w.letters))
	}
	for id, events := range w.outcomes {
		if o := events[0].Outcome; len(events) != 1 || o.Status != command.Succeeded {
			t.Errorf("%s %s: %d outcomes, the first %s %s", o.Command, id, len(events), o.Status, o.Code)
		}
	}
	for _, name := range []command.Name{command.DBSInvoiceUpsert, command.LoanIncomeSubmit} {
		calm, storm := load.latencies(w, name, time.Time{}, began), load.latencies(w, name, began, mended)
		t.Logf("%s: p50 %v and p99 %v before, %v and %v during the outage (%d commands)", name,
			percentile(calm, 50), percentile(calm, 99), percentile(storm, 50), percentile(storm, 99), len(storm))
		if p99 := percentile(storm, 99); p99 > max(time.Second, 3*percentile(calm, 99)) {
			t.Errorf("%s: p99 %v during the outage of another operation", name, p99)
		}
	}
	for _, want := range []string{"the bank fails: commands wait", "the bank answers again", bankapi.GroupInterAPIDBSRead} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
}

// judgeCalls holds the calls that the bank saw while it was down to the breaker's
// promise: those in flight when it opened, and then rounds of probes, which are
// real commands.
func judgeCalls(t *testing.T, w *world, load *stream, cfg bankapi.GroupConfig, before uint64, opened, mended time.Time) {
	t.Helper()
	var burst int
	var rounds [][]banksim.Call
	for _, c := range w.bank.Calls(before) {
		switch {
		case c.Method != banksim.MethodLimit || len(c.Faults) == 0:
		case c.At.Before(opened.Add(slack)):
			burst++
		case c.At.Before(opened.Add(cfg.OpenFor)):
			t.Errorf("a call %v after the breaker had opened for %v", c.At.Sub(opened), cfg.OpenFor)
		case !load.has(c.ChannelSessionID):
			t.Errorf("a probe that is no command: session %s", c.ChannelSessionID)
		default:
			last := len(rounds) - 1
			if last < 0 || c.At.Sub(rounds[last][0].At) > cfg.OpenFor/2 {
				rounds = append(rounds, nil)
				last++
			}
			rounds[last] = append(rounds[last], c)
		}
	}
	if limit := int(cfg.ConsecutiveFailures) + outageKeys; burst > limit {
		t.Errorf("%d calls before the breaker had opened, want at most %d", burst, limit)
	}
	if most := int(mended.Sub(opened) / cfg.OpenFor); len(rounds) == 0 || len(rounds) > most {
		t.Errorf("%d rounds of probes, want 1 to %d", len(rounds), most)
	}
	for _, r := range rounds {
		if len(r) > int(cfg.HalfOpenCalls) {
			t.Errorf("%d probes in one round, want at most %d", len(r), cfg.HalfOpenCalls)
		}
	}
	t.Logf("%d calls met the fault before the breaker opened, then %d rounds of probes", burst, len(rounds))
}

// stream is a steady stream of commands: 200 limit queries, 20 invoices and 20 loans
// a second.
type stream struct {
	w       *world
	enough  chan struct{}
	stopped chan struct{}

	mu    sync.Mutex
	at    map[string]time.Time // when each id was sent
	names map[string]command.Name
	err   error
}

const streamTick = 50 * time.Millisecond

func startStream(w *world) *stream {
	l := &stream{
		w: w, enough: make(chan struct{}), stopped: make(chan struct{}),
		at: map[string]time.Time{}, names: map[string]command.Name{},
	}
	stop := sync.OnceFunc(func() { close(l.enough) })
	w.t.Cleanup(func() { stop(); <-l.stopped })
	go l.run(w.t.Context())
	return l
}

func (l *stream) run(ctx context.Context) {
	defer close(l.stopped)
	tick := time.NewTicker(streamTick)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-l.enough:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var records []kafka.Record
		for i := range 10 {
			dealer := fmt.Sprintf("1%03d", (n*10+i)%outageKeys)
			records = append(records, l.command(command.DBSLimitQuery, "SOLEN|"+dealer,
				`"companyCode":"SOLEN","dealerCode":%q,"invoicesMonth":"2026-11-01"`, dealer))
		}
		dealer := fmt.Sprintf("2%03d", n%10)
		records = append(records,
			l.command(command.DBSInvoiceUpsert, "SOLEN|"+dealer,
				`"operation":"INSERT","companyCode":"SOLEN","dealerCode":%q,"invoiceNumber":"N%d","invoiceCurrency":"TRY",`+
					`"paymentCurrency":"TRY","invoiceDate":"2026-01-02","amount":"12.34","dueDate":"2099-12-31","maturity":"TERM"`, dealer, n),
			l.command(command.LoanIncomeSubmit, fmt.Sprint(1000+n),
				`"identityNumber":"10000000146","applicationNumber":%d,"educationLevelCode":6,"professionCode":29,"campaignCode":6000999999,`+
					`"monthlyIncome":"50000.00","branchCode":"S00330","sectorCode":1,"customerEmploymentStatus":1,"residenceType":1`, 1000+n))
		if _, err := l.w.sender.Send(ctx, records...); err != nil {
			l.mu.Lock()
			l.err = err
			l.mu.Unlock()
			return
		}
	}
}

// command is a command in plain JSON, noted as sent.
func (l *stream) command(name command.Name, key, fields string, args ...any) kafka.Record {
	id, now := uuid.NewString(), time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[id], l.names[id] = now, name
	return kafka.Record{
		Topic: l.w.drafter.Topics.Command(name), Key: []byte(key),
		Value: fmt.Appendf(nil, `{"commandId":%q,"issuedAt":%q,`+fields+`}`, append([]any{id, now.UTC().Format(time.RFC3339Nano)}, args...)...),
	}
}

// until lets the load run for d.
func (l *stream) until(t *testing.T, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.stopped:
		t.Fatalf("the load ended early: %v", l.failure())
	}
}

func (l *stream) stop(t *testing.T) {
	t.Helper()
	select {
	case l.enough <- struct{}{}:
	case <-l.stopped:
	}
	<-l.stopped
	must(t, l.failure())
}

func (l *stream) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *stream) sent() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.at)
}

// has says whether a bank session is that of a command of ours.
func (l *stream) has(session string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	id, err := uuid.Parse(session)
	_, ours := l.at[id.String()]
	return err == nil && ours
}

// latencies of the commands that were sent in that time, until their completion,
// sorted. The world is locked by the caller.
func (l *stream) latencies(w *world, name command.Name, from, to time.Time) (took []time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, at := range l.at {
		if l.names[id] == name && at.After(from) && at.Before(to) {
			took = append(took, w.outcomes[id][0].Outcome.CompletedAt.Sub(at))
		}
	}
	slices.Sort(took)
	return took
}

func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}

// awaitOpen waits for the breaker of the limit queries to open, and says when it
// did: its next probe tells.
func awaitOpen(t *testing.T, a *app.App) (opened time.Time) {
	t.Helper()
	await(t, 10*time.Second, "open breaker", func() bool {
		s := groupOf(t, a, bankapi.GroupInterAPIDBSRead)
		opened = s.NextProbe.Add(-outageOpenFor)
		return s.Breaker == "open"
	})
	return opened
}

func groupOf(t *testing.T, a *app.App, name string) bankapi.GroupState {
	t.Helper()
	for _, g := range a.BankGroups() {
		if g.Name == name {
			return g
		}
	}
	t.Fatalf("no group %s", name)
	return bankapi.GroupState{}
}

// buffered is how many records of the topic the processor holds.
func buffered(a *app.App, topic string) (n int) {
	for _, p := range a.Intake().Partitions {
		if p.Topic == topic {
			n += p.Buffered
		}
	}
	return n
}

// await asks until ok, for what tells nobody that it has changed.
func await(t *testing.T, within time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(within)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("no %s within %v", what, within)
		}
	}
}

func lastSeq(bank *banksim.Bank) uint64 {
	calls := bank.Calls(0)
	if len(calls) == 0 {
		return 0
	}
	return calls[len(calls)-1].Seq
}
