package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"bankprocessor/bench/program"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	for arguments, want := range map[string]int{
		"--help":         program.Done,
		"--output xml":   program.Usage,
		"--knee 2":       program.Usage,
		"--most 8":       program.Usage,
		"--latency -1ms": program.Usage,
		"more":           program.Usage,
	} {
		var out, errs bytes.Buffer
		if got := run(t.Context(), strings.Fields(arguments), &out, &errs); got != want {
			t.Errorf("%s: exit %d, want %d: %s", arguments, got, want, errs.String())
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		r    row
		good bool
	}{
		"good":      {row{OfBest: 0.95, BackoffMs: 900}, true},
		"too slow":  {row{OfBest: 0.85, BackoffMs: 900}, false},
		"stays up":  {row{OfBest: 0.95, BackoffMs: (reaction + time.Second).Milliseconds()}, false},
		"just good": {row{OfBest: 0.9, BackoffMs: 2000}, true},
	} {
		if err := judge(tc.r); (err == nil) != tc.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	rows := []row{{Limit: "16", PerSecond: 100, OfBest: 1}, {Limit: comparison, PerSecond: 99, OfBest: 0.99, Settled: 20, BackoffMs: 700, Afterwards: 9}}
	for asJSON, want := range map[bool]string{false: "700 ms, to 9", true: `"backed_off_after_ms":700`} {
		var out bytes.Buffer
		if err := report(&out, plan{asJSON: asJSON}, rows); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%v: %s", err, out.String())
		}
	}
}
