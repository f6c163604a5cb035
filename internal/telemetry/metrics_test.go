package telemetry_test

import (
	"math"
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

const sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestAnExemplarLeadsToItsTrace(t *testing.T) {
	t.Parallel()
	for traceparent, want := range map[string]bool{
		sampled: true, "": false, sampled[:54] + "0": false, sampled[:54] + "2": false, sampled[:54] + "3": true, sampled[1:]: false,
	} {
		m := telemetry.NewMetrics("v0")
		telemetry.ObserveTraced(m.CallDuration.WithLabelValues("customer.create"), .1, traceparent)
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
		answer := httptest.NewRecorder()
		m.Handler().ServeHTTP(answer, r)
		body := answer.Body.String()
		exemplar := `processor_bank_call_duration_seconds_bucket{command="customer.create",le="0.1"} 1 # {trace_id="0af7651916cd43dd8448eb211c80319c"} 0.1`
		if !strings.HasSuffix(body, "# EOF\n") || strings.Contains(body, exemplar) != want || strings.Contains(body, "trace_id") != want {
			t.Errorf("%q: want an exemplar: %t, in OpenMetrics\n%s", traceparent, want, body)
		}
		if !strings.Contains(body, `processor_bank_call_duration_seconds_count{command="customer.create"} 1`) {
			t.Errorf("%q: the value itself is not counted", traceparent)
		}
	}
}

func TestHistogramsAreNativeToo(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("v0")
	for i := range 100_000 { // far more than there are native buckets
		m.CallDuration.WithLabelValues("customer.create").Observe(math.Pow(1.01, float64(i%4000)))
	}
	families, err := m.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "processor_bank_call_duration_seconds" {
			continue
		}
		h := f.GetMetric()[0].GetHistogram()
		buckets := len(h.GetPositiveDelta())
		if len(h.GetBucket()) != 14 || h.Schema == nil || buckets < 50 || buckets > 200 {
			t.Errorf("%d classic buckets, schema %v, %d native ones", len(h.GetBucket()), h.Schema, buckets)
		}
		return
	}
	t.Error("the histogram is not there")
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
