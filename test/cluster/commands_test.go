package cluster

import (
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/topics"
)

// keys is how many dealers, flows and applications there are of each: a key comes
// again and again, so that its order can be lost.
const keys = 200

// order is one command: what it is and where it stands among those of its key.
type order struct {
	number   int
	name     command.Name
	key      string
	dealer   string // of invoices
	invoice  string
	applying int64 // application number, of loans
}

// drafts makes commands, numbered from 0. Of ten, seven are invoices, and one each
// asks for a limit, creates a customer and submits an income.
type drafts struct {
	codec  *codec.Codec
	topics topics.Config
	today  command.Date
	made   []order
}

func newDrafts(c *codec.Codec, t topics.Config) *drafts {
	return &drafts{codec: c, topics: t, today: command.DateOf(time.Now().In(command.Istanbul))}
}

const idPrefix = "00000000-0000-4000-8000-"

// numberOf reads a command's number from the end of its id, or of its trace's.
func numberOf(id string) (int, error) {
	if len(id) < 12 {
		return 0, fmt.Errorf("no command of this test: %q", id)
	}
	n, err := strconv.ParseInt(id[len(id)-12:], 16, 32)
	return int(n), err
}

// traceOf is the inverse for the bank's journal: the trace is carried to the bank.
func traceOf(number int) string { return fmt.Sprintf("00-%032x-%016x-01", number+1, 1) }

func numberOfTrace(traceparent string) (int, error) {
	if len(traceparent) != 55 {
		return 0, fmt.Errorf("no trace of this test: %q", traceparent)
	}
	n, err := numberOf(traceparent[3:35])
	return n - 1, err
}

// next is the next command as a record.
func (d *drafts) next() (*kgo.Record, error) {
	o := order{number: len(d.made)}
	turn := (o.number / 10) % keys
	payload := d.payload(&o, turn)
	o.name, o.key = payload.Name(), payload.OrderingKey()
	value, err := d.codec.EncodeCommand(&command.Command{
		ID: fmt.Sprintf("%s%012x", idPrefix, o.number), IssuedAt: time.Now(), Payload: payload,
	})
	if err != nil {
		return nil, err
	}
	d.made = append(d.made, o)
	return &kgo.Record{
		Topic: d.topics.Command(o.name), Key: []byte(o.key), Value: value,
		Headers: []kgo.RecordHeader{{Key: "traceparent", Value: []byte(traceOf(o.number))}},
	}, nil
}

func (d *drafts) payload(o *order, turn int) command.Payload {
	switch o.number % 10 {
	case 7:
		month := d.today
		month.Day = 1
		return &command.QueryLimit{CompanyCode: "SOLEN", DealerCode: fmt.Sprintf("1%04d", turn), InvoicesMonth: month}
	case 8:
		return &command.CreateCustomer{
			FlowReference: fmt.Sprintf("flow-%04d", turn), PhoneNumber: "5599999933",
			CitizenshipNumber: "10000000146", Email: "ayse@example.com",
			Fatca: new(false), USCustomer: new(false), KVKKApproved: new(true),
		}
	case 9:
		o.applying = 89_000_000 + int64(turn)
		return &command.SubmitIncome{
			IdentityNumber: "10000000146", ApplicationNumber: o.applying,
			EducationLevelCode: 6, ProfessionCode: 29, CampaignCode: 6000999999, MonthlyIncome: new(command.NewDecimal(5_000_000, 2)),
			BranchCode: "S00330", SectorCode: new(int32(1)), CustomerEmploymentStatus: new(int32(1)), ResidenceType: new(int32(1)),
		}
	}
	// The tens give seven invoices to seven dealers, a different seven each time.
	o.dealer = fmt.Sprintf("1%04d", (o.number/10*7+o.number%10)%keys)
	o.invoice = fmt.Sprintf("INV-%07d", o.number)
	return &command.Invoice{
		Operation: command.InsertInvoice, CompanyCode: "SOLEN", DealerCode: o.dealer, InvoiceNumber: o.invoice,
		InvoiceCurrency: "TRY", PaymentCurrency: "TRY", InvoiceDate: d.today, Amount: new(command.NewDecimal(100, 2)),
		DueDate: d.today.AddDays(30), Maturity: command.Term, EntryType: command.Debit,
	}
}
