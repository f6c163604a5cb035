package drive

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/internal/command"
	"bankprocessor/internal/topics"
)

// Driver publishes to one processor's command topic and reads its outcomes. Run
// one load at a time.
type Driver struct {
	client *kgo.Client
	read   sync.WaitGroup

	mu   sync.Mutex
	load *load // the one that runs, nil for none
	err  error // that ended reading
}

// Open connects to the topics of one prefix, which must be there, and reads
// outcomes until Close.
func Open(broker string, names topics.Config) (*Driver, error) {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(broker),
		kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerLinger(0), kgo.MaxBufferedRecords(1_000_000),
		kgo.ConsumeTopics(names.Result(command.DBSInvoiceUpsert)), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMinBytes(1), kgo.FetchMaxWait(time.Second),
	)
	if err != nil {
		return nil, fmt.Errorf("connecting the driver: %w", err)
	}
	d := &Driver{client: client}
	d.read.Go(d.outcomes)
	return d, nil
}

// Close ends the driver.
func (d *Driver) Close() {
	d.client.Close()
	d.read.Wait()
}

// outcomes reads until the client is closed.
func (d *Driver) outcomes() {
	for {
		fetches := d.client.PollFetches(context.Background()) // Close ends it
		now := time.Now()
		d.mu.Lock()
		for _, e := range fetches.Errors() {
			if errors.Is(e.Err, kgo.ErrClientClosed) {
				d.mu.Unlock()
				return
			}
			d.fail(fmt.Errorf("reading outcomes: %w", e.Err))
		}
		if d.load != nil {
			fetches.EachRecord(func(r *kgo.Record) { d.load.outcome(header(r, headerSubject), header(r, headerStatus), now) })
		}
		d.mu.Unlock()
	}
}

// fail keeps the first error and has the load that runs end with it.
func (d *Driver) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	if d.load != nil {
		d.load.end()
	}
}

// load is commands under way.
type load struct {
	due       map[string]time.Time // when each command that has no outcome was due
	latencies []time.Duration
	repeated  int
	statuses  map[string]int
	first     time.Time // outcome
	last      time.Time
	done      chan struct{}
	once      sync.Once
}

func newLoad(records []*kgo.Record) *load {
	return &load{
		due: make(map[string]time.Time, len(records)), latencies: make([]time.Duration, 0, len(records)),
		statuses: map[string]int{}, done: make(chan struct{}),
	}
}

func (l *load) end() { l.once.Do(func() { close(l.done) }) }

func (l *load) outcome(id, status string, now time.Time) {
	due, waited := l.due[id]
	if !waited {
		l.repeated++
		return
	}
	delete(l.due, id)
	l.latencies = append(l.latencies, now.Sub(due))
	l.statuses[status]++
	if l.first.IsZero() {
		l.first = now
	}
	l.last = now
	if len(l.due) == 0 {
		l.end()
	}
}

// Result is what became of a load.
type Result struct {
	Commands int
	// Lost have no outcome, Repeated are outcomes beyond a command's first and
	// Statuses how the outcomes are.
	Lost, Repeated int
	Statuses       map[string]int
	// FirstToLast is the time between the first outcome and the last one.
	FirstToLast time.Duration
	// Latencies are from when a command was due to when its outcome was read.
	Latencies []time.Duration
}

// Wrong says what must not be in a run where nothing fails; nil for nothing.
func (r Result) Wrong() error {
	succeeded := r.Statuses[string(command.Succeeded)]
	if r.Lost == 0 && r.Repeated == 0 && succeeded == r.Commands {
		return nil
	}
	return fmt.Errorf("of %d commands %d have no outcome; statuses %v; %d outcomes came twice", r.Commands, r.Lost, r.Statuses, r.Repeated)
}

// Backlog publishes all commands at once and waits for their outcomes.
func (d *Driver) Backlog(ctx context.Context, records []*kgo.Record) (Result, error) {
	return d.run(ctx, records, func(int) time.Duration { return 0 })
}

// Paced publishes commands at a rate per second that does not wait for anybody:
// a command's latency counts from its moment, also when it is handed over late.
func (d *Driver) Paced(ctx context.Context, records []*kgo.Record, rate int) (Result, error) {
	return d.run(ctx, records, func(n int) time.Duration { return time.Duration(n) * time.Second / time.Duration(rate) })
}

func (d *Driver) run(ctx context.Context, records []*kgo.Record, after func(n int) time.Duration) (Result, error) {
	l := newLoad(records)
	begin := time.Now()
	for n, r := range records {
		l.due[header(r, headerID)] = begin.Add(after(n))
	}
	if err := d.enter(l); err != nil {
		return Result{}, err
	}
	defer d.leave()
	if err := d.publish(ctx, l, records, begin, after); err != nil {
		return Result{}, err
	}
	select {
	case <-l.done:
	case <-ctx.Done(): // what is missing is lost
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return Result{
		Commands: len(records), Lost: len(l.due), Repeated: l.repeated, Statuses: l.statuses,
		FirstToLast: l.last.Sub(l.first), Latencies: l.latencies,
	}, d.err
}

var errBusy = errors.New("a load is running")

func (d *Driver) enter(l *load) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.load != nil {
		return errBusy
	}
	d.load = l
	return d.err
}

func (d *Driver) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.load = nil
}

// publish hands every command over at its moment.
func (d *Driver) publish(ctx context.Context, l *load, records []*kgo.Record, begin time.Time, after func(n int) time.Duration) error {
	acknowledged := func(_ *kgo.Record, err error) {
		if err != nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.fail(fmt.Errorf("publishing a command: %w", err))
		}
	}
	for n, r := range records {
		if wait := time.Until(begin.Add(after(n))); wait > 0 {
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-l.done:
				timer.Stop()
				return nil
			case <-ctx.Done():
				timer.Stop()
				return fmt.Errorf("publishing commands: %w", context.Cause(ctx))
			}
		}
		d.client.Produce(ctx, r, acknowledged)
	}
	return nil
}
