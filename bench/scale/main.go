// Scale works out how far a group of processors goes: 1,000 partitions, 100 processors
// and a million commands a second, if nothing else is said, and what is in the way first.
//
//	go run ./bench/scale
//	go run ./bench/scale --cpu 45 --brokers 30
//	go run ./bench/scale --output json
//
// It runs one processor's share through the real intake, history and lease, with Kafka
// in memory and a handler that takes as long as the bank, and has its partitions move:
// in good order, and after a crash. What that costs goes into a model on paper, with
// the limits that the flags state (docs/scale.md).
//
// It exits 1 when a command has no outcome or two.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"bankprocessor/bench/program"
)

func main() { program.Main(run) }

// plan is the group that is asked about.
type plan struct {
	partitions, processors, rate int
	bank, roundTrip, heartbeat   time.Duration
	measure                      time.Duration
	keys, inFlight, brokers      int
	limits                       limits
	output                       string
}

// share is how many partitions a processor has, of the busy topic.
func (p plan) share() int { return max(1, p.partitions/p.processors) }

// perPartition is how many commands a partition gets a second.
func (p plan) perPartition() int { return max(1, p.rate/p.partitions) }

const (
	outputTable = "table"
	outputJSON  = "json"
)

func run(ctx context.Context, arguments []string, out, errs io.Writer) int {
	p, err := parse(arguments, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return program.Done
	case err != nil:
		fmt.Fprintln(errs, "scale:", err)
		return program.Usage
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.measure+2*time.Minute, errors.New("the run takes too long: is the machine busy?"))
	defer cancel()
	m, err := experiment(ctx, p)
	if err == nil {
		err = report(out, p, m)
	}
	if err == nil && m.OutcomesTwice+m.OutcomesLost > 0 {
		err = fmt.Errorf("%d outcomes stand twice, %d are missing", m.OutcomesTwice, m.OutcomesLost)
	}
	if err != nil {
		fmt.Fprintln(errs, "scale:", err)
		return program.Failed
	}
	return program.Done
}

func parse(arguments []string, errs io.Writer) (plan, error) {
	var p plan
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.IntVar(&p.partitions, "partitions", 1000, "partitions of the busy command topic")
	flags.IntVar(&p.processors, "processors", 100, "members of the group")
	flags.IntVar(&p.rate, "rate", 1_000_000, "commands a second in all")
	flags.DurationVar(&p.bank, "bank", 50*time.Millisecond, "how long a call to the bank takes")
	flags.DurationVar(&p.roundTrip, "round-trip", 2*time.Millisecond, "a request to a broker and its answer")
	flags.DurationVar(&p.heartbeat, "heartbeat", 2*time.Second, "intake.heartbeat_interval: how late a rebalance is noticed")
	flags.DurationVar(&p.measure, "measure", 5*time.Second, "how long the processor is measured")
	flags.IntVar(&p.keys, "keys", 100_000, "keys of a partition")
	flags.IntVar(&p.inFlight, "in-flight", 4096, "intake.max_in_flight, and topic_in_flight, of the experiment: one processor takes two shares over")
	flags.IntVar(&p.brokers, "brokers", 20, "brokers of the cluster")
	p.limits.flags(flags)
	flags.StringVar(&p.output, "output", outputTable, "table (Markdown) or json")
	if err := flags.Parse(arguments); err != nil {
		return p, err
	}
	switch {
	case flags.NArg() > 0:
		return p, fmt.Errorf("no argument is expected, not %q", flags.Args())
	case p.output != outputTable && p.output != outputJSON:
		return p, errors.New("--output is table or json")
	case min(p.partitions, p.processors, p.rate, p.keys, p.inFlight, p.brokers) < 1,
		min(p.bank, p.roundTrip, p.heartbeat, p.measure) <= 0:
		return p, errors.New("numbers and durations must be positive")
	}
	return p, p.limits.check()
}
