package telemetry

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// observe hands values to one of the processor's histograms and reads them back.
func observe(t *testing.T, h *prometheus.HistogramVec, values ...float64) Distribution {
	t.Helper()
	for _, v := range values {
		h.WithLabelValues("customer.create").Observe(v)
	}
	return read(t, h).Distribution
}

func read(t *testing.T, v Vector) Sample {
	t.Helper()
	all := Samples(v)
	if len(all) != 1 {
		t.Fatalf("want one series, got %d", len(all))
	}
	return all[0]
}

func TestQuantilesAreRightByATenth(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func() float64{
		"even":     func() float64 { return .010 + .090*random.Float64() },
		"long":     func() float64 { return .045 * math.Exp(random.NormFloat64()) },
		"constant": func() float64 { return .020 },
	} {
		values := make([]float64, 5000)
		for i := range values {
			values[i] = draw()
		}
		parts := []float64{.5, .95, .99, 1}
		got := observe(t, NewMetrics("").CallDuration, values...).Quantiles(parts...)
		slices.Sort(values)
		for i, part := range parts {
			want := values[int(part*float64(len(values)))-1]
			if got[i] < want*.9 || got[i] > want*1.1 {
				t.Errorf("%s: quantile %g is %g, want about %g", name, part, got[i], want)
			}
		}
	}
}

func TestQuantilesOfNothingAndNext(t *testing.T) {
	t.Parallel()
	if got := (Distribution{}).Quantiles(.5); got != nil {
		t.Errorf("want nil, got %v", got)
	}
	got := observe(t, NewMetrics("").CallDuration, 0, 0, 0, 1).Quantiles(.5, 1)
	if got[0] != 0 || got[1] < .9 || got[1] > 1 {
		t.Errorf("want 0 and 1, got %v", got)
	}
}

func TestSinceIsWhatHasCome(t *testing.T) {
	t.Parallel()
	h := NewMetrics("").CallDuration
	before := observe(t, h, .1, .1, .2, 0)
	now := observe(t, h, 4, 4, 0)
	if n := now.Since(before).Count(); n != 3 {
		t.Errorf("want the 3 that have come, got %d", n)
	}
	if q := now.Since(before).Quantiles(.9)[0]; q < 3.6 || q > 4.4 {
		t.Errorf("want the quantile of what has come, about 4, got %g", q)
	}
	if n := now.Since(now).Count(); n != 0 {
		t.Errorf("want nothing since now, got %d", n)
	}
	if n := now.Since(Distribution{}).Count(); n != 7 {
		t.Errorf("want all 7 since nothing, got %d", n)
	}
	anew := observe(t, NewMetrics("").CallDuration, .1)
	if n := anew.Since(now).Count(); n != 1 {
		t.Errorf("a histogram that has begun anew counts from there: want 1, got %d", n)
	}
}

func TestWiderBucketsAreComparedWithNarrowOnes(t *testing.T) {
	t.Parallel()
	before := observe(t, NewMetrics("").CallDuration, .1, .2, .3, .4)
	h := NewMetrics("").CallDuration
	now := observe(t, h, .1, .2, .3, .4, 1, 1)
	wide := now.widened(before.schema - 2)
	if wide.Count() != now.Count() {
		t.Fatalf("widening has lost values: %d of %d", wide.Count(), now.Count())
	}
	since := wide.Since(before)
	if n, q := since.Count(), since.Quantiles(.5)[0]; n != 2 || q < .6 || q > 1.5 {
		t.Errorf("want 2 about 1, got %d at %g", n, q)
	}
	if n := before.Plus(wide).Count(); n != 10 {
		t.Errorf("want 4 and 6 together, got %d", n)
	}
}

// More values than there are buckets for make the buckets wider; nothing is lost.
func TestACrowdOfLatenciesIsStillCounted(t *testing.T) {
	t.Parallel()
	h := NewMetrics("").CallDuration
	before := observe(t, h, .01)
	random := rand.New(rand.NewPCG(3, 4))
	var values []float64
	for range 20_000 {
		values = append(values, math.Exp(12*random.Float64()-9)) // 0.1 ms to 20 s
	}
	now := observe(t, h, values...)
	if got := now.Since(before).Count(); got != 20_000 {
		t.Errorf("want 20,000, got %d", got)
	}
}

func TestPlusWithNothing(t *testing.T) {
	t.Parallel()
	d := observe(t, NewMetrics("").CallDuration, .1, .2)
	for name, sum := range map[string]Distribution{"left": Distribution{}.Plus(d), "right": d.Plus(Distribution{})} {
		if sum.Count() != 2 {
			t.Errorf("%s: want 2, got %d", name, sum.Count())
		}
	}
}

func TestSamplesReadCountersAndGauges(t *testing.T) {
	t.Parallel()
	m := NewMetrics("")
	m.Completed.WithLabelValues("customer.create", "SUCCEEDED", "customer.created").Add(3)
	s := read(t, m.Completed)
	if s.Value != 3 || s.Label("status") != "SUCCEEDED" || s.Label("nothing") != "" {
		t.Errorf("unexpected %g %q", s.Value, s.Label("status"))
	}
	m.LastCommit.WithLabelValues().Set(float64(time.Hour))
	if s = read(t, m.LastCommit); s.Value != float64(time.Hour) {
		t.Errorf("want an hour, got %g", s.Value)
	}
}
