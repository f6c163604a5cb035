//go:build !race

package producers

// raceDetector says that allocations are not ours alone.
const raceDetector = false
