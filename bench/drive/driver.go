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
	load *Load // the one that runs, nil for none
	err  error // that ended reading
}

// Open connects to the topics of one prefix, which must be there, and reads
// outcomes until Close. options come after the driver's own.
func Open(broker string, names topics.Config, options ...kgo.Opt) (*Driver, error) {
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(broker),
		kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerLinger(0), kgo.MaxBufferedRecords(1_000_000),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ConsumeTopics(names.Result(command.DBSInvoiceUpsert)), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMinBytes(1), kgo.FetchMaxWait(time.Second),
	}, options...)...)
	if err != nil {
		return nil, fmt.Errorf("connecting the driver: %w", err)
	}
	d := &Driver{client: client}
	d.read.Go(d.outcomes)
	return d, nil
}

// Frugal makes reading outcomes cheaper and later, by up to 20 ms: for loads of
// which no latency is wanted.
func Frugal() []kgo.Opt {
	return []kgo.Opt{kgo.FetchMinBytes(256 << 10), kgo.FetchMaxWait(20 * time.Millisecond)}
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
			fetches.EachRecord(func(r *kgo.Record) { d.load.outcome(numberOf(header(r, HeaderSubject)), header(r, HeaderStatus), now) })
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
	begin := time.Now()
	l := newLoad(records)
	for n := range records {
		l.due[n] = begin.Add(after(n))
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
	return d.Result()
}

// Preload publishes a backlog and returns once the broker has all of it: whoever
// works it off starts later. Its load runs until the driver is closed.
func (d *Driver) Preload(ctx context.Context, records []*kgo.Record) (*Load, error) {
	l := newLoad(records)
	begin := time.Now()
	for n := range records {
		l.due[n] = begin
	}
	if err := d.enter(l); err != nil {
		return nil, err
	}
	if err := d.publish(ctx, l, records, begin, func(int) time.Duration { return 0 }); err != nil {
		return nil, err
	}
	if err := d.client.Flush(ctx); err != nil {
		return nil, fmt.Errorf("publishing a backlog: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return l, d.err
}

// Result is what has become of the load that runs.
func (d *Driver) Result() (Result, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.load == nil {
		return Result{}, d.err
	}
	return d.load.result(), d.err
}

var errBusy = errors.New("a load is running")

func (d *Driver) enter(l *Load) error {
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
func (d *Driver) publish(ctx context.Context, l *Load, records []*kgo.Record, begin time.Time, after func(n int) time.Duration) error {
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
