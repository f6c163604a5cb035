package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"bankprocessor/bench/program"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A small group is run in full: no outcome is lost or stands twice, whoever leaves or
// is killed.
func TestASmallGroup(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{
		"--partitions", "8", "--processors", "4", "--rate", "1600", "--brokers", "2", "--bank", "5ms",
		"--heartbeat", "50ms", "--measure", "300ms", "--output", "json",
	}, &out, &errs)
	if code != program.Done {
		t.Fatalf("exit %d: %s", code, &errs)
	}
	rows := map[string]json.RawMessage{}
	for line := range strings.Lines(out.String()) {
		var r struct {
			Kind string
			Row  json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		rows[r.Kind] = r.Row
	}
	var m measured
	if err := json.Unmarshal(rows["measured"], &m); err != nil {
		t.Fatal(err)
	}
	if m.Commands == 0 || m.CPUMicros <= 0 || m.HandOver.QuietMs < 50 || m.HandOver.PastRecords == 0 || m.Crash.PastRecords == 0 {
		t.Errorf("measured %+v", m)
	}
	if m.CommandBytes < 100 || m.AttemptBytes < 50 || m.OutcomeBytes < 100 {
		t.Errorf("sizes %d, %d, %d", m.CommandBytes, m.AttemptBytes, m.OutcomeBytes)
	}
}

func TestTheModel(t *testing.T) {
	t.Parallel()
	p, err := parse(nil, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	m := measured{
		ProcessorShare: 10, FetchesPer: 1000, PositionsPer: 20, CommandBytes: 450, OutcomeBytes: 500, AttemptBytes: 150,
		HandOver: move{Partitions: 10, QuietMs: 3000, PastBytes: 20_000_000},
		Crash:    move{Partitions: 20, QuietMs: 100, PastBytes: 20_000_000},
	}
	by := map[string]wall{}
	last := walls(p, m)[0].Share
	for _, w := range walls(p, m) {
		by[w.Name] = w
		if w.Share > last {
			t.Errorf("%s stands behind a lesser one", w.Name)
		}
		last = w.Share
	}
	for name, want := range map[string]float64{
		"calls at once of one operation group": 500,
		"calls at the bank at once":            50_000,
		"connections to the bank":              500,
		"commands at once of one topic":        540,
		"CPU of a processor":                   0.45,
		"positions at the coordinator":         2000,
		"bytes that a broker writes":           165e6,
		"requests that a broker answers":       55_000,
	} {
		if got := by[name].Load; got < want*0.999 || got > want*1.001 {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	handOver, crash := changes(p, m)
	if handOver.Waiting != 3e6 || handOver.PastBytes != 1e9 || crash.QuietMs != 30_100 {
		t.Errorf("changes %+v, %+v", handOver, crash)
	}
	p.limits.cpuMicros = 500
	if _, crash := changes(p, m); crash.CatchUpMs != -1 {
		t.Errorf("a group without spare CPU catches up in %v ms", crash.CatchUpMs)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string][]string{
		"an argument":   {"now"},
		"no partitions": {"--partitions", "0"},
		"a share":       {"--cpu", "0"},
		"an output":     {"--output", "xml"},
	} {
		if code := run(t.Context(), arguments, &bytes.Buffer{}, &bytes.Buffer{}); code != program.Usage {
			t.Errorf("%s: exit %d", name, code)
		}
	}
	if code := run(t.Context(), []string{"--help"}, &bytes.Buffer{}, &bytes.Buffer{}); code != program.Done {
		t.Errorf("help: exit %d", code)
	}
}
