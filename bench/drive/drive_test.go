package drive

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/topics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answers says how often the nth command is answered, and with what.
type answers func(n int) (times int, status command.Status)

// setup is a driver before a processor that answers as it is told.
func setup(t *testing.T, answer answers) (*Driver, *Invoices, topics.Config) {
	t.Helper()
	names := topics.Config{Prefix: "bench."}.WithDefaults()
	commands, results := names.Command(command.DBSInvoiceUpsert), names.Result(command.DBSInvoiceUpsert)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, commands, results))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	broker := cluster.ListenAddrs()[0]
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(commands), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	var processor sync.WaitGroup
	processor.Go(func() {
		for n := 0; ; {
			fetches := client.PollFetches(context.Background())
			if fetches.IsClientClosed() {
				return
			}
			fetches.EachRecord(func(r *kgo.Record) {
				times, status := answer(n)
				n++
				for range times {
					client.Produce(context.Background(), &kgo.Record{Topic: results, Key: r.Key, Headers: []kgo.RecordHeader{
						{Key: HeaderSubject, Value: header(r, HeaderID)}, {Key: HeaderStatus, Value: []byte(status)},
					}}, nil)
				}
			})
		}
	})
	t.Cleanup(func() {
		client.Close()
		processor.Wait()
	})
	d, err := Open(broker, names)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	invoices, err := NewInvoices(10, 1)
	if err != nil {
		t.Fatal(err)
	}
	return d, invoices, names
}

func draft(t *testing.T, i *Invoices, names topics.Config, n int) []*kgo.Record {
	t.Helper()
	records, err := i.Draft(names, n)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func TestLoads(t *testing.T) {
	t.Parallel()
	d, invoices, names := setup(t, func(int) (int, command.Status) { return 1, command.Succeeded })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	result, err := d.Backlog(ctx, draft(t, invoices, names, 500))
	if err != nil || result.Wrong() != nil || len(result.Latencies) != 500 || result.FirstToLast < 0 {
		t.Errorf("%+v, %v, %v", result, result.Wrong(), err)
	}
	if stored, err := d.Stored(ctx, names.Result(command.DBSInvoiceUpsert), 3); err != nil || stored != 500 {
		t.Errorf("%d outcomes are stored, %v", stored, err)
	}
	if _, err := d.Stored(ctx, "none", 1); err == nil {
		t.Error("a topic that is not there has a length")
	}
	begin := time.Now()
	result, err = d.Paced(ctx, draft(t, invoices, names, 101), 500)
	if took := time.Since(begin); err != nil || result.Wrong() != nil || took < 200*time.Millisecond {
		t.Errorf("%+v in %s, %v", result, took, err)
	}
	for _, latency := range result.Latencies {
		if latency <= 0 {
			t.Fatal("an outcome ahead of its command")
		}
	}
}

// TestALateHandOverCounts: what an open loop offers late was due all the same.
func TestALateHandOverCounts(t *testing.T) {
	t.Parallel()
	l := newLoad(make([]*kgo.Record, 0))
	due := time.Now()
	l.due, l.latencies = []time.Time{due}, make([]time.Duration, 1)
	l.outcome(0, []byte("SUCCEEDED"), due.Add(time.Second))
	l.outcome(0, []byte("SUCCEEDED"), due.Add(2*time.Second))
	l.outcome(1, []byte("SUCCEEDED"), due)
	l.outcome(-1, []byte("SUCCEEDED"), due)
	if l.latencies[0] != time.Second || l.repeated != 3 {
		t.Errorf("%+v", l)
	}
	<-l.done
}

// waitsFor waits until a load waits for n commands alone, n more than none.
func (d *Driver) waitsFor(ctx context.Context, n int) bool {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
		d.mu.Lock()
		left := d.load != nil && len(d.load.due)-d.load.Answered() == n && n > 0
		d.mu.Unlock()
		if left {
			return true
		}
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer answers
		want   Result
	}{
		"lost": {
			func(n int) (int, command.Status) { return min(n, 1), command.Succeeded },
			Result{Lost: 1, Statuses: map[string]int{"SUCCEEDED": 29}},
		},
		"refused": {
			func(n int) (int, command.Status) {
				if n == 7 {
					return 1, command.InDoubt
				}
				return 1, command.Succeeded
			},
			Result{Statuses: map[string]int{"SUCCEEDED": 29, "IN_DOUBT": 1}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, invoices, names := setup(t, tt.answer)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			var patience sync.WaitGroup
			patience.Go(func() {
				if d.waitsFor(ctx, tt.want.Lost) {
					cancel()
				}
			})
			defer patience.Wait()
			defer cancel()
			got, err := d.Backlog(ctx, draft(t, invoices, names, 30))
			if err != nil || got.Wrong() == nil || got.Lost != tt.want.Lost {
				t.Fatalf("%+v, %v", got, err)
			}
			for status, n := range tt.want.Statuses {
				if got.Statuses[status] != n {
					t.Errorf("%s: %d, want %d", status, got.Statuses[status], n)
				}
			}
		})
	}
}

func TestOutcomesThatComeTwice(t *testing.T) {
	t.Parallel()
	d, invoices, names := setup(t, func(int) (int, command.Status) { return 2, command.Succeeded })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	result, err := d.Backlog(ctx, draft(t, invoices, names, 200))
	if err != nil || result.Lost != 0 || result.Repeated == 0 || result.Wrong() == nil {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestOneLoadAtATime(t *testing.T) {
	t.Parallel()
	d, invoices, names := setup(t, func(int) (int, command.Status) { return 0, "" })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := d.enter(newLoad(nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Backlog(ctx, draft(t, invoices, names, 1)); !errors.Is(err, errBusy) {
		t.Errorf("got %v", err)
	}
}

// TestKeysComeInTurn: no key comes again before every key has come.
func TestKeysComeInTurn(t *testing.T) {
	t.Parallel()
	i, err := NewInvoices(10, 7)
	if err != nil {
		t.Fatal(err)
	}
	records := draft(t, i, topics.Config{}.WithDefaults(), 25)
	for turn := range 2 {
		keys := map[string]bool{}
		for _, r := range records[turn*10 : turn*10+10] {
			keys[string(r.Key)] = true
		}
		if len(keys) != 10 {
			t.Errorf("turn %d has %d keys", turn, len(keys))
		}
	}
	ids := map[string]bool{}
	for _, r := range records {
		ids[string(header(r, HeaderID))] = true
	}
	if len(records) != 25 || len(ids) != 25 {
		t.Errorf("%d commands, %d ids", len(records), len(ids))
	}
}

// TestDraftsAreWholeCommands: what is patched into the sample's copies reads as the
// command that it should be.
func TestDraftsAreWholeCommands(t *testing.T) {
	t.Parallel()
	invoices, err := NewInvoices(1_000_000, 3)
	if err != nil {
		t.Fatal(err)
	}
	c, err := codec.New(codec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	names := topics.Config{Prefix: "a."}.WithDefaults()
	for n, r := range draft(t, invoices, names, 3) {
		got, err := c.Decode(t.Context(), &command.Message{Topic: r.Topic, Name: command.DBSInvoiceUpsert, Key: r.Key, Value: r.Value})
		if err != nil {
			t.Fatal(err)
		}
		invoice := got.Payload.(*command.Invoice)
		if got.ID != string(header(r, HeaderID)) || numberOf([]byte(got.ID)) != n+1 || got.Payload.OrderingKey() != string(r.Key) ||
			invoice.InvoiceNumber != string(header(r, HeaderNumber)) || invoice.InvoiceNumber != fmt.Sprintf("BENCH-%09d", n+1) {
			t.Errorf("%+v %+v of %s", got, invoice, r.Key)
		}
	}
	for _, id := range []string{"", "beca0000-0000-4000-8000-00000000000x", "x"} {
		if numberOf([]byte(id)) != -1 {
			t.Errorf("%q has a number", id)
		}
	}
}

// TestSkewedKeys: the first dealer comes most often, and all are within bounds.
func TestSkewedKeys(t *testing.T) {
	t.Parallel()
	i, err := NewSkewedInvoices(100, 1.1, 1)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]int{}
	for _, r := range draft(t, i, topics.Config{}.WithDefaults(), 2000) {
		keys[string(r.Key)]++
	}
	if first := keys["SOLEN|1000000"]; first < 200 || first > 1000 || len(keys) > 100 || len(keys) < 50 {
		t.Errorf("%d of the first key, %d keys", first, len(keys))
	}
	for _, s := range []float64{0, 1} {
		if _, err := NewSkewedInvoices(100, s, 1); err == nil {
			t.Errorf("Zipf with %g", s)
		}
	}
	for _, n := range []int{0, 1_000_001} {
		if _, err := NewInvoices(n, 1); err == nil {
			t.Errorf("%d keys", n)
		}
	}
}

// TestABacklogThatLiesThere is published before anybody works on it.
func TestABacklogThatLiesThere(t *testing.T) {
	t.Parallel()
	d, invoices, names := setup(t, func(int) (int, command.Status) { return 1, command.Succeeded })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	load, err := d.Preload(ctx, draft(t, invoices, names, 100))
	if err != nil {
		t.Fatal(err)
	}
	<-load.Done()
	if result, err := d.Result(); err != nil || result.Wrong() != nil || load.Answered() != 100 {
		t.Errorf("%+v, %v", result, err)
	}
	if _, err := d.Preload(ctx, nil); !errors.Is(err, errBusy) {
		t.Errorf("got %v", err)
	}
}
