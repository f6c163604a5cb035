// Package drive publishes commands to a processor and times their outcomes as a
// subscriber sees them, over Kafka alone: it works for every contender that speaks
// the same topics.
package drive

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/topics"
)

// Invoices makes commands that record invoices, each of its own number. One is
// encoded; the others are copies with their own dealer and number, which costs the
// driver little beside those whom it measures.
type Invoices struct {
	keys   int
	order  func(n int) []int // of the dealers of the next n commands
	number int
	sample sample
}

// sample is a command whose dealer and numbers are patched into copies.
type sample struct {
	topic                    command.Name
	key, value               []byte
	id, dealer, invoice, own int // where they stand in value; own in key
	headers                  []kgo.RecordHeader
}

// What the sample has where copies have their own.
const (
	dealerBase    = 1_000_000 // the least dealer code: all have seven digits
	sampleDealer  = 1_999_999
	sampleNumber  = 999_999_999
	idPrefix      = "beca0000-0000-4000-8000-" // a UUID's, whose rest is the number
	idDigits      = 12
	invoicePrefix = "BENCH-" // before nine digits
)

// NewInvoices makes invoices of so many dealers, at most a million, which are their
// keys: every key comes once before any comes again, in an order that the seed
// shuffles.
func NewInvoices(keys int, seed uint64) (*Invoices, error) {
	random := rand.New(rand.NewPCG(seed, 0))
	return newInvoices(keys, func(n int) []int {
		var dealers []int
		for len(dealers) < n {
			dealers = append(dealers, random.Perm(keys)[:min(keys, n-len(dealers))]...)
		}
		return dealers
	})
}

// NewSkewedInvoices makes invoices of dealers that come by Zipf's law: the rank-th
// most frequent one comes 1/rank^s as often as the first; s is above 1.
func NewSkewedInvoices(keys int, s float64, seed uint64) (*Invoices, error) {
	zipf := rand.NewZipf(rand.New(rand.NewPCG(seed, 0)), s, 1, uint64(keys-1))
	if zipf == nil {
		return nil, errors.New("the exponent of Zipf's law must be above 1")
	}
	return newInvoices(keys, func(n int) []int {
		dealers := make([]int, n)
		for i := range dealers {
			dealers[i] = int(zipf.Uint64())
		}
		return dealers
	})
}

func newInvoices(keys int, order func(n int) []int) (*Invoices, error) {
	if keys < 1 || keys > sampleDealer-dealerBase+1 {
		return nil, errors.New("there are between one dealer and a million")
	}
	s, err := newSample()
	return &Invoices{keys: keys, order: order, sample: s}, err
}

func newSample() (sample, error) {
	encoder, err := codec.New(codec.Options{})
	if err != nil {
		return sample{}, fmt.Errorf("building the codec: %w", err)
	}
	today := command.DateOf(time.Now().In(command.Istanbul))
	c := &command.Command{
		ID: string(appendID(nil, sampleNumber)), IssuedAt: time.Now(),
		Payload: &command.Invoice{
			Operation: command.InsertInvoice, CompanyCode: "SOLEN", DealerCode: strconv.Itoa(sampleDealer),
			InvoiceNumber:   string(appendInvoice(nil, sampleNumber)),
			InvoiceCurrency: "TRY", PaymentCurrency: "TRY", InvoiceDate: today,
			Amount:  new(command.NewDecimal(9_000_001, 2)),
			DueDate: today.AddDays(30), Maturity: command.Term, EntryType: command.Debit,
		},
	}
	value, err := encoder.EncodeCommand(c)
	if err != nil {
		return sample{}, fmt.Errorf("encoding a command: %w", err)
	}
	s := sample{
		topic: c.Name(), key: []byte(c.Payload.OrderingKey()), value: value,
		headers: []kgo.RecordHeader{
			{Key: "ce_specversion", Value: []byte("1.0")},
			{Key: "ce_type", Value: []byte("bank." + string(c.Name()) + ".v1")}, {Key: "ce_source", Value: []byte("/bench")},
			{Key: "ce_time", Value: []byte(c.IssuedAt.UTC().Format(time.RFC3339Nano))},
			{Key: "content-type", Value: []byte("application/avro")},
		},
	}
	for _, place := range []struct {
		at   *int
		in   []byte
		text []byte
	}{
		{&s.id, value, []byte(c.ID)}, {&s.invoice, value, appendInvoice(nil, sampleNumber)},
		{&s.dealer, value, strconv.AppendInt(nil, sampleDealer, 10)}, {&s.own, s.key, strconv.AppendInt(nil, sampleDealer, 10)},
	} {
		if *place.at = bytes.Index(place.in, place.text); bytes.Count(place.in, place.text) != 1 {
			return sample{}, fmt.Errorf("encoding a command: %q does not stand there once", place.text)
		}
	}
	return s, nil
}

// Draft makes n commands for the command topic of one prefix.
func (i *Invoices) Draft(names topics.Config, n int) ([]*kgo.Record, error) {
	topic := names.Command(i.sample.topic)
	records := make([]*kgo.Record, 0, n)
	for _, dealer := range i.order(n) {
		i.number++
		records = append(records, i.sample.of(topic, dealer, i.number))
	}
	return records, nil
}

// of copies the sample. The copies' own bytes stand in one block.
func (s *sample) of(topic string, dealer, number int) *kgo.Record {
	const trace = len("00-") + 32 + len("-") + 16 + len("-01")
	block := make([]byte, 0, len(s.key)+len(s.value)+len(idPrefix)+idDigits+len(invoicePrefix)+9+trace)
	cut := func() []byte { // what was appended since the last cut
		own := block[:len(block):len(block)]
		block = block[len(block):]
		return own
	}
	block = append(block, s.key...)
	key := cut()
	strconv.AppendInt(key[:s.own], int64(dealerBase+dealer), 10)
	block = append(block, s.value...)
	value := cut()
	appendID(value[:s.id], number)
	appendInvoice(value[:s.invoice], number)
	strconv.AppendInt(value[:s.dealer], int64(dealerBase+dealer), 10)
	block = appendID(block, number)
	id := cut()
	block = appendInvoice(block, number)
	invoice := cut()
	block = appendPadded(append(block, "00-"...), number, 32)
	block = append(block, "-00000000000000aa-01"...)
	headers := make([]kgo.RecordHeader, 0, len(s.headers)+3)
	headers = append(headers, s.headers...)
	headers = append(headers,
		kgo.RecordHeader{Key: HeaderID, Value: id}, kgo.RecordHeader{Key: HeaderNumber, Value: invoice},
		kgo.RecordHeader{Key: "traceparent", Value: cut()})
	return &kgo.Record{Topic: topic, Key: key, Value: value, Headers: headers}
}

// DealerOf is which of the dealers a command is of, from 0.
func DealerOf(r *kgo.Record) int {
	code, err := strconv.Atoi(string(r.Key[len(r.Key)-7:]))
	if err != nil {
		return -1
	}
	return code - dealerBase
}

func appendID(b []byte, number int) []byte {
	return appendPadded(append(b, idPrefix...), number, idDigits)
}

func appendInvoice(b []byte, number int) []byte {
	return appendPadded(append(b, invoicePrefix...), number, 9)
}

const zeros = "00000000000000000000000000000000"

// appendPadded appends a number with leading zeros, at most 32 digits.
func appendPadded(b []byte, number, width int) []byte {
	b = append(b, zeros[:width]...)
	for i := len(b) - 1; number > 0; i-- {
		b[i] = byte('0' + number%10)
		number /= 10
	}
	return b
}

// numberOf reads a command's number from its id, -1 when it is none of ours.
func numberOf(id []byte) int {
	if len(id) != len(idPrefix)+idDigits {
		return -1
	}
	number := 0
	for _, digit := range id[len(idPrefix):] {
		if digit < '0' || digit > '9' {
			return -1
		}
		number = 10*number + int(digit-'0')
	}
	return number
}

// Headers of commands and of outcomes (design section 2). HeaderNumber is the
// benchmark's own: the invoice number, for contenders that decode nothing.
const (
	HeaderID      = "ce_id"      // of a command: its id
	HeaderSubject = "ce_subject" // of an outcome: its command's id
	HeaderStatus  = "ce_status"
	HeaderNumber  = "bench-number"
)

func header(r *kgo.Record, name string) []byte {
	for i := range r.Headers {
		if r.Headers[i].Key == name {
			return r.Headers[i].Value
		}
	}
	return nil
}
