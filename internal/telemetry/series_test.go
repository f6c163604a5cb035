package telemetry_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"bankprocessor/internal/telemetry"
)

func TestASeriesIsResolvedOnce(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("v0")
	resolved := 0 // under the Series' own lock
	s := telemetry.NewSeries(func(command string) prometheus.Counter {
		resolved++
		return m.Attempts.WithLabelValues(command)
	})
	if n, err := testutil.GatherAndCount(m, "processor_attempts_total"); err != nil || n != 0 {
		t.Errorf("%d series before anything has happened, %v", n, err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				s.Of("customer.create").Inc()
				s.Of("customer.update").Inc()
			}
		})
	}
	all.Wait()
	for _, command := range []string{"customer.create", "customer.update"} {
		if got := testutil.ToFloat64(m.Attempts.WithLabelValues(command)); got != 800 {
			t.Errorf("%s: want 800, got %v", command, got)
		}
	}
	if resolved != 2 {
		t.Errorf("resolved %d times", resolved)
	}
}

func TestSeriesAreBounded(t *testing.T) {
	t.Parallel()
	const more = 5000
	resolved := 0
	s := telemetry.NewSeries(func(k int) string { resolved++; return strconv.Itoa(k) })
	for range 2 {
		for k := range more {
			if got := s.Of(k); got != strconv.Itoa(k) {
				t.Fatalf("%d resolves to %s", k, got)
			}
		}
	}
	if resolved <= more || resolved >= 2*more {
		t.Errorf("%d keys resolved %d times: want the first kept and the last not", more, resolved)
	}
}

func BenchmarkSeries(b *testing.B) {
	type key struct{ command, status, code string }
	m := telemetry.NewMetrics("v0")
	s := telemetry.NewSeries(func(k key) prometheus.Counter {
		return m.Completed.WithLabelValues(k.command, k.status, k.code)
	})
	b.ReportAllocs()
	for b.Loop() {
		s.Of(key{"dbs.invoice.upsert", "SUCCEEDED", "dbs.invoice.accepted"}).Inc()
	}
}

func BenchmarkWithLabelValues(b *testing.B) {
	m := telemetry.NewMetrics("v0")
	b.ReportAllocs()
	for b.Loop() {
		m.Completed.WithLabelValues("dbs.invoice.upsert", "SUCCEEDED", "dbs.invoice.accepted").Inc()
	}
}
