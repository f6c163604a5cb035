package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"bankprocessor/bench/parts"
	"bankprocessor/bench/process"
	"bankprocessor/internal/banksim"
)

const partBank = "kneed-bank"

// serveBank is the simulator in a process of its own.
func serveBank(ctx context.Context, out io.Writer, _ []string) error {
	bank, err := banksim.Open(banksim.Config{JournalCapacity: 1})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: bank.Handler(), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	fmt.Fprintln(out, parts.Listening+"http://"+l.Addr().String())
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}

// bank is the simulator as this process sees it.
type bank struct {
	*process.Process
	url string
}

func startBank(ctx context.Context, dir string) (*bank, error) {
	program, arguments, err := parts.Command(partBank)
	if err != nil {
		return nil, err
	}
	p, err := process.Start(dir, partBank, program, arguments...)
	if err != nil {
		return nil, err
	}
	url, err := p.Await(ctx, parts.Listening)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the bank: %w", err), p.Stop(time.Second))
	}
	return &bank{Process: p, url: strings.TrimSpace(url)}, nil
}

// behave sets what a call takes, and how many calls at once the bank can take.
func (b *bank) behave(ctx context.Context, latency time.Duration, knee int) error {
	body := fmt.Sprintf(`{"latency":{"fixed":%q,"knee":%d}}`, latency, knee)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+"/_sim/latency", strings.NewReader(body))
	if err != nil {
		return fmt.Errorf("setting the latency: %w", err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("setting the latency: %w", err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		return fmt.Errorf("setting the latency: HTTP %d", answer.StatusCode)
	}
	return nil
}
