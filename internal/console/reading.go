package console

import (
	"time"

	"bankprocessor/internal/telemetry"
)

// Reading is how the processor stands at one moment. Counters count from its start.
// Every list but Partitions has the same elements in the same order each time, or
// grows: what exists at all is settled by the configuration.
type Reading struct {
	Phase      string // of the intake: new, joining, running, draining or stopped
	Generation int32
	LastCommit time.Time // zero before any
	// LeaseHeld says that the banks may be called; LeaseLeft is for how long, unless it is
	// renewed.
	LeaseHeld bool
	LeaseLeft time.Duration
	Takeovers uint64
	// TakeoverTime is what one has taken, at the median; 0 before any.
	TakeoverTime time.Duration
	Commands     []CommandReading
	Groups       []GroupReading
	Outcomes     []OutcomeCount
	Letters      []LetterCount
	Checks       []CheckReading
}

// CommandReading is how one command stands.
type CommandReading struct {
	Name      string
	In        uint64 // records fetched
	Out       uint64 // outcomes durable
	InFlight  int
	InDoubt   int  // of those in flight
	Shut      bool // none are started: the bank is not to be called
	Calls     telemetry.Distribution
	Of        int // how many partitions there are
	Partition []PartitionReading
}

// PartitionReading is how a partition stands that this processor owns.
type PartitionReading struct {
	Partition int32
	Lag       int64 // offsets published and not done
	Buffered  int   // records that run or wait to
	// Oldest is when the oldest record was published that is not done; zero without one.
	Oldest time.Time
	Paused string // why nothing is fetched; "" while it is
	// Broken says that it does not go on by itself.
	Broken bool
}

// GroupReading is how a group of bank operations stands.
type GroupReading struct {
	Name      string
	Breaker   string    // closed, half-open or open
	Hold      string    // why it is held beside the breaker; "" while it is not
	Throttled bool      // it is held because the bank asks for less
	Why       string    // of the hold: a code and constant words
	NextProbe time.Time // zero while none is due
	Running   int
	Limit     int
	Waiting   int
}

// OutcomeCount counts one kind of outcome.
type OutcomeCount struct {
	Command, Status, Code string
	N                     uint64
}

// LetterCount counts dead letters of one kind.
type LetterCount struct {
	Command, Reason, Code string
	N                     uint64
}

// CheckReading is one thing that must be in order before work can be done.
type CheckReading struct {
	Name     string
	Optional bool
	Reason   string // why it is not in order; "" when it is
}
