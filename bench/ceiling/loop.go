package ceiling

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// loop is one chain of commands per key; a fixed number of workers takes chains
// that have something to do.
type loop struct {
	o      Options
	bank   *bank
	client *kgo.Client
	failed chan error

	mu     sync.Mutex
	room   *sync.Cond        // for more commands, or failure
	work   *sync.Cond        // for workers
	chains map[string]*chain // of keys with a command waiting or under way
	ready  []*chain          // chains whose first command no worker has
	free   []*chain
	held   int
	ended  bool
}

// chain is the commands of one key, the first of which is under way or next.
type chain struct {
	key     string
	records []*kgo.Record
}

func newLoop(o Options, b *bank, client *kgo.Client) *loop {
	l := &loop{o: o, bank: b, client: client, failed: make(chan error, 1), chains: map[string]*chain{}}
	l.room, l.work = sync.NewCond(&l.mu), sync.NewCond(&l.mu)
	return l
}

// run ends when ctx does, or with the first call or write that fails.
func (l *loop) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var workers sync.WaitGroup
	for range l.o.InFlight {
		workers.Go(func() { l.carryOut(ctx) })
	}
	var fetcher sync.WaitGroup
	fetcher.Go(func() { l.fetch(ctx) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-l.failed:
	}
	cancel()
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock()
	l.room.Broadcast()
	l.work.Broadcast()
	fetcher.Wait()
	workers.Wait()
	l.client.Close()
	return err
}

func (l *loop) fail(err error) {
	select {
	case l.failed <- err:
	default:
	}
}

// fetch adds what comes to its key's chain.
func (l *loop) fetch(ctx context.Context) {
	for {
		fetches := l.client.PollRecords(ctx, buffered/8)
		if ctx.Err() != nil || fetches.IsClientClosed() {
			return
		}
		if err := fetches.Err(); err != nil {
			l.fail(fmt.Errorf("fetching commands: %w", err))
			return
		}
		l.mu.Lock()
		fetches.EachRecord(l.add)
		for l.held > buffered && !l.ended {
			l.room.Wait()
		}
		l.mu.Unlock()
	}
}

func (l *loop) add(r *kgo.Record) {
	l.held++
	if c, there := l.chains[string(r.Key)]; there {
		c.records = append(c.records, r)
		return
	}
	var c *chain
	if n := len(l.free); n > 0 {
		c, l.free = l.free[n-1], l.free[:n-1]
	} else {
		c = new(chain)
	}
	c.key, c.records = string(r.Key), append(c.records[:0], r)
	l.chains[c.key] = c
	l.ready = append(l.ready, c)
	l.work.Signal()
}

// next gives back a chain whose first command is done and takes one that is ready,
// with its first command; nil when the loop ends. Chains take turns.
func (l *loop) next(done *chain) (*chain, *kgo.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if done != nil {
		l.release(done)
	}
	for len(l.ready) == 0 && !l.ended {
		l.work.Wait()
	}
	if l.ended {
		return nil, nil
	}
	c := l.ready[0]
	l.ready = l.ready[1:]
	return c, c.records[0]
}

func (l *loop) release(c *chain) {
	if l.held--; l.held == buffered {
		l.room.Signal()
	}
	copy(c.records, c.records[1:])
	c.records = c.records[:len(c.records)-1]
	if len(c.records) > 0 {
		l.ready = append(l.ready, c)
		return
	}
	delete(l.chains, c.key)
	l.free = append(l.free, c)
}

// carryOut calls the bank for one command after another and hands the outcome over
// to be written.
func (l *loop) carryOut(ctx context.Context) {
	caller := l.bank.caller(ctx)
	written := func(_ *kgo.Record, err error) {
		if err != nil {
			l.fail(fmt.Errorf("writing an outcome: %w", err))
		}
	}
	ack := context.WithoutCancel(ctx)
	for c, command := l.next(nil); c != nil; c, command = l.next(c) {
		_, dealer, _ := bytes.Cut(command.Key, []byte("|"))
		if err := caller.post(dealer, header(command, "bench-number")); err != nil {
			if ctx.Err() == nil {
				l.fail(err)
			}
			continue
		}
		l.client.Produce(ack, &kgo.Record{
			Topic: l.o.Results, Partition: command.Partition, Key: command.Key, Value: outcome,
			Headers: []kgo.RecordHeader{{Key: "ce_subject", Value: header(command, "ce_id")}, succeeded},
		}, written)
	}
}

var (
	// outcome is as long as a processor's.
	outcome   = bytes.Repeat([]byte{'.'}, 320)
	succeeded = kgo.RecordHeader{Key: "ce_status", Value: []byte("SUCCEEDED")}
)

func header(r *kgo.Record, name string) []byte {
	for i := range r.Headers {
		if r.Headers[i].Key == name {
			return r.Headers[i].Value
		}
	}
	return nil
}
