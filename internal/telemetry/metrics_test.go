package telemetry_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"bankprocessor/internal/telemetry"
)

func TestMetricsAreServed(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("v1.2.3")
	m.Completed.WithLabelValues("customer.create", "SUCCEEDED", "customer.flow.created").Inc()
	m.CallDuration.WithLabelValues("customer.create").Observe(.1)
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`processor_build_info{version="v1.2.3"} 1`,
		`processor_commands_completed_total{code="customer.flow.created",command="customer.create",status="SUCCEEDED"} 1`,
		`processor_bank_call_duration_seconds_count{command="customer.create"} 1`,
		"go_goroutines ",
		// What a benchmark wants of the process:
		"process_cpu_seconds_total ", "process_resident_memory_bytes ",
		"go_memstats_mallocs_total ", "go_memstats_alloc_bytes_total ", "go_gc_duration_seconds_count ",
	} {
		if !strings.Contains(answer.Body.String(), want) {
			t.Errorf("want %q in the answer", want)
		}
	}
}

func TestMetricsPassLint(t *testing.T) {
	t.Parallel()
	problems, err := testutil.GatherAndLint(telemetry.NewMetrics("v0"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestProcessorsDoNotShareMetrics(t *testing.T) {
	t.Parallel()
	a, b := telemetry.NewMetrics("v0"), telemetry.NewMetrics("v0")
	a.KeyMismatches.WithLabelValues("customer.create").Inc()
	if got := testutil.ToFloat64(b.KeyMismatches.WithLabelValues("customer.create")); got != 0 {
		t.Errorf("want 0 in the other, got %v", got)
	}
}

func TestGaugesAreRefreshedBeforeTheyAreRead(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("v0")
	m.BeforeGather(func() { m.Lag.WithLabelValues("customer.create", "0").Add(5) })
	for want := 5; want <= 10; want += 5 {
		n, err := testutil.GatherAndCount(m, "processor_intake_lag_records")
		if err != nil || n != 1 {
			t.Fatalf("got %d, %v", n, err)
		}
		if got := testutil.ToFloat64(m.Lag); got != float64(want) {
			t.Errorf("want %d, got %v", want, got)
		}
	}
}
