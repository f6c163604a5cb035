package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bankprocessor/bench/process"
)

// entry is a contender that runs in a cell: one process or several in one group.
type entry struct {
	contender contender
	processes []*process.Process
	metrics   []string // host:port of each
}

// enter starts a contender.
func (w *world) enter(ctx context.Context, s station, who contender) (*entry, error) {
	e := &entry{contender: who}
	base := s.name
	for n := range s.cell.processes {
		var err error
		s.name = fmt.Sprintf("%s-%d", base, n+1)
		if s.metrics, err = freeAddress(ctx); err != nil {
			return nil, errors.Join(err, e.leave())
		}
		program, arguments, err := who.start(w, s)
		if err != nil {
			return nil, errors.Join(err, e.leave())
		}
		p, err := process.Start(w.dir, s.name, program, arguments...)
		if err != nil {
			return nil, errors.Join(err, e.leave())
		}
		e.processes, e.metrics = append(e.processes, p), append(e.metrics, s.metrics)
	}
	return e, nil
}

// leave ends it.
func (e *entry) leave() error {
	var errs []error
	for _, p := range e.processes {
		errs = append(errs, p.Stop(patience))
	}
	return errors.Join(errs...)
}

// alive is an error with the output of a process that has ended.
func (e *entry) alive() error {
	for _, p := range e.processes {
		if err := p.Alive(); err != nil {
			return err
		}
	}
	return nil
}

func (e *entry) peakRSS() (total int64, err error) {
	for _, p := range e.processes {
		rss, err := p.PeakRSS()
		if err != nil {
			return 0, err
		}
		total += rss
	}
	return total, nil
}

// mark is how far a contender has come at one moment, and at what cost.
type mark struct {
	at          time.Time
	answered    int
	cpu         time.Duration
	allocations float64
	usage       process.Usage
}

func (w *world) mark(ctx context.Context, e *entry, answered int) (mark, error) {
	m := mark{at: time.Now(), answered: answered}
	for _, p := range e.processes {
		cpu, err := p.CPU()
		if err != nil {
			return m, errors.Join(err, e.alive())
		}
		m.cpu += cpu
	}
	var err error
	if m.usage, err = w.usage(e.processes); err != nil || !e.contender.counts {
		return m, err
	}
	for _, address := range e.metrics {
		n, err := allocations(ctx, address)
		if err != nil {
			return m, errors.Join(err, e.alive())
		}
		m.allocations += n
	}
	return m, nil
}

var errNoCount = errors.New("no number of allocations is served")

// allocations asks a process how often it has allocated.
func allocations(ctx context.Context, address string) (float64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, fmt.Errorf("asking for allocations: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if count, found := strings.CutPrefix(lines.Text(), "go_memstats_mallocs_total "); found {
			return strconv.ParseFloat(count, 64)
		}
	}
	return 0, errors.Join(errNoCount, lines.Err())
}

// Ports from which no connection is made, on a Linux that is as shipped: a bank's
// thousands of connections take the others.
const (
	firstPort = 20_000
	lastPort  = 32_000
)

// freeAddress is an address of loopback that nobody listens at.
func freeAddress(ctx context.Context) (string, error) {
	var errs []error
	for range 20 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+rand.IntN(lastPort-firstPort)))
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err == nil {
			return address, l.Close()
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("looking for a free port: %w", errors.Join(errs...))
}
