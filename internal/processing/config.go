package processing

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bankprocessor/internal/command"
)

// Config is how patient the processor is. The zero value takes every default.
type Config struct {
	// BackoffInitial and BackoffMax bound the full-jitter backoff between two
	// sends: the n-th wait is drawn from [0, min(BackoffMax, BackoffInitial·2ⁿ)).
	BackoffInitial time.Duration // default 200 ms
	BackoffMax     time.Duration // default 30 s
	// RetryRate and RetryBurst are each command's retry budget: resends per
	// second, above which a resend waits. First sends never wait for it.
	RetryRate  float64 // default 50
	RetryBurst int     // default 100
	// Settle are the waits before the queries that resolve an in-doubt invoice
	// (contract section 4); their number bounds the queries.
	Settle []time.Duration // default 2 s, 5 s, 15 s
	// QueryTries bounds the tries of one such query.
	QueryTries int // default 3
	// PublishGrace bounds how long an outcome may take to become durable after
	// Handle's context has ended.
	PublishGrace time.Duration // default 5 s
	// Attempts are the commands of which a record is written before each call; no
	// others than those that change something. A command that is left out costs one
	// produce round trip less, and a crash leaves it to chance: what is not freely
	// repeatable may be sent again, and what is may be refused (it has expired since)
	// although it was done.
	Attempts []string // default: all that change something
	// Currencies is the allow-list of ISO 4217 codes.
	Currencies []string // default TRY, USD, EUR, GBP
	// MaxRangeDays bounds the range of dbs.invoice.results.query; 0 leaves it
	// to the bank.
	MaxRangeDays int
}

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	if c.BackoffInitial == 0 {
		c.BackoffInitial = 200 * time.Millisecond
	}
	if c.BackoffMax == 0 {
		c.BackoffMax = 30 * time.Second
	}
	if c.RetryRate == 0 {
		c.RetryRate = 50
	}
	if c.RetryBurst == 0 {
		c.RetryBurst = 100
	}
	if c.Settle == nil {
		c.Settle = []time.Duration{2 * time.Second, 5 * time.Second, 15 * time.Second}
	}
	if c.QueryTries == 0 {
		c.QueryTries = 3
	}
	if c.PublishGrace == 0 {
		c.PublishGrace = 5 * time.Second
	}
	if c.Attempts == nil {
		c.Attempts = attempted()
	}
	if c.Currencies == nil {
		c.Currencies = []string{"TRY", "USD", "EUR", "GBP"}
	}
	return c
}

// Validate returns every fault of a Config that has its defaults, joined.
func (c Config) Validate() error {
	var errs []error
	bad := func(key, want string) {
		errs = append(errs, fmt.Errorf("processing.%s: want %s", key, want))
	}
	if c.BackoffInitial < 0 {
		bad("backoff_initial", "a positive duration")
	}
	if c.BackoffMax < c.BackoffInitial {
		bad("backoff_max", "at least backoff_initial")
	}
	if c.RetryRate <= 0 {
		bad("retry_rate", "more than 0 per second")
	}
	if c.RetryBurst < 1 {
		bad("retry_burst", "at least 1")
	}
	if len(c.Settle) == 0 {
		bad("settle", "at least one wait")
	}
	for _, d := range c.Settle {
		if d < 0 {
			bad("settle", "no negative wait")
		}
	}
	if c.QueryTries < 1 {
		bad("query_tries", "at least 1")
	}
	if c.PublishGrace < 0 {
		bad("publish_grace", "a positive duration")
	}
	for _, name := range c.Attempts {
		if !slices.Contains(attempted(), name) {
			bad("attempts", "none but "+strings.Join(attempted(), ", ")+", not "+strconv.Quote(name))
		}
	}
	if len(c.Currencies) == 0 {
		bad("currencies", "at least one ISO 4217 code")
	}
	if c.MaxRangeDays < 0 {
		bad("max_range_days", "0 or more days")
	}
	return errors.Join(errs...)
}

// attempted are the commands that an attempt can be written for.
func attempted() (names []string) {
	for _, n := range command.Names() {
		if !n.ReadOnly() {
			names = append(names, string(n))
		}
	}
	return names
}
