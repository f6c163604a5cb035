//go:build race

package simulation

// defaultSchedules with the race detector, which makes each ten times as long.
const defaultSchedules = 300
