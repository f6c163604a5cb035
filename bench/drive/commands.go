// Package drive publishes commands to a processor and times their outcomes as a
// subscriber sees them, over Kafka alone: it works for every contender that speaks
// the same topics.
package drive

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/topics"
)

// Invoices makes commands that record invoices, each of its own number.
type Invoices struct {
	codec  *codec.Codec
	keys   int
	seed   *rand.Rand
	today  command.Date
	number int
}

// NewInvoices makes invoices of so many dealers, which are their keys: every key
// comes once before any comes again, in an order that the seed shuffles.
func NewInvoices(keys int, seed uint64) (*Invoices, error) {
	c, err := codec.New(codec.Options{})
	if err != nil {
		return nil, fmt.Errorf("building the codec: %w", err)
	}
	return &Invoices{
		codec: c, keys: keys, seed: rand.New(rand.NewPCG(seed, 0)),
		today: command.DateOf(time.Now().In(command.Istanbul)),
	}, nil
}

// Draft makes n commands for the command topic of one prefix.
func (i *Invoices) Draft(names topics.Config, n int) ([]*kgo.Record, error) {
	records := make([]*kgo.Record, 0, n)
	for len(records) < n {
		for _, dealer := range i.seed.Perm(i.keys)[:min(i.keys, n-len(records))] {
			r, err := i.draft(names, dealer)
			if err != nil {
				return nil, err
			}
			records = append(records, r)
		}
	}
	return records, nil
}

func (i *Invoices) draft(names topics.Config, dealer int) (*kgo.Record, error) {
	i.number++
	c := &command.Command{
		ID: uuid.NewString(), IssuedAt: time.Now(),
		Payload: &command.Invoice{
			Operation: command.InsertInvoice, CompanyCode: "SOLEN", DealerCode: fmt.Sprintf("1%05d", dealer),
			InvoiceNumber:   fmt.Sprintf("BENCH-%09d", i.number),
			InvoiceCurrency: "TRY", PaymentCurrency: "TRY", InvoiceDate: i.today,
			Amount:  new(command.NewDecimal(int64(90_000+i.number), 2)),
			DueDate: i.today.AddDays(30), Maturity: command.Term, EntryType: command.Debit,
		},
	}
	value, err := i.codec.EncodeCommand(c)
	if err != nil {
		return nil, fmt.Errorf("encoding a command: %w", err)
	}
	id := []byte(c.ID)
	return &kgo.Record{
		Topic: names.Command(c.Name()), Key: []byte(c.Payload.OrderingKey()), Value: value,
		Headers: []kgo.RecordHeader{
			{Key: "ce_specversion", Value: []byte("1.0")}, {Key: headerID, Value: id},
			{Key: "ce_type", Value: []byte("bank." + string(c.Name()) + ".v1")}, {Key: "ce_source", Value: []byte("/bench")},
			{Key: "ce_time", Value: []byte(c.IssuedAt.UTC().Format(time.RFC3339Nano))},
			{Key: "content-type", Value: []byte("application/avro")},
			{Key: "traceparent", Value: fmt.Appendf(nil, "00-%032x-%016x-01", i.number, 1)},
		},
	}, nil
}

// Headers of commands and of outcomes (design section 2).
const (
	headerID      = "ce_id"      // of a command: its id
	headerSubject = "ce_subject" // of an outcome: its command's id
	headerStatus  = "ce_status"
)

func header(r *kgo.Record, name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}
