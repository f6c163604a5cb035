//go:build race

package app

// raceDetector says that the race detector is on, under which more is allocated.
const raceDetector = true
