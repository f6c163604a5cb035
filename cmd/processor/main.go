// Command processor turns command events on Kafka into calls to a bank, and is
// the tool around that: it demonstrates itself, checks a configuration, creates
// topics, sends commands and shows outcomes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"bankprocessor/internal/telemetry"
)

func main() {
	telemetry.WithholdStandardLog(os.Stderr)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()
	os.Exit(run(ctx, os.Args[1:], terminal{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ(),
	}))
}
