package parts

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"time"

	"bankprocessor/bench/process"
)

// patience is how long a part may take to stop.
const patience = 10 * time.Second

// Bank is a bank that records every invoice, after a fixed time, and watches the
// order in which each dealer's invoices come.
type Bank struct {
	*process.Process
	// URL is its base URL, TLS one that speaks TLS, with HTTP/2 for who asks for it,
	// under the certificate in the file CA.
	URL, TLS, CA string
}

// Behaviour is how a bank answers.
type Behaviour struct {
	// Latency is how long every call takes, but for one dealer in a thousand, whose
	// calls take Slow if that is more: those of whom SlowDealer says so.
	Latency, Slow time.Duration
}

// SlowDealer says whether a dealer's calls take Behaviour.Slow.
func SlowDealer(dealer int) bool { return dealer%1000 == 0 }

// Report is what a bank has seen since its behaviour was last set.
type Report struct {
	// Calls are the answered ones.
	Calls int64 `json:"calls"`
	// Overlaps are calls that came while another one of the same dealer was under
	// way, Backward those with a lower invoice number than the dealer's one before,
	// Repeated those with the same number.
	Overlaps int64 `json:"overlaps"`
	Backward int64 `json:"backward"`
	Repeated int64 `json:"repeated"`
	// Bytes are those of the calls' bodies.
	Bytes int64 `json:"bytes"`
	// Connections that were opened.
	Connections int64 `json:"connections"`
}

// StartBank starts a bank in a process of its own.
func StartBank(ctx context.Context, dir string) (*Bank, error) {
	ca := filepath.Join(dir, "bank.pem")
	p, address, err := start(ctx, dir, "bank", ca)
	if err != nil {
		return nil, err
	}
	b := &Bank{Process: p, CA: ca}
	if _, err := fmt.Sscanf(address, "%s %s", &b.URL, &b.TLS); err != nil {
		return nil, fmt.Errorf("starting the bank: %q: %w", address, err)
	}
	return b, nil
}

// Stop ends it.
func (b *Bank) Stop() error { return b.Process.Stop(patience) }

// Behave has every later call answered so, and starts a new report.
func (b *Bank) Behave(ctx context.Context, how Behaviour) error {
	return b.ask(ctx, http.MethodPost, fmt.Sprintf("%s?latency=%s&slow=%s", behaviourPath, how.Latency, how.Slow), nil)
}

// SetLatency sets how long every later call takes, and keeps the report.
func (b *Bank) SetLatency(ctx context.Context, d time.Duration) error {
	return b.ask(ctx, http.MethodPost, fmt.Sprintf("%s?latency=%s&slow=0s&keep=true", behaviourPath, d), nil)
}

// Report is what it has seen.
func (b *Bank) Report(ctx context.Context) (r Report, err error) {
	err = b.ask(ctx, http.MethodGet, reportPath, &r)
	return r, err
}

// Calls is how many calls it has answered.
func (b *Bank) Calls(ctx context.Context) (int64, error) {
	r, err := b.Report(ctx)
	return r.Calls, err
}

func (b *Bank) ask(ctx context.Context, method, path string, answer any) error {
	r, err := http.NewRequestWithContext(ctx, method, b.URL+path, nil)
	if err != nil {
		return err
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("asking the bank: %w", err)
	}
	defer func() { _ = got.Body.Close() }()
	text, err := io.ReadAll(got.Body)
	switch {
	case err != nil:
		return fmt.Errorf("asking the bank: %w", err)
	case got.StatusCode != http.StatusOK:
		return fmt.Errorf("asking the bank: %s: %s", got.Status, text)
	case answer == nil:
		return nil
	}
	return json.Unmarshal(text, answer)
}
