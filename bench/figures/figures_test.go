package figures

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	t.Parallel()
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i)
	}
	for q, want := range map[float64]time.Duration{0: 1, 0.5: 50, 0.99: 99, 0.999: 100, 1: 100} {
		if got := Quantile(hundred, q); got != want {
			t.Errorf("%g: got %d, want %d", q, got, want)
		}
	}
	if Quantile(nil, 0.5) != 0 || Quantile([]time.Duration{7}, 0.99) != 7 {
		t.Error("none, or one")
	}
	if Milliseconds(1500*time.Microsecond) != 1.5 {
		t.Error("milliseconds")
	}
}

func TestMedianAndRatio(t *testing.T) {
	t.Parallel()
	if got := Median([]float64{9, 1, 5}); got != 5 {
		t.Errorf("got %g", got)
	}
	if got := Median([]float64{9, 1, 5, 6}); got != 5.5 {
		t.Errorf("got %g", got)
	}
	if !math.IsNaN(Median(nil)) || !math.IsNaN(Compare(nil, nil).Median) {
		t.Error("none has a median")
	}
	// A machine that slows down by half in the last round changes no ratio.
	if got := Compare([]float64{80, 90, 40}, []float64{100, 100, 50}); got != (Ratio{Median: 0.8, Low: 0.8, High: 0.9}) {
		t.Errorf("got %+v", got)
	}
	if got := Compare([]float64{1}, []float64{2}).String(); got != "0.50 (0.50 to 0.50)" {
		t.Errorf("got %s", got)
	}
	for v, want := range map[float64]string{1234.5: "1234", 12.34: "12.3", 1.234: "1.23", 0.1234: "0.123"} {
		if got := Number(v); got != want {
			t.Errorf("%g: got %s", v, got)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestTable(t *testing.T) {
	t.Parallel()
	table := Table{Columns: []string{"bank", "ş"}}
	table.Add("5 ms", "1.00")
	var out strings.Builder
	n, err := table.WriteTo(&out)
	const want = "| bank | ş    |\n| ---- | ---- |\n| 5 ms | 1.00 |\n"
	if out.String() != want || err != nil || n != int64(len(want)) {
		t.Errorf("got %d %v\n%s", n, err, out.String())
	}
	if _, err := table.WriteTo(broken{}); err == nil {
		t.Error("want the writer's error")
	}
}
