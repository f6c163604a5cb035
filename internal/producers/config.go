package producers

import (
	"errors"
	"fmt"
	"time"
)

// Config is how records are batched and retried. The zero value takes every
// default.
type Config struct {
	// AckTimeout is how long a leader waits for its replicas.
	AckTimeout time.Duration // default 5 s
	// BatchBytes bounds one partition's batch. A broker refuses batches above
	// max.message.bytes (1 MiB by default); a single record may be larger.
	BatchBytes int64 // default 900 KiB
	// RequestBytes and RequestRecords bound one request.
	RequestBytes   int64 // default 8 MiB
	RequestRecords int   // default 10,000
	// BackoffInitial and BackoffMax bound the full-jitter backoff between two
	// tries of a batch.
	BackoffInitial time.Duration // default 20 ms
	BackoffMax     time.Duration // default 2 s
}

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	if c.AckTimeout == 0 {
		c.AckTimeout = 5 * time.Second
	}
	if c.BatchBytes == 0 {
		c.BatchBytes = 900 << 10
	}
	if c.RequestBytes == 0 {
		c.RequestBytes = 8 << 20
	}
	if c.RequestRecords == 0 {
		c.RequestRecords = 10_000
	}
	if c.BackoffInitial == 0 {
		c.BackoffInitial = 20 * time.Millisecond
	}
	if c.BackoffMax == 0 {
		c.BackoffMax = 2 * time.Second
	}
	return c
}

// Validate returns every fault of a Config that has its defaults, joined.
func (c Config) Validate() error {
	var errs []error
	bad := func(key, want string) {
		errs = append(errs, fmt.Errorf("producers.%s: want %s", key, want))
	}
	if c.AckTimeout < time.Millisecond {
		bad("ack_timeout", "at least 1 ms")
	}
	if c.BatchBytes <= 0 {
		bad("batch_bytes", "more than 0")
	}
	if c.RequestBytes < c.BatchBytes {
		bad("request_bytes", "at least batch_bytes")
	}
	if c.RequestRecords < 1 {
		bad("request_records", "at least 1")
	}
	if c.BackoffInitial <= 0 {
		bad("backoff_initial", "a positive duration")
	}
	if c.BackoffMax < c.BackoffInitial {
		bad("backoff_max", "at least backoff_initial")
	}
	return errors.Join(errs...)
}
