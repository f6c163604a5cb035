// Package program is how each benchmark's program begins and ends.
package program

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes.
const (
	Done   = 0
	Failed = 1
	Usage  = 2
)

// Main runs a program with its command line and exits with the code that it returns.
// SIGINT and SIGTERM end its context.
func Main(run func(ctx context.Context, arguments []string, out, errs io.Writer) int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
