// Attempts measures what an attempt record before each call to the bank costs
// (docs/one-outcome.md): throughput, latency and CPU of one processor that writes
// them and of one that does not, at a bank that takes 5 ms and at one that takes
// 50 ms.
//
//	go run ./bench/attempts                      # Apache Kafka where Java runs it
//	go run ./bench/attempts --broker embedded
//	go run ./bench/attempts --output json        # one row per measurement
//
// Broker, bank and both processors are processes of their own; the driver is this
// one. The two processors have topics and a consumer group each, and work in turn,
// the first of a round being the second of the next: what the machine does beside
// strikes both. What counts are the ratios within rounds and how far they lie apart.
//
// bench/compare has the same two among its contenders, beside the ceiling: it says what
// either costs. This program is for what lies between them: both stay up, so that the
// two of a round differ in their attempts alone, and the attempts written are counted.
//
// It exits 1 when a command is lost, has two outcomes or another than SUCCEEDED, or
// when the bank's calls or the attempts written are not as many as the commands.
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

func main() { program.Main(run) }

// plan is what is measured, and how.
type plan struct {
	broker    string // kafka, embedded or auto
	port      int
	root      string
	program   string // of the processor; "" builds it
	output    string // table or json
	rounds    int
	keys      int
	inFlight  int
	backlog   int
	rates     []int
	paced     time.Duration
	latencies []time.Duration
	limit     time.Duration
}

func run(ctx context.Context, arguments []string, out, errs io.Writer) int {
	if ran, err := parts.Run(ctx, arguments, out, nil); ran {
		if err != nil {
			fmt.Fprintln(errs, err)
			return program.Failed
		}
		return program.Done
	}
	p := plan{rates: []int{500, 2000}, latencies: latencies()}
	flags := flag.NewFlagSet("attempts", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&p.broker, "broker", parts.KafkaOrEmbedded, "kafka, embedded, or auto: kafka where it can run")
	flags.IntVar(&p.port, "broker-port", 0, "Kafka's port on loopback, its controller's one above; 0 takes free ones")
	flags.StringVar(&p.root, "root", ".", "the repository")
	flags.StringVar(&p.program, "processor", "", "the processor's program instead of one that is built")
	flags.StringVar(&p.output, "output", outputTable, "table (Markdown) or json (NDJSON)")
	flags.IntVar(&p.rounds, "rounds", 3, "how often everything is measured")
	flags.IntVar(&p.keys, "keys", 10_000, "how many keys there are")
	flags.IntVar(&p.inFlight, "in-flight", 1024, "how many commands and bank calls a processor runs at once")
	flags.IntVar(&p.backlog, "backlog", 10_000, "commands of one backlog")
	flags.DurationVar(&p.paced, "paced", 3*time.Second, "how long each rate is offered")
	flags.DurationVar(&p.limit, "limit", 4*time.Minute, "when the whole run is given up")
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		return program.Done
	case err != nil:
		return program.Usage
	}
	if err := p.check(flags.Args()); err != nil {
		fmt.Fprintln(errs, "attempts:", err)
		return program.Usage
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.limit, fmt.Errorf("the run took longer than %s", p.limit))
	defer cancel()
	if err := measure(ctx, p, out, errs); err != nil {
		fmt.Fprintln(errs, "attempts:", err)
		return program.Failed
	}
	return program.Done
}

// latencies are the bank's.
func latencies() []time.Duration { return []time.Duration{5 * time.Millisecond, 50 * time.Millisecond} }

const (
	outputTable = "table"
	outputJSON  = "json"
)

func (p plan) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("no argument is expected, not %q", rest)
	case !parts.IsBroker(p.broker):
		return errors.New("--broker is kafka, embedded or auto")
	case p.output != outputTable && p.output != outputJSON:
		return errors.New("--output is table or json")
	case min(p.rounds, p.keys, p.inFlight, p.backlog) < 1 || p.paced <= 0 || p.limit <= 0:
		return errors.New("numbers and durations must be positive")
	}
	return nil
}
