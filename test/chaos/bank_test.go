package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
)

// bank is a bank simulator in a process of its own, which nobody kills: it is the one
// that knows what was done.
type bank struct {
	*process
	url    string
	ledger string
}

func startBank(t *testing.T, dir string, duplicates banksim.Duplicates) *bank {
	t.Helper()
	b := &bank{ledger: filepath.Join(dir, "ledger.ndjson")}
	log := filepath.Join(dir, "bank.log")
	var err error
	b.process, err = start(log, nil, programs.plain, "banksim", "--address", "127.0.0.1:0", "--ledger", b.ledger, "--duplicates", string(duplicates))
	must(t, err)
	t.Cleanup(b.kill)
	const said = "bank simulator at "
	for deadline := time.Now().Add(20 * time.Second); b.url == ""; {
		if !b.running() || time.Now().After(deadline) {
			t.Fatalf("the bank does not start: %s", tail(log, 10))
		}
		must(t, wait(t.Context(), 50*time.Millisecond))
		if text, err := os.ReadFile(log); err == nil && bytes.HasSuffix(text, []byte("\n")) {
			_, b.url, _ = strings.Cut(strings.TrimSpace(string(text)), said)
		}
	}
	return b
}

// control asks something of the bank's control API.
func (b *bank) control(ctx context.Context, method, path string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, b.url+"/_sim/"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Close = true // no connection stays
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("asking the bank: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if res.StatusCode >= 300 {
		err = errors.Join(err, fmt.Errorf("the bank answers %d: %s", res.StatusCode, answer))
	}
	return err
}

// misbehave has the bank lose answers, fail, hang and be late, for about one call in
// so many each, as the seed draws. What is late is at most a little later than the
// caller waits, so that the wait before a look-up covers it.
func (b *bank) misbehave(ctx context.Context, seed uint64) error {
	milliseconds := func(n int) banksim.Latency {
		return banksim.Latency{Fixed: banksim.Duration(time.Duration(n) * time.Millisecond)}
	}
	one := func(in int) banksim.Match {
		seed += 1_000_003
		return banksim.Match{OneIn: in, Seed: seed}
	}
	for _, f := range []banksim.Fault{
		{ID: "answer-lost", Kind: banksim.FaultAnswerLost, Match: one(100)},
		{ID: "failed-undone", Kind: banksim.FaultHTTP, HTTPStatus: http.StatusServiceUnavailable, Match: one(200)},
		{ID: "failed-done", Kind: banksim.FaultHTTP, HTTPStatus: http.StatusInternalServerError, When: banksim.After, Match: one(200)},
		{ID: "half-body", Kind: banksim.FaultHalfBody, Match: one(500)},
		{ID: "reset", Kind: banksim.FaultReset, Match: one(500)},
		{ID: "hang-undone", Kind: banksim.FaultHang, Match: one(400)},
		{ID: "hang-done", Kind: banksim.FaultHang, When: banksim.After, Match: one(400)},
		{ID: "slow", Kind: banksim.FaultLatency, Latency: milliseconds(350), Match: one(40)},
		{ID: "late", Kind: banksim.FaultLatency, When: banksim.Before, Latency: milliseconds(750), Match: one(300)},
	} {
		if err := b.control(ctx, http.MethodPost, "faults", f); err != nil {
			return err
		}
	}
	return nil
}

// behave takes every fault back.
func (b *bank) behave(ctx context.Context) error {
	return b.control(ctx, http.MethodDelete, "faults", nil)
}

// latency sets how long every answer takes.
func (b *bank) latency(ctx context.Context, l banksim.Latency) error {
	return b.control(ctx, http.MethodPost, "latency", map[string]any{"latency": l})
}
