//go:build race

package kafka

// raceDetector says that allocations are not ours alone.
const raceDetector = true
