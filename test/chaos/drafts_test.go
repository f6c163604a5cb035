package chaos

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/topics"
	"bankprocessor/schemas"
)

// mix says how many of a hundred commands are of which kind.
type mix map[command.Name]int

// everyKind is the usual mix. Customers are created before anything else is asked of
// them.
var everyKind = mix{
	command.DBSInvoiceUpsert: 56, command.LoanIncomeSubmit: 12, command.DBSLimitQuery: 7,
	command.DBSInvoiceResultsQuery: 2, command.CustomerCreate: 8, command.CustomerUpdate: 8, command.CustomerComplete: 7,
}

// keys are how many dealers and applications there are: few, so that they come again
// and again.
type keys struct{ dealers, applications int }

// drafts makes commands, the same ones for the same random numbers and flows.
type drafts struct {
	r          *rand.Rand
	codec      *codec.Codec
	topics     topics.Config
	mix        mix
	keys       keys
	duplicates banksim.Duplicates
	operations []command.InvoiceOperation // of further commands of an invoice
	today      command.Date
	example    *command.UpdateCustomer
	invoices   [][]*invoice // by dealer
	made       int

	mu      sync.Mutex
	created map[string]*flow // by the id of the command that creates it
	updates map[string]*flow // by the id of a command that updates it and has no outcome yet
	ready   []*flow          // created, and not completed
}

// invoice is what upstream last asked for.
type invoice struct {
	number  string
	due     command.Date
	advance bool
}

// flow is one customer's.
type flow struct {
	reference, citizen string
	customer, process  int64
	updating           int // updates that have no outcome yet
}

func newDrafts(r *rand.Rand, events *codec.Codec, t topics.Config, m mix, k keys, duplicates banksim.Duplicates) (*drafts, error) {
	example, err := events.CommandFromJSON(command.CustomerUpdate, []byte(schemas.Example(string(command.CustomerUpdate))))
	if err != nil {
		return nil, fmt.Errorf("reading the example of an update: %w", err)
	}
	return &drafts{
		r: r, codec: events, topics: t, mix: m, keys: k, duplicates: duplicates,
		operations: []command.InvoiceOperation{command.InsertInvoice, command.UpdateInvoice, command.CancelInvoice, command.UpsertInvoice},
		today:      command.DateOf(time.Now().In(command.Istanbul)),
		example:    example.Payload.(*command.UpdateCustomer),
		invoices:   make([][]*invoice, k.dealers), created: map[string]*flow{}, updates: map[string]*flow{},
	}, nil
}

// next is the next command as a record, and its id.
func (d *drafts) next() (*kgo.Record, string, error) {
	d.made++
	var id uuid.UUID
	for i := range id {
		id[i] = byte(d.r.UintN(256))
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	c := &command.Command{ID: id.String(), IssuedAt: time.Now(), Payload: d.payload(id.String())}
	if d.r.IntN(25) == 0 && c.Name() != command.CustomerCreate {
		c.ExpiresAt = c.IssuedAt.Add(4 * time.Second) // which may be while nobody knows what came of it
	}
	value, err := d.codec.EncodeCommand(c)
	if err != nil {
		return nil, "", fmt.Errorf("encoding a command: %w", err)
	}
	return &kgo.Record{
		Topic: d.topics.Command(c.Name()), Key: []byte(c.Payload.OrderingKey()), Value: value,
		Headers: []kgo.RecordHeader{{Key: "traceparent", Value: []byte("00-" + hex.EncodeToString(id[:]) + "-0000000000000001-01")}},
	}, c.ID, nil
}

func (d *drafts) payload(id string) command.Payload {
	draw := d.r.IntN(100)
	for _, name := range command.Names() {
		if draw -= d.mix[name]; draw < 0 {
			return d.of(name, id)
		}
	}
	return d.of(command.DBSInvoiceUpsert, id)
}

func (d *drafts) of(name command.Name, id string) command.Payload {
	switch name {
	case command.DBSLimitQuery:
		month := d.today
		month.Day = 1
		return &command.QueryLimit{CompanyCode: company, DealerCode: dealerCode(d.skewed(d.keys.dealers)), InvoicesMonth: month}
	case command.DBSInvoiceResultsQuery:
		due := d.due()
		return &command.QueryInvoiceResults{CompanyCode: company, FromDueDate: due, ToDueDate: due}
	case command.LoanIncomeSubmit:
		return &command.SubmitIncome{
			IdentityNumber: citizen, ApplicationNumber: 89_000_000 + int64(d.skewed(d.keys.applications)),
			EducationLevelCode: 6, ProfessionCode: 29, CampaignCode: 6000999999,
			MonthlyIncome: new(command.NewDecimal(int64(5_000_000+d.made), 2)), BranchCode: "S00330",
			SectorCode: new(int32(1)), CustomerEmploymentStatus: new(int32(1)), ResidenceType: new(int32(1)),
		}
	case command.CustomerUpdate, command.CustomerComplete:
		if f := d.takeFlow(name, id); f != nil {
			return d.further(name, f)
		}
		return d.of(command.CustomerCreate, id) // there must be one first
	case command.CustomerCreate:
		f := &flow{reference: "flow-" + id, citizen: citizenNumber(d.made)}
		d.mu.Lock()
		d.created[id] = f
		d.mu.Unlock()
		return &command.CreateCustomer{
			FlowReference: f.reference, PhoneNumber: phone, CitizenshipNumber: command.Private(f.citizen), Email: email,
			Fatca: new(false), USCustomer: new(false), KVKKApproved: new(true),
		}
	}
	return d.invoice()
}

// What no command depends on.
const (
	company = "SOLEN"
	citizen = "10000000146"
	phone   = "5599999933"
	email   = "ayse@example.com"
)

func dealerCode(n int) string { return fmt.Sprintf("1%04d", n) }

// skewed draws one of n, the first ones far more often.
func (d *drafts) skewed(n int) int {
	x := d.r.Float64()
	return int(x * x * float64(n))
}

func (d *drafts) further(name command.Name, f *flow) command.Payload {
	if name == command.CustomerComplete {
		return &command.CompleteCustomer{
			FlowReference: f.reference, CustomerNumber: command.PrivateInt(f.customer), ProcessID: command.PrivateInt(f.process),
			Email: email, PhoneNumber: phone, ApprovedAgent: new(true), CourierSelected: new(true),
		}
	}
	u := *d.example
	u.FlowReference, u.CitizenshipNumber = f.reference, command.Private(f.citizen)
	u.CustomerNumber, u.ProcessID = command.PrivateInt(f.customer), command.PrivateInt(f.process)
	u.Salary = new(command.NewDecimal(int64(1_000_000+d.made), 2))
	return &u
}

// concluded takes in that a customer's command has its outcome; created is nil unless it
// has created a flow.
func (d *drafts) concluded(id string, created *command.CustomerCreated) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.updates[id]; f != nil {
		f.updating--
		delete(d.updates, id)
	}
	if f := d.created[id]; f != nil && f.process == 0 && created != nil {
		f.customer, f.process = created.CustomerID.Reveal(), created.ProcessID.Reveal()
		d.ready = append(d.ready, f)
	}
}

// takeFlow finds a flow of which more can be asked, nil where there is none. Several
// updates of one may be under way. It is completed once all of them have their outcome:
// they are of another topic, and nothing else keeps them before it.
func (d *drafts) takeFlow(name command.Name, id string) *flow {
	d.mu.Lock()
	defer d.mu.Unlock()
	last := name == command.CustomerComplete
	for range min(8, len(d.ready)) {
		i := d.r.IntN(len(d.ready))
		f := d.ready[i]
		switch {
		case !last:
			f.updating++
			d.updates[id] = f
			return f
		case f.updating == 0:
			d.ready = slices.Delete(d.ready, i, i+1)
			return f
		}
	}
	return nil
}

// citizenNumber makes a number that nobody has and that passes for one.
func citizenNumber(n int) string {
	text := fmt.Sprintf("%09d", 100_000_000+n)
	odd, even := 0, 0
	for i, c := range text {
		if i%2 == 0 {
			odd += int(c - '0')
		} else {
			even += int(c - '0')
		}
	}
	tenth := ((7*odd-even)%10 + 10) % 10
	return fmt.Sprintf("%s%d%d", text, tenth, (odd+even+tenth)%10)
}

// due spreads the invoices over many days, for the bank lists them by the day.
func (d *drafts) due() command.Date { return d.today.AddDays(20 + d.r.IntN(200)) }

// invoice makes a new one, or asks for something else of one of the dealer's latest.
func (d *drafts) invoice() command.Payload {
	dealer := d.skewed(d.keys.dealers)
	p := &command.Invoice{
		CompanyCode: company, DealerCode: dealerCode(dealer), InvoiceCurrency: "TRY", PaymentCurrency: "TRY",
		InvoiceDate: d.today, Amount: new(command.NewDecimal(int64(10_000+d.made), 2)), EntryType: command.Debit, Maturity: command.Term,
	}
	known := d.invoices[dealer]
	if len(known) == 0 || d.r.IntN(5) < 2 {
		d.fresh(p, dealer)
		return p
	}
	i := known[len(known)-1-d.r.IntN(min(3, len(known)))]
	p.InvoiceNumber, p.DueDate, p.Operation = i.number, i.due, d.operations[d.r.IntN(len(d.operations))]
	switch {
	case p.Operation == command.UpdateInvoice && d.r.IntN(4) == 0:
		p.PreviousDueDate, p.DueDate = i.due, d.due()
		i.due = p.DueDate
	case p.Operation == command.CancelInvoice, p.Operation == command.UpdateInvoice:
	case d.duplicates == banksim.DuplicatesRecorded:
		// Such a bank would record it beside the first: upstream's doing.
		d.fresh(p, dealer)
	}
	return p
}

func (d *drafts) fresh(p *command.Invoice, dealer int) {
	i := &invoice{number: fmt.Sprintf("INV-%06d", d.made), due: d.due(), advance: d.r.IntN(8) == 0}
	p.Operation = command.InsertInvoice
	switch {
	case i.advance:
		p.Maturity, i.due = command.Advance, d.today
	case d.r.IntN(4) == 0:
		p.Operation = command.UpsertInvoice
	}
	p.InvoiceNumber, p.DueDate = i.number, i.due
	if !i.advance { // nothing more can be asked of one that is paid
		d.invoices[dealer] = append(d.invoices[dealer], i)
	}
}
