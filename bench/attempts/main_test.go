package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"bankprocessor/bench/parts"
	"bankprocessor/bench/program"
)

// TestMain lets this program be its own broker and bank.
func TestMain(m *testing.M) {
	if ran, err := parts.Run(context.Background(), os.Args[1:], os.Stdout, nil); ran {
		if err != nil {
			os.Exit(program.Failed)
		}
		os.Exit(program.Done)
	}
	goleak.VerifyTestMain(m)
}

// TestATinyRun measures everything once, in small: nothing is lost, and there is a
// row for every measurement.
func TestATinyRun(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	code := run(t.Context(), []string{
		"--broker", "embedded", "--root", "../..", "--rounds", "1", "--backlog", "300", "--paced", "100ms", "--output", "json",
	}, &out, &errs)
	if code != program.Done {
		t.Fatalf("exit %d:\n%s", code, errs.String())
	}
	seen := map[row]bool{}
	for line := range strings.Lines(out.String()) {
		var r row
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if r.Lost+r.Repeated != 0 || r.PerSecond <= 0 || r.CPUSeconds < 0 || r.PeakRSS == 0 || (r.Rate > 0) != (r.P99MS > 0) {
			t.Errorf("%+v", r)
		}
		if r.Rate > 0 && r.P50MS < r.BankLatencyMS {
			t.Errorf("faster than the bank: %+v", r)
		}
		seen[row{Load: r.Load, BankLatencyMS: r.BankLatencyMS, Attempts: r.Attempts}] = true
	}
	if len(seen) != 2*3*2 {
		t.Errorf("%d measurements:\n%s", len(seen), out.String())
	}
}

// TestATableOfRows: what it compares are the rounds.
func TestATableOfRows(t *testing.T) {
	t.Parallel()
	p := plan{rounds: 2, keys: 10, inFlight: 5, backlog: 100, latencies: latencies()[:1], rates: []int{500}}
	rows := []row{
		{BankLatencyMS: 5, PerSecond: 1000, CPUSeconds: 0.2, Others: 0.5},
		{BankLatencyMS: 5, PerSecond: 800, CPUSeconds: 0.3, Attempts: true, Others: 0.25},
		{BankLatencyMS: 5, PerSecond: 500, CPUSeconds: 0.2, Others: 0.25},
		{BankLatencyMS: 5, PerSecond: 450, CPUSeconds: 0.3, Attempts: true, Others: 0.25},
		{BankLatencyMS: 5, Rate: 500, P50MS: 6, P99MS: 8, P999MS: 10, CPUSeconds: 0.2},
		{BankLatencyMS: 5, Rate: 500, P50MS: 9, P99MS: 12, P999MS: 20, CPUSeconds: 0.3, Attempts: true},
	}
	var out strings.Builder
	if err := printTable(&out, p, "a broker", rows); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| 5ms  | backlog | commands/s      | 750              | 625   | 0.85 (0.80 to 0.90)",
		"| 5ms  | 500/s   | p99 ms          | 8.00             | 12.0  | 1.50 (1.50 to 1.50)",
		"a broker and ", "took 25 % (up to 50 %)", "2 rounds in turn",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("want %q in\n%s", want, out.String())
		}
	}
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for _, arguments := range []string{"--broker none", "--output xml", "--rounds 0", "more", "--unknown"} {
		var out, errs strings.Builder
		if code := run(t.Context(), strings.Fields(arguments), &out, &errs); code != program.Usage || errs.Len() == 0 {
			t.Errorf("%s: exit %d, %s", arguments, code, errs.String())
		}
	}
	for _, arguments := range []string{"part nothing", "--broker kafka --root /nowhere --processor /nowhere"} {
		var out, errs strings.Builder
		if code := run(t.Context(), strings.Fields(arguments), &out, &errs); code != program.Failed || errs.Len() == 0 {
			t.Errorf("%s: exit %d, %s", arguments, code, errs.String())
		}
	}
	var out, errs strings.Builder
	if code := run(t.Context(), []string{"--help"}, &out, &errs); code != program.Done {
		t.Errorf("--help: exit %d", code)
	}
}
