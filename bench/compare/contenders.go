package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"bankprocessor/bench/parts"
	"bankprocessor/internal/command"
	"bankprocessor/internal/topics"
)

const (
	nameCeiling   = "ceiling"
	nameProcessor = "processor"
	nameAttempts  = "processor with attempts"
)

// contender is a program that turns commands into calls and outcomes.
type contender struct {
	name string
	// legend says how it is set, for whoever reads the table.
	legend string
	// unordered ones promise no order of a key.
	unordered bool
	// ours need all topics, not just the two of the load.
	ours bool
	// counts says that it serves its allocations.
	counts bool
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
	return []contender{
		{
			name: nameCeiling, counts: true,
			legend: "franz-go, one chain per key, net/http with as many idle connections as calls, franz-go with acks=all; " +
				"no decoding, no checks, commits every 500 ms whatever is done; GOGC=400",
			start: func(w *world, s station) (string, []string, error) {
				return parts.Command("ceiling", w.common(s)...)
			},
		},
		{
			name: nameProcessor, ours: true, counts: true,
			legend: "as shipped, with limits that let it have as much in flight, `processing.attempts: []`",
			start:  processor("[]"),
		},
		{
			name: nameAttempts, ours: true, counts: true,
			legend: "the same, with a record of each attempt written before its call",
			start:  processor("[dbs.invoice.upsert]"),
		},
	}
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
		"--bank", w.bankURL(s.cell) + "/BankingApiV01/InsertDbsInvoice", "--body", body, "--in-flight", strconv.Itoa(s.cell.inFlight),
		"--ca", w.authority(s.cell), "--http2=" + strconv.FormatBool(s.cell.tls == tlsH2), "--metrics", s.metrics,
	}
}

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

// processor starts the processor, as shipped but for limits that would hide what
// the rest costs.
func processor(attempts string) func(*world, station) (string, []string, error) {
	return func(w *world, s station) (string, []string, error) {
		secret, file := filepath.Join(w.dir, "secret"), filepath.Join(w.dir, s.name+".yaml")
		text := strings.NewReplacer(
			"BROKER", w.broker.Address, "GROUP", s.group, "PREFIX", s.names.Prefix, "PARTITIONS", strconv.Itoa(s.cell.partitions),
			"ADMIN", s.metrics, "SECRET", secret, "BANK", w.bankURL(s.cell), "IN_FLIGHT", strconv.Itoa(s.cell.inFlight), "ATTEMPTS", attempts,
			"HTTP2", strconv.FormatBool(s.cell.tls == tlsH2), "AUTHORITY", w.authority(s.cell),
		).Replace(configuration)
		err := errors.Join(os.WriteFile(secret, []byte("none"), 0o600), os.WriteFile(file, []byte(text), 0o600))
		return w.processor, []string{"run", "--config", file}, err
	}
}

const configuration = `
kafka: {brokers: ["BROKER"]}
topics: {prefix: "PREFIX", partitions: PARTITIONS, dead_letter_partitions: 1, replication_factor: 1}
admin: {address: "ADMIN"}
log: {level: warn, format: text}
intake: {group: GROUP, max_in_flight: IN_FLIGHT, topic_in_flight: IN_FLIGHT}
processing: {attempts: ATTEMPTS}
banks:
  interapi:
    http: {base_url: "BANK", max_idle_conns: IN_FLIGHT, http2: HTTP2, tls: {ca_file: "AUTHORITY"}}
    subscription_key: {file: "SECRET"}
    app_key: {file: "SECRET"}
    user_code: 'BENCH\processor'
    customer_numbers: {SOLEN: 955807}
    dbs_write: {max_concurrent: IN_FLIGHT}
  loanapi:
    http: {base_url: "BANK", tls: {ca_file: "AUTHORITY"}}
    token: {client_id: bench, client_secret: {file: "SECRET"}}
`
