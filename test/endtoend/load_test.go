package endtoend

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// load is many invoice commands, numbered from 0, whose number can be read back
// from their ids: a hundred thousand of them need no maps.
type load struct {
	w     *world
	topic string
	today command.Date
}

func newLoad(w *world) *load {
	return &load{
		w: w, topic: w.drafter.Topics.Command(command.DBSInvoiceUpsert),
		today: command.DateOf(time.Now().In(command.Istanbul)),
	}
}

const idPrefix = "00000000-0000-4000-8000-"

// numberOf reads a command's number from its id, with or without dashes.
func numberOf(id string) (int, error) {
	if len(id) < 12 {
		return 0, fmt.Errorf("no command of this test: %q", id)
	}
	n, err := strconv.ParseInt(id[len(id)-12:], 16, 32)
	return int(n), err
}

// record is the n-th command: an invoice of the dealer's.
func (l *load) record(n int, dealer, invoice string) kafka.Record {
	l.w.t.Helper()
	sum := command.NewDecimal(100, 2)
	c := &command.Command{
		ID: fmt.Sprintf("%s%012x", idPrefix, n), IssuedAt: time.Now(),
		Payload: &command.Invoice{
			Operation: command.InsertInvoice, CompanyCode: "SOLEN", DealerCode: dealer, InvoiceNumber: invoice,
			InvoiceCurrency: "TRY", PaymentCurrency: "TRY", InvoiceDate: l.today, Amount: &sum,
			DueDate: l.today.AddDays(30), Maturity: command.Term, EntryType: command.Debit,
		},
	}
	value, err := l.w.events.EncodeCommand(c)
	must(l.w.t, err)
	return kafka.Record{Topic: l.topic, Key: []byte(c.Payload.OrderingKey()), Value: value}
}

// publish stores the records in batches, those of one key in their order. It is
// for crowds: upstream.Sender waits for every single record.
func (l *load) publish(ctx context.Context, records []kafka.Record, batch int) error {
	byPartition := map[int32][]kafka.Record{}
	for _, r := range records {
		p := kafka.PartitionOf(r.Key, l.w.drafter.Topics.Partitions)
		byPartition[p] = append(byPartition[p], r)
	}
	var (
		wait   sync.WaitGroup
		mu     sync.Mutex
		failed error
	)
	for p, records := range byPartition {
		wait.Go(func() {
			for len(records) > 0 {
				n := min(batch, len(records))
				if err := l.produce(ctx, p, records[:n]); err != nil {
					mu.Lock()
					defer mu.Unlock()
					failed = err
					return
				}
				records = records[n:]
			}
		})
	}
	wait.Wait()
	return failed
}

// produce stores one batch. Only an answer that the batch was not stored makes
// it try again: upstream repeats no command in these tests.
func (l *load) produce(ctx context.Context, partition int32, records []kafka.Record) error {
	part := kafka.ProducePartition{
		TopicPartition: kafka.TopicPartition{Topic: l.topic, Partition: partition}, Records: records,
	}
	for {
		done, err := l.w.client.Produce(ctx, []kafka.ProducePartition{part}, 5*time.Second)
		switch {
		case err != nil:
			return err
		case done[0].Err == nil:
			return nil
		case kafka.Class(done[0].Err) != kafka.ClassLeaderMoved:
			return done[0].Err
		}
		l.w.client.RefreshMetadata()
		if err := pause(ctx, 25*time.Millisecond); err != nil {
			return err
		}
	}
}

// tally reads the records of one topic as they come, from the first on.
type tally struct {
	client *kafka.Client
	topic  string
	next   map[kafka.TopicPartition]int64
	each   func(kafka.Record)
}

// readAll hands every record of the topic to each, one at a time, until the test
// ends or stop is called.
func readAll(w *world, topic string, each func(kafka.Record)) (stop func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	y := &tally{client: w.client, topic: topic, next: map[kafka.TopicPartition]int64{}, each: each}
	done := make(chan struct{})
	go func() {
		defer close(done)
		y.run(ctx)
	}()
	stop = func() { cancel(); <-done }
	w.t.Cleanup(stop)
	return stop
}

func (y *tally) run(ctx context.Context) {
	for ctx.Err() == nil {
		if !y.round(ctx) {
			y.client.RefreshMetadata()
			_ = pause(ctx, 25*time.Millisecond) // ends with ctx
		}
	}
}

// round fetches once from every leader and says whether all went well.
func (y *tally) round(ctx context.Context) (ok bool) {
	leaders, err := y.client.Leaders(ctx, y.topic)
	if err != nil {
		return false
	}
	byLeader := map[int32][]kafka.FetchPartition{}
	for tp, leader := range leaders {
		byLeader[leader] = append(byLeader[leader], kafka.FetchPartition{TopicPartition: tp, Offset: y.next[tp], MaxBytes: 1 << 20})
	}
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
	)
	ok = true
	for _, parts := range byLeader {
		wait.Go(func() {
			fetched, err := y.client.Fetch(ctx, parts, 100*time.Millisecond, 8<<20)
			mu.Lock()
			defer mu.Unlock()
			ok = ok && err == nil
			for _, f := range fetched {
				ok = ok && f.Err == nil
				y.next[f.TopicPartition] = f.Next
				for _, r := range f.Records {
					y.each(r)
				}
			}
		})
	}
	wait.Wait()
	return ok
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// header is a record's header, "" for none.
func header(r kafka.Record, name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}
