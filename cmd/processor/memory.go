package main

import (
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

const (
	// garbagePercent lets the heap grow to five times what lives: records and
	// answers live for milliseconds, and what is configured bounds them
	// (docs/speed.md).
	garbagePercent = 400
	// memoryShare is the part of a container's memory at which the collector works
	// harder than that.
	memoryShare = 0.9
)

// tuneMemory trades memory for CPU, unless the environment says otherwise in Go's
// own variables GOGC and GOMEMLIMIT.
func tuneMemory(log *slog.Logger) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	limit, err := memlimit.Set(memlimit.WithRatio(memoryShare), memlimit.WithProvider(memlimit.FromCgroup))
	if err != nil { // no control group limits it, as a rule
		log.Debug("no memory limit is known", "error", err)
		return
	}
	if limit > 0 {
		log.Info("memory limit", "bytes", limit)
	}
}
