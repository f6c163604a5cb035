package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"bankprocessor/bench/drive"
	"bankprocessor/bench/parts"
	"bankprocessor/bench/process"
	"bankprocessor/internal/command"
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
	topics  *parts.Topics
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
		if program, err = parts.Build(ctx, dir, "processor", p.root, "./cmd/processor"); err != nil {
			return err
		}
	}
	if w.broker, err = parts.StartBroker(ctx, dir, p.broker, p.root, p.port, log); err != nil {
		return err
	}
	w.ends = append(w.ends, w.broker.Stop)
	if w.topics, err = parts.OpenTopics(w.broker); err != nil {
		return err
	}
	w.ends = append(w.ends, func() error { w.topics.Close(); return nil })
	if w.bank, err = parts.StartBank(ctx, dir); err != nil {
		return err
	}
	w.ends = append(w.ends, w.bank.Stop)
	if w.with, err = w.contend(ctx, p, program, "with", string(command.DBSInvoiceUpsert)); err != nil {
		return err
	}
	w.without, err = w.contend(ctx, p, program, "without")
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

// contend creates a contender's topics and starts its processor and its driver.
func (w *world) contend(ctx context.Context, p plan, program, name string, attempts ...string) (*contender, error) {
	c := &contender{name: name, names: topics.Config{
		Prefix: name + ".", Partitions: partitions, DeadLetterPartitions: 1, ReplicationFactor: 1,
	}.WithDefaults()}
	if err := w.topics.Create(ctx, c.names); err != nil {
		return nil, err
	}
	file, err := parts.Processor{
		Name: name, Group: name, Broker: w.broker.Address, Prefix: c.names.Prefix, Partitions: partitions,
		Bank: w.bank.URL, Admin: "127.0.0.1:0", InFlight: p.inFlight, Attempts: attempts,
	}.Configure(w.dir)
	if err != nil {
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
