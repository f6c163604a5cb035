package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bankprocessor/bench/drive"
	"bankprocessor/bench/parts"
	"bankprocessor/bench/process"
	"bankprocessor/internal/topics"
)

// partitions of every topic.
const partitions = 6

// patience is how long a processor may take to stop.
const patience = 30 * time.Second

// contender is one processor with its own topics, group and driver.
type contender struct {
	name      string // with or without
	names     topics.Config
	processor *process.Process
	driver    *drive.Driver
}

// world is everything that runs.
type world struct {
	dir     string
	broker  *parts.Broker
	bank    *parts.Bank
	with    *contender
	without *contender
	ends    []func() error
}

// open starts everything; close ends it, also after a failure.
func (w *world) open(ctx context.Context, p plan, log io.Writer) error {
	dir, err := os.MkdirTemp("", "bench-attempts-")
	if err != nil {
		return fmt.Errorf("making a directory: %w", err)
	}
	w.dir = dir
	w.ends = append(w.ends, func() error { return os.RemoveAll(dir) })
	program := p.program
	if program == "" {
		if program, err = build(ctx, dir, p.root); err != nil {
			return err
		}
	}
	if w.broker, err = startBroker(ctx, dir, p, log); err != nil {
		return err
	}
	w.ends = append(w.ends, w.broker.Stop)
	if w.bank, err = parts.StartBank(ctx, dir); err != nil {
		return err
	}
	w.ends = append(w.ends, w.bank.Stop)
	if w.with, err = w.contend(ctx, p, program, "with", "[dbs.invoice.upsert]"); err != nil {
		return err
	}
	w.without, err = w.contend(ctx, p, program, "without", "[]")
	return err
}

// usage is what of the machine everything here has used.
func (w *world) usage() (process.Usage, error) {
	return process.UsageOf(os.Getpid(), w.broker.PID, w.bank.PID(), w.with.processor.PID(), w.without.processor.PID())
}

// close ends everything, the last first.
func (w *world) close() error {
	var errs []error
	for i := len(w.ends) - 1; i >= 0; i-- {
		errs = append(errs, w.ends[i]())
	}
	return errors.Join(errs...)
}

func build(ctx context.Context, dir, root string) (string, error) {
	program := filepath.Join(dir, "processor")
	p, err := process.Start(dir, "build", "go", "build", "-C", root, "-o", program, "./cmd/processor")
	if err != nil {
		return "", err
	}
	return program, p.Wait(ctx)
}

func startBroker(ctx context.Context, dir string, p plan, log io.Writer) (*parts.Broker, error) {
	if p.broker == brokerEmbedded {
		return parts.StartEmbedded(ctx, dir)
	}
	b, err := parts.StartKafka(ctx, dir, p.root, p.port)
	if p.broker == brokerAuto && errors.Is(err, parts.ErrNoKafka) {
		fmt.Fprintf(log, "attempts: the embedded broker instead of Kafka: %v\n", err)
		return parts.StartEmbedded(ctx, dir)
	}
	return b, err
}

// contend creates a contender's topics and starts its processor and its driver.
func (w *world) contend(ctx context.Context, p plan, program, name, attempts string) (*contender, error) {
	c := &contender{name: name, names: topics.Config{Prefix: name + ".", Partitions: partitions}.WithDefaults()}
	file, err := w.configure(p, c, attempts)
	if err != nil {
		return nil, err
	}
	if err := w.applyTopics(ctx, program, name, file); err != nil {
		return nil, err
	}
	if c.processor, err = process.Start(w.dir, "processor-"+name, program, "run", "--config", file); err != nil {
		return nil, err
	}
	w.ends = append(w.ends, func() error { return c.processor.Stop(patience) })
	if c.driver, err = drive.Open(w.broker.Address, c.names); err != nil {
		return nil, err
	}
	w.ends = append(w.ends, func() error { c.driver.Close(); return nil })
	return c, nil
}

// applyTries is how often topics are applied: a broker with a slow disk may not yet
// show what it has created.
const applyTries = 5

func (w *world) applyTopics(ctx context.Context, program, name, file string) error {
	for try := 1; ; try++ {
		applied, err := process.Start(w.dir, fmt.Sprintf("topics-%s-%d", name, try), program, "topics", "apply", "--config", file)
		if err != nil {
			return err
		}
		if err = applied.Wait(ctx); err == nil || try == applyTries || ctx.Err() != nil {
			return err
		}
	}
}

// configure writes a processor's configuration: as shipped, but for limits that
// would hide what an attempt costs.
func (w *world) configure(p plan, c *contender, attempts string) (string, error) {
	secret := filepath.Join(w.dir, "secret")
	file := filepath.Join(w.dir, c.name+".yaml")
	text := strings.NewReplacer(
		"BROKER", w.broker.Address, "NAME", c.name, "PREFIX", c.names.Prefix, "SECRET", secret, "BANK", w.bank.URL,
		"PARTITIONS", fmt.Sprint(partitions), "IN_FLIGHT", fmt.Sprint(p.inFlight), "ATTEMPTS", attempts,
	).Replace(configuration)
	return file, errors.Join(os.WriteFile(secret, []byte("none"), 0o600), os.WriteFile(file, []byte(text), 0o600))
}

const configuration = `
kafka: {brokers: ["BROKER"]}
topics: {prefix: "PREFIX", partitions: PARTITIONS, replication_factor: 1}
admin: {address: "127.0.0.1:0"}
log: {level: warn, format: text}
intake: {group: NAME, max_in_flight: IN_FLIGHT, topic_in_flight: IN_FLIGHT}
processing: {attempts: ATTEMPTS}
banks:
  interapi:
    http: {base_url: "BANK", max_idle_conns: IN_FLIGHT}
    subscription_key: {file: "SECRET"}
    app_key: {file: "SECRET"}
    user_code: 'BENCH\processor'
    customer_numbers: {SOLEN: 955807}
    dbs_write: {max_concurrent: IN_FLIGHT}
  loanapi:
    http: {base_url: "BANK"}
    token: {client_id: bench, client_secret: {file: "SECRET"}}
`
