// Package planted switches safeguards off, so that the suites which must notice
// can be seen to notice. It does so in programs built with the tag "planted"
// alone; in every other build Off is constantly false and nothing of it is left.
//
//	go build -tags planted ./cmd/processor
//	PLANTED_FAULT=attempts bin/processor run ...
//
// With that tag PLANTED_CLOCK_SKEW sets a process's clock wrong, too.
package planted

// Safeguard is one of the mechanisms that keep an outcome true.
type Safeguard string

// The safeguards (docs/one-outcome.md; docs/chaos.md says what notices that one is off).
const (
	// Attempts: a record before each call that changes something.
	Attempts Safeguard = "attempts"
	// Index: what a partition's owners before have left is read at a takeover.
	Index Safeguard = "index"
	// DoneMap: a commit says what is done above its offset.
	DoneMap Safeguard = "done-map"
	// Fencing: without the lease no call is made and nothing is written.
	Fencing Safeguard = "fencing"
	// Order: commands of one key run one after another.
	Order Safeguard = "order"
)

// Safeguards lists them all. The slice is the caller's own.
func Safeguards() []Safeguard { return []Safeguard{Attempts, Index, DoneMap, Fencing, Order} }
