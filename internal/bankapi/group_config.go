package bankapi

import (
	"errors"
	"fmt"
	"time"
)

// GroupConfig is how patient one operation group is. The zero value takes every
// default.
type GroupConfig struct {
	// ConsecutiveFailures opens the breaker at so many failures in a row.
	ConsecutiveFailures uint32 `yaml:"consecutive_failures"` // default 5
	// FailureRatio opens the breaker when that part of the calls of Window, of
	// which there must be MinCalls, has failed.
	FailureRatio float64       `yaml:"failure_ratio"` // default 0.5
	MinCalls     uint32        `yaml:"min_calls"`     // default 20
	Window       time.Duration `yaml:"window"`        // default 10 s
	// OpenFor is how long an open breaker stays so before commands probe it.
	OpenFor time.Duration `yaml:"open_for"` // default 10 s
	// HalfOpenCalls is how many commands probe at a time; as many successes
	// close the breaker.
	HalfOpenCalls uint32 `yaml:"half_open_calls"` // default 3

	// PauseInitial and PauseMax bound the doubling wait between two probes of a
	// bank that refuses us (401, 403, 404, ...).
	PauseInitial time.Duration `yaml:"pause_initial"` // default 30 s
	PauseMax     time.Duration `yaml:"pause_max"`     // default 5 min
	// Delay is the first wait after a throttled call without Retry-After; it
	// doubles up to PauseMax. DelayMax caps what Retry-After may ask for.
	Delay    time.Duration `yaml:"delay"`     // default 1 s
	DelayMax time.Duration `yaml:"delay_max"` // default 1 h

	// MaxConcurrent bounds the calls that run at once. Below it the limit follows
	// the bank, down to MinConcurrent, unless that is 0: then it is fixed.
	MaxConcurrent int `yaml:"max_concurrent"` // default 128
	MinConcurrent int `yaml:"min_concurrent"`
	// Rate is calls per second, 0 for no limit; Burst how many may go at once.
	Rate  float64 `yaml:"rate"`
	Burst int     `yaml:"burst"` // default a tenth of Rate, at least 1
	// QueueTimeout is how long a call waits for those two before it is given
	// back unsent.
	QueueTimeout time.Duration `yaml:"queue_timeout"` // default 5 s
}

// WithDefaults fills in what is not set.
func (c GroupConfig) WithDefaults() GroupConfig {
	setDefault(&c.ConsecutiveFailures, 5)
	setDefault(&c.FailureRatio, 0.5)
	setDefault(&c.MinCalls, 20)
	setDefault(&c.Window, 10*time.Second)
	setDefault(&c.OpenFor, 10*time.Second)
	setDefault(&c.HalfOpenCalls, 3)
	setDefault(&c.PauseInitial, 30*time.Second)
	setDefault(&c.PauseMax, max(5*time.Minute, c.PauseInitial))
	setDefault(&c.Delay, time.Second)
	setDefault(&c.DelayMax, time.Hour)
	setDefault(&c.MaxConcurrent, 128)
	setDefault(&c.Burst, max(1, int(c.Rate/10)))
	setDefault(&c.QueueTimeout, 5*time.Second)
	return c
}

// Validate returns every fault of a config that has its defaults, joined.
func (c GroupConfig) Validate() error {
	var errs []error
	bad := func(key, want string) { errs = append(errs, fmt.Errorf("%s: want %s", key, want)) }
	if c.FailureRatio <= 0 || c.FailureRatio > 1 {
		bad("failure_ratio", "more than 0, at most 1")
	}
	if c.PauseMax < c.PauseInitial {
		bad("pause_max", "at least pause_initial")
	}
	if c.MaxConcurrent < 1 {
		bad("max_concurrent", "at least 1")
	}
	if c.MinConcurrent < 0 || c.MinConcurrent > c.MaxConcurrent {
		bad("min_concurrent", "at most max_concurrent, or 0 for a fixed limit")
	}
	if c.Rate < 0 {
		bad("rate", "0 or more calls per second")
	}
	if c.Burst < 1 {
		bad("burst", "at least 1")
	}
	for key, d := range map[string]time.Duration{
		"window": c.Window, "open_for": c.OpenFor, "pause_initial": c.PauseInitial,
		"delay": c.Delay, "delay_max": c.DelayMax, "queue_timeout": c.QueueTimeout,
	} {
		if d <= 0 {
			bad(key, "a positive duration")
		}
	}
	return errors.Join(errs...)
}
