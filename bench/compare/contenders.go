package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"bankprocessor/bench/parts"
	"bankprocessor/internal/command"
	"bankprocessor/internal/topics"
)

const (
	nameCeiling         = "ceiling"
	nameProcessor       = "processor"
	nameAttempts        = "processor+attempts"
	nameNaive           = "naive"
	nameNaiveOne        = "naive-one"
	nameWatermill       = "watermill"
	nameParallelThreads = "parallel-consumer"
	nameParallelReactor = "parallel-consumer-reactor"
)

// contender is a program that turns commands into calls and outcomes.
type contender struct {
	name string
	// legend says how it is set, for whoever reads the table.
	legend string
	// strict ones must lose nothing and call the bank once for each command, in the
	// order of each key; of others it is said how often they do not.
	strict bool
	// counts says that it serves its allocations.
	counts bool
	// warm is how long it is left alone before it is measured: to form its group, or
	// to compile what runs often.
	warm time.Duration
	// prepare makes its program, once.
	prepare func(ctx context.Context, w *world) error
	// start is the program of one process and its arguments.
	start func(w *world, s station) (program string, arguments []string, err error)
}

// station is where one process of a contender stands.
type station struct {
	cell    cell
	names   topics.Config
	group   string
	name    string // of the process
	metrics string // host:port to serve metrics at
}

func (s station) commands() string { return s.names.Command(command.DBSInvoiceUpsert) }
func (s station) results() string  { return s.names.Result(command.DBSInvoiceUpsert) }

// contenders in the order of the table.
func contenders() []contender {
	return append([]contender{
		{
			name: nameCeiling, strict: true, counts: true,
			legend: "franz-go, a chain of commands for each key, net/http's transport with as many idle connections as calls in flight, " +
				"franz-go with acks=all; decodes nothing, checks nothing, commits what it has fetched every 500 ms; GOGC=400",
			prepare: func(context.Context, *world) error { return nil },
			start: func(w *world, s station) (string, []string, error) {
				return parts.Command("ceiling", w.common(s)...)
			},
		},
		{
			name: nameProcessor, strict: true, counts: true,
			legend:  "as shipped, with limits that let as much be in flight, and `processing.attempts: []`",
			prepare: buildProcessor, start: processor(),
		},
		{
			name: nameAttempts, strict: true, counts: true,
			legend:  "the same, with a record on Kafka before each call, as shipped",
			prepare: buildProcessor, start: processor(string(command.DBSInvoiceUpsert)),
		},
	}, peers()...)
}

func contenderOf(name string) (contender, error) {
	for _, c := range contenders() {
		if c.name == name {
			return c, nil
		}
	}
	return contender{}, fmt.Errorf("there is no contender %q", name)
}

// common is the command line that all but the processor share.
func (w *world) common(s station) []string {
	return []string{
		"--broker", w.broker.Address, "--commands", s.commands(), "--results", s.results(), "--group", s.group,
		"--bank", w.bankURL(s.cell) + method, "--body", body, "--in-flight", strconv.Itoa(s.cell.inFlight),
		"--ca", w.authority(s.cell), "--http2=" + strconv.FormatBool(s.cell.tls == tlsH2), "--metrics", s.metrics,
	}
}

// method is the path of the bank's one method here.
const method = "/BankingApiV01/InsertDbsInvoice"

// body is what the processor posts for one of the driver's commands, with {} for
// the dealer and the invoice number.
const body = `{"Header":{"AppKey":"none","Channel":"API","ChannelSessionId":"beca000000004000800000000000000000000000",` +
	`"ChannelRequestId":"beca0000-0000-4000-8000-000000000000"},"Parameters":[{"AssociationCode":"SOLEN","SubscriberNumber":"{}",` +
	`"InvoiceNumber":"{}","InvoiceCurrencyCode":"TRY","PaymentCurrencyCode":"TRY","InvoiceDate":"2026-01-05T00:00:00",` +
	`"InvoiceAmount":90000.01,"LastPaymentDate":"2026-02-04T00:00:00","DelayedLastPaymentDate":"2026-02-04T00:00:00",` +
	`"ParametricCode":"V","OperationType":"I","MaturityType":"V","DebitCreditType":"B","PeriodCode":"202601",` +
	`"InvoiceIncludedBlockage":"E","CustomerNo":955807}]}`

func (w *world) bankURL(c cell) string {
	if c.tls != "" {
		return w.bank.TLS
	}
	return w.bank.URL
}

func (w *world) authority(c cell) string {
	if c.tls != "" {
		return w.bank.CA
	}
	return ""
}

func buildProcessor(ctx context.Context, w *world) (err error) {
	if w.processor == "" {
		w.processor, err = parts.Build(ctx, w.dir, "processor", w.root, "./cmd/processor")
	}
	return err
}

// processor starts the processor with attempts for those commands.
func processor(attempts ...string) func(*world, station) (string, []string, error) {
	return func(w *world, s station) (string, []string, error) {
		file, err := parts.Processor{
			Name: s.name, Group: s.group, Broker: w.broker.Address, Prefix: s.names.Prefix, Partitions: s.cell.partitions,
			Bank: w.bankURL(s.cell), CA: w.authority(s.cell), HTTP2: s.cell.tls == tlsH2, Admin: s.metrics,
			InFlight: s.cell.inFlight, Attempts: attempts,
		}.Configure(w.dir)
		return w.processor, []string{"run", "--config", file}, err
	}
}
