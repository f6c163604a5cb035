package banksim

import (
	"errors"
	"math"
	"math/rand/v2"
	"time"
)

// Duration is a time.Duration that is written as text ("50ms") in JSON.
type Duration time.Duration

// MarshalText writes the duration as time.Duration.String does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(b []byte) error {
	parsed, err := time.ParseDuration(string(b))
	*d = Duration(parsed)
	return err
}

// Latency is a distribution: the sum of its parts, each 0 unless set, cut at Max; then
// as many times as long as more than Knee calls wait for it at once.
type Latency struct {
	Fixed  Duration `json:"fixed,omitzero"`  // always
	Spread Duration `json:"spread,omitzero"` // uniform from 0 to Spread
	Mean   Duration `json:"mean,omitzero"`   // exponential with this mean
	Median Duration `json:"median,omitzero"` // log-normal with this median
	P99    Duration `json:"p99,omitzero"`    // and this 99th percentile
	Max    Duration `json:"max,omitzero"`    // 0 cuts nothing
	// Knee is how many calls at once the bank can take: with so many times more of
	// them, each takes so many times longer. 0 is any number. A fault has none.
	Knee int `json:"knee,omitzero"`
}

func (l Latency) check() error {
	if min(l.Fixed, l.Spread, l.Mean, l.Median, l.P99, l.Max) < 0 || l.Knee < 0 {
		return errors.New("latency: durations and knee must not be negative")
	}
	if (l.Median == 0) != (l.P99 == 0) || l.P99 < l.Median {
		return errors.New("latency: median and p99 go together, p99 the larger")
	}
	return nil
}

// sample draws one latency.
func (l Latency) sample() time.Duration {
	const z99 = 2.3263478740408408 // 99th percentile of the standard normal
	d := float64(l.Fixed)
	if l.Spread > 0 {
		d += rand.Float64() * float64(l.Spread)
	}
	if l.Mean > 0 {
		d += rand.ExpFloat64() * float64(l.Mean)
	}
	if l.Median > 0 {
		sigma := math.Log(float64(l.P99)/float64(l.Median)) / z99
		d += float64(l.Median) * math.Exp(sigma*rand.NormFloat64())
	}
	if l.Max > 0 {
		d = min(d, float64(l.Max))
	}
	return time.Duration(min(d, float64(time.Hour)))
}

// among is the latency of a call that is one of so many at once.
func (l Latency) among(calls int64) time.Duration {
	d := float64(l.sample())
	if l.Knee > 0 && calls > int64(l.Knee) {
		d *= float64(calls) / float64(l.Knee)
	}
	return time.Duration(d)
}
