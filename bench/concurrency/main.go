// Command concurrency shows how a limit that follows the bank stands beside fixed ones,
// against a simulated bank that takes only so many calls at once, in a process of its
// own:
//
//	go run ./bench/concurrency [--latency 20ms] [--knee 16] [--output table|json]
//
// It exits 1 when the adaptive limit has less than nine tenths of the best fixed
// limit's throughput, or has not backed off within 2 s of the bank's slowing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"bankprocessor/bench/parts"
	"bankprocessor/bench/program"
)

// plan is what one run measures.
type plan struct {
	latency   time.Duration // of a bank that is not busy
	knee      int           // calls at once, past which it takes longer
	most      int           // the highest limit
	span      time.Duration // of one measurement
	slowdown  int           // how many times slower the bank becomes
	asJSON    bool
	directory string
}

func main() { program.Main(run) }

func run(ctx context.Context, arguments []string, out, errs io.Writer) int {
	if ran, err := parts.Run(ctx, arguments, out, map[string]parts.Part{partBank: serveBank}); ran {
		if err != nil {
			fmt.Fprintln(errs, err)
			return program.Failed
		}
		return program.Done
	}
	p := plan{slowdown: 10}
	flags := flag.NewFlagSet("concurrency", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.DurationVar(&p.latency, "latency", 20*time.Millisecond, "what a call takes at a bank that is not busy")
	flags.IntVar(&p.knee, "knee", 16, "how many calls at once the bank can take")
	flags.IntVar(&p.most, "most", 64, "the highest limit")
	flags.DurationVar(&p.span, "span", 3*time.Second, "how long each limit is measured")
	output := flags.String("output", "table", "table (Markdown) or json (NDJSON)")
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		return program.Done
	case err != nil:
		return program.Usage
	}
	p.asJSON = *output == "json"
	if flags.NArg() > 0 || (*output != "table" && !p.asJSON) || p.knee < 4 || p.most < p.knee || p.latency <= 0 || p.span <= 0 {
		fmt.Fprintln(errs, "concurrency: a latency, a span, a knee of 4 at least and a limit above it are wanted; --output is table or json")
		return program.Usage
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := measure(ctx, p, out); err != nil {
		fmt.Fprintln(errs, "concurrency:", err)
		return program.Failed
	}
	return program.Done
}
