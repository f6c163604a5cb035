package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/consumers"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/processing"
)

// names is what the topics are called.
type names struct{}

const (
	attemptsTopic   = "bank.attempts"
	deadLetterTopic = "bank.dead-letter"
)

func (names) Result(n command.Name) string { return string(n) + ".result" }
func (names) DeadLetter() string           { return deadLetterTopic }
func (names) Attempts() string             { return attemptsTopic }
func (names) Audit() string                { panic("nobody replays anything here") }

func (names) CommandOf(topic string) (command.Name, bool) { return command.ParseName(topic) }

// handler is the consumers' Handler over the processor, as internal/app's.
type handler struct{ p *processing.Processor }

func (h handler) Handle(ctx context.Context, r kafka.Record) error {
	err := h.p.Handle(ctx, &command.Message{
		Topic: r.Topic, Name: command.Name(r.Topic), Partition: r.Partition, Offset: r.Offset,
		Time: r.Time, Key: r.Key, Value: r.Value,
	})
	if err != nil && errorsIsReleased(err) {
		return fmt.Errorf("%w: %w", consumers.ErrReleased, err)
	}
	return err
}

// published is a command's record.
type published struct {
	tp     kafka.TopicPartition
	offset int64
	key    string
	value  string
	id     string
	again  bool // upstream has published the id before
	sent   *command.Command
}

// commands are what upstream publishes. It is codec and upstream in one: a value on
// a topic is the number of what it stands for.
type commands struct {
	topics     []consumers.Topic
	partitions []kafka.TopicPartition
	records    []*published
	left       []*published // not published yet
	byID       map[string]*published

	mu       sync.Mutex
	byValue  map[string]*published
	handed   map[*command.Command]place
	attempts []command.Attempt
	outcomes []command.Outcome
}

// Decode implements processing.Decoder.
func (c *commands) Decode(_ context.Context, m *command.Message) (*command.Command, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sent := *c.byValue[string(m.Value)].sent
	c.handed[&sent] = place{m.Topic, m.Partition, m.Offset}
	return &sent, nil
}

// place is where a record stands.
type place struct {
	topic     string
	partition int32
	offset    int64
}

// byCommand finds the record that a decoded command came in.
func (c *commands) byCommand(sent *command.Command) *published {
	c.mu.Lock()
	at := c.handed[sent]
	c.mu.Unlock()
	return c.at(kafka.TopicPartition{Topic: at.topic, Partition: at.partition}, at.offset)
}

// at finds the record at an offset.
func (c *commands) at(tp kafka.TopicPartition, offset int64) *published {
	for _, p := range c.records {
		if p.tp == tp && p.offset == offset {
			return p
		}
	}
	return nil
}

// EncodeAudit implements producers.Encoder.
func (c *commands) EncodeAudit(*command.AuditRecord) ([]byte, error) {
	panic("nobody replays anything here")
}

// EncodeAttempt implements producers.Encoder.
func (c *commands) EncodeAttempt(a *command.Attempt) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempts = append(c.attempts, *a)
	return strconv.AppendInt(nil, int64(len(c.attempts)-1), 10), nil
}

// DecodeAttempt implements history.Decoder.
func (c *commands) DecodeAttempt(b []byte) (*command.Attempt, error) {
	n, err := strconv.Atoi(string(b))
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || n >= len(c.attempts) {
		return nil, fmt.Errorf("no attempt: %w", err)
	}
	a := c.attempts[n]
	return &a, nil
}

// EncodeOutcome implements producers.Encoder.
func (c *commands) EncodeOutcome(o *command.Outcome) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcomes = append(c.outcomes, *o)
	return strconv.AppendInt(nil, int64(len(c.outcomes)-1), 10), nil
}

func (c *commands) outcome(b []byte) command.Outcome {
	n, _ := strconv.Atoi(string(b))
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.outcomes[n]
}

// kindsOfCommands are the mixtures of topics that a schedule may have.
var kindsOfCommands = [][]command.Name{
	{command.DBSInvoiceUpsert},
	{command.DBSInvoiceUpsert},
	{command.DBSInvoiceUpsert, command.CustomerComplete},
	{command.DBSInvoiceUpsert, command.LoanIncomeSubmit},
	{command.CustomerComplete, command.LoanIncomeSubmit},
}

// newCommands draws what is published.
func newCommands(rng *rand.Rand, partitions int) *commands {
	c := &commands{byID: map[string]*published{}, byValue: map[string]*published{}, handed: map[*command.Command]place{}}
	kinds := kindsOfCommands[rng.IntN(len(kindsOfCommands))]
	for _, name := range kinds {
		c.topics = append(c.topics, consumers.Topic{Name: string(name)})
		for p := range partitions {
			c.partitions = append(c.partitions, kafka.TopicPartition{Topic: string(name), Partition: int32(p)})
		}
	}
	for n := range 4 + rng.IntN(5) {
		c.left = append(c.left, c.draw(rng, kinds[rng.IntN(len(kinds))], n, partitions))
	}
	return c
}

func (c *commands) draw(rng *rand.Rand, name command.Name, n, partitions int) *published {
	which := rng.IntN(3)
	sent := &command.Command{ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n+1), IssuedAt: time.Now()}
	switch name {
	case command.DBSInvoiceUpsert:
		sent.Payload = drawInvoice(rng, which, n)
	case command.CustomerComplete:
		sent.Payload = &command.CompleteCustomer{
			FlowReference: fmt.Sprintf("flow-%d", which), CustomerNumber: 1, ProcessID: 1,
			Email: "a@example.com", PhoneNumber: "+905321234567", ApprovedAgent: &yes, CourierSelected: &yes,
		}
	case command.LoanIncomeSubmit:
		sent.Payload = &command.SubmitIncome{
			IdentityNumber: "10000000146", ApplicationNumber: int64(which + 1), EducationLevelCode: 6, ProfessionCode: 29,
			CampaignCode: 6000999999, MonthlyIncome: &income, BranchCode: "S00330",
			SectorCode: &one, CustomerEmploymentStatus: &one, ResidenceType: &one,
		}
	}
	p := &published{
		tp: kafka.TopicPartition{Topic: string(name), Partition: int32(which % partitions)}, offset: -1,
		key: sent.Payload.OrderingKey(), value: "c" + strconv.Itoa(n), id: sent.ID, sent: sent,
	}
	c.byID[p.id], c.byValue[p.value] = p, p
	return p
}

// What the payloads share.
var (
	yes          = true
	one    int32 = 1
	income       = command.NewDecimal(50_000_00, 2)
)

// dueDay is after any day of a schedule: synctest's clock begins in 2000.
var dueDay = command.DateOf(time.Date(2000, 3, 1, 0, 0, 0, 0, time.UTC))

var operations = []command.InvoiceOperation{
	command.InsertInvoice, command.InsertInvoice, command.InsertInvoice,
	command.UpdateInvoice, command.CancelInvoice, command.CancelInvoice, command.UpsertInvoice,
}

func drawInvoice(rng *rand.Rand, dealer, n int) *command.Invoice {
	amount := command.NewDecimal(int64(100+n), 0)
	return &command.Invoice{
		Operation: operations[rng.IntN(len(operations))], CompanyCode: "ACME", DealerCode: fmt.Sprintf("D%d", dealer),
		InvoiceNumber: fmt.Sprintf("INV-%d-%d", dealer, rng.IntN(2)), InvoiceCurrency: "TRY", PaymentCurrency: "TRY",
		InvoiceDate: command.DateOf(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)), Amount: &amount, DueDate: dueDay,
		Maturity: command.Term, EntryType: command.Debit,
	}
}

// publish appends the next command to its topic.
func (w *world) publish() {
	p := w.commands.left[0]
	w.commands.left = w.commands.left[1:]
	w.append(p)
}

// repeat publishes a command's id again: as it was, under another key of the same
// partition, or with other bytes.
func (w *world) repeat() {
	if len(w.commands.records) == 0 {
		return
	}
	again := *w.commands.records[w.rng.IntN(len(w.commands.records))]
	again.again = true
	switch drawn := w.rng.IntN(4); {
	case drawn == 0 && w.commands.alone(&again):
		again.key += "'"
	case drawn == 1:
		again.value += "'"
		w.commands.mu.Lock()
		w.commands.byValue[again.value] = &again
		w.commands.mu.Unlock()
	}
	w.append(&again)
}

// alone says whether no other command is about p's invoice: under another key nothing
// would keep the two in order.
func (c *commands) alone(p *published) bool {
	invoice, ok := p.sent.Payload.(*command.Invoice)
	if !ok {
		return true
	}
	for _, other := range c.byID {
		if o, ok := other.sent.Payload.(*command.Invoice); ok && other.id != p.id && o.InvoiceNumber == invoice.InvoiceNumber {
			return false
		}
	}
	return true
}

func (w *world) append(p *published) {
	p.offset = w.store(kafka.Record{
		Topic: p.tp.Topic, Partition: p.tp.Partition, Key: []byte(p.key), Value: []byte(p.value),
	})
	w.commands.records = append(w.commands.records, p)
	w.tell("", "publishes", p.tp, fmt.Sprintf("@%d %s", p.offset, describeCommand(p)), "")
}

func describeCommand(p *published) string {
	text := p.value + " " + p.id[len(p.id)-2:] + " key " + p.key
	if inv, ok := p.sent.Payload.(*command.Invoice); ok {
		text += " " + string(inv.Operation) + " " + inv.InvoiceNumber
	}
	return text
}

// describe says what a record on its way holds.
func (w *world) describe(r kafka.Record) string {
	switch r.Topic {
	case attemptsTopic:
		a, err := w.commands.DecodeAttempt(r.Value)
		if err != nil {
			return err.Error()
		}
		text := fmt.Sprintf("%s #%d", a.CommandID[len(a.CommandID)-2:], a.Number)
		if a.Withdrawn {
			text += " withdrawn"
		}
		return text
	case deadLetterTopic:
		return "letter " + string(r.Value)
	}
	o := w.commands.outcome(r.Value)
	return fmt.Sprintf("%s %s %s", o.CommandID[len(o.CommandID)-2:], o.Status, o.Code)
}
