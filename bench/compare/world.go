package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"bankprocessor/bench/parts"
	"bankprocessor/bench/process"
)

// patience is how long a contender may take to stop.
const patience = 30 * time.Second

// world is what stays while contenders come and go.
type world struct {
	dir       string
	broker    *parts.Broker
	topics    *parts.Topics
	bank      *parts.Bank
	root      string // of the repository
	processor string // its program, "" before it is built
	peers     string // likewise
	classPath string // of the Parallel Consumer, likewise
	ends      []func() error
}

// open starts everything; close ends it, also after a failure.
func (w *world) open(ctx context.Context, p plan, log io.Writer) error {
	dir, err := os.MkdirTemp("", "bench-compare-")
	if err != nil {
		return fmt.Errorf("making a directory: %w", err)
	}
	w.dir = dir
	w.ends = append(w.ends, func() error { return os.RemoveAll(dir) })
	w.root, w.processor = p.root, p.program
	if w.broker, err = parts.StartBroker(ctx, dir, p.broker, p.root, 0, log); err != nil {
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
	return nil
}

// close ends everything, the last first.
func (w *world) close() error {
	var errs []error
	for i := len(w.ends) - 1; i >= 0; i-- {
		errs = append(errs, w.ends[i]())
	}
	return errors.Join(errs...)
}

// usage is what of the machine everything here has used, with a contender's
// processes.
func (w *world) usage(contender []*process.Process) (process.Usage, error) {
	pids := []int{os.Getpid(), w.broker.PID, w.bank.PID()}
	for _, p := range contender {
		pids = append(pids, p.PID())
	}
	return process.UsageOf(pids...)
}
