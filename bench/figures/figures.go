// Package figures turns measurements into the few numbers that a benchmark is
// about. Rounds of two contenders alternate, and what counts is the ratio within a
// round: both have met the same machine.
package figures

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Quantile is the smallest latency that at least q of all do not exceed; 0 for
// none. It sorts its argument.
func Quantile(latencies []time.Duration, q float64) time.Duration {
	if len(latencies) == 0 {
		return 0
	}
	slices.Sort(latencies)
	rank := int(math.Ceil(q*float64(len(latencies)))) - 1
	return latencies[min(max(rank, 0), len(latencies)-1)]
}

// Milliseconds is a latency as tables and rows have it.
func Milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Median is the middle value, the mean of the two middle ones of an even number;
// NaN for none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// Ratio is how one contender compares with another over rounds.
type Ratio struct{ Median, Low, High float64 }

// Compare divides the values of each round.
func Compare(values, by []float64) Ratio {
	n := min(len(values), len(by))
	ratios := make([]float64, 0, n)
	for i := range n {
		ratios = append(ratios, values[i]/by[i])
	}
	if n == 0 {
		return Ratio{math.NaN(), math.NaN(), math.NaN()}
	}
	return Ratio{Median: Median(ratios), Low: slices.Min(ratios), High: slices.Max(ratios)}
}

// String has the rounds' median and how far they lie apart.
func (r Ratio) String() string { return fmt.Sprintf("%.2f (%.2f to %.2f)", r.Median, r.Low, r.High) }

// Number writes a value with three digits that count.
func Number(v float64) string {
	switch magnitude := math.Abs(v); {
	case magnitude >= 100:
		return fmt.Sprintf("%.0f", v)
	case magnitude >= 10:
		return fmt.Sprintf("%.1f", v)
	case magnitude >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}
