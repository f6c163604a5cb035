package parts

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"bankprocessor/bench/process"
)

// Processor is how a processor that is measured is configured: as shipped, but for
// limits that would hide what the rest costs.
type Processor struct {
	// Name is of its file, Group of its consumer group.
	Name, Group string
	// Broker is host:port.
	Broker string
	// Prefix stands before its topics, which have so many Partitions.
	Prefix     string
	Partitions int
	// Bank is the bank's base URL, CA the PEM file of its authority, "" without TLS;
	// HTTP2 offers h2.
	Bank, CA string
	HTTP2    bool
	// Admin is host:port, whose port may be 0.
	Admin string
	// InFlight bounds the calls that run at once.
	InFlight int
	// Attempts are the commands of which attempts are written.
	Attempts []string
}

// Configure writes the configuration into dir and returns its file.
func (p Processor) Configure(dir string) (string, error) {
	secret, file := filepath.Join(dir, "secret"), filepath.Join(dir, p.Name+".yaml")
	text := strings.NewReplacer(
		"BROKER", p.Broker, "GROUP", p.Group, "PREFIX", p.Prefix, "PARTITIONS", strconv.Itoa(p.Partitions),
		"ADMIN", p.Admin, "SECRET", secret, "BANK", p.Bank, "IN_FLIGHT", strconv.Itoa(p.InFlight),
		// Half of what may be in flight in all is kept in equal parts for each command.
		"IN_ALL", strconv.Itoa(2*p.InFlight), "ATTEMPTS", strings.Join(p.Attempts, ", "),
		"HTTP2", strconv.FormatBool(p.HTTP2), "AUTHORITY", p.CA,
	).Replace(configuration)
	return file, errors.Join(os.WriteFile(secret, []byte("none"), 0o600), os.WriteFile(file, []byte(text), 0o600))
}

const configuration = `
kafka: {brokers: ["BROKER"]}
topics: {prefix: "PREFIX", partitions: PARTITIONS, dead_letter_partitions: 1, replication_factor: 1}
admin: {address: "ADMIN"}
log: {level: warn, format: text}
intake: {group: GROUP, max_in_flight: IN_ALL, topic_in_flight: IN_FLIGHT}
processing: {attempts: [ATTEMPTS]}
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

// Build builds a package of the module in the directory module into dir/name, and
// returns that program.
func Build(ctx context.Context, dir, name, module, pkg string) (string, error) {
	program := filepath.Join(dir, name)
	p, err := process.Start(dir, "build-"+name, "go", "build", "-C", module, "-o", program, pkg)
	if err != nil {
		return "", err
	}
	return program, p.Wait(ctx)
}
