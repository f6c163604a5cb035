// Compare runs the processor and what people use instead, one after another, on the
// same commands, broker and bank, and says how they compare with the ceiling: a loop
// from Kafka to the bank and back that does nothing else (docs/speed.md).
//
//	go run ./bench/compare                        # everything, on the embedded broker
//	go run ./bench/compare --broker kafka         # on Apache Kafka, which wants Java
//	go run ./bench/compare --quick                # ceiling and processor, 5 ms, 6 partitions, embedded
//	go run ./bench/compare --only 'TLS|^latency'  # cells whose names match
//	go run ./bench/compare --contenders 'ceiling|processor'
//	go run ./bench/compare --list                 # the cells and contenders
//	go run ./bench/compare --output json          # one row per measurement
//	go run ./bench/compare --from rows.json --update docs/speed.md --plot docs/speed.svg
//	go run ./bench/compare --gate bench/gate.json # fails when the processor has become slower
//
// Broker, bank and contender are processes of their own; the driver is this one.
// Contenders take turns within a round, the second of a round being the first of the
// next, and what counts is the ratio to the ceiling of the same round.
//
// It exits 1 when a contender loses a command or gives it two outcomes, when one that
// keeps the order of keys does not, and when the gate is shut.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"time"

	"bankprocessor/bench/ceiling"
	"bankprocessor/bench/parts"
	"bankprocessor/bench/program"
)

func main() { program.Main(run) }

// own are the parts that this program can be, beside those of bench/parts.
var own = map[string]parts.Part{"ceiling": ceiling.Serve}

const (
	outputTable = "table"
	outputJSON  = "json"
)

// plan is what is measured, and how.
type plan struct {
	broker     string // kafka, embedded or auto
	root       string
	program    string // of the processor; "" builds it
	output     string // table or json
	only       pattern
	contenders pattern
	rounds     int
	backlog    int
	inFlight   int
	window     time.Duration
	paced      time.Duration
	limit      time.Duration
	quick      bool
	list       bool
	gate       string
	from       string
	update     string
	plot       string
	cells      []cell
	missing    []string
}

// pattern is a regular expression as a flag; the empty one matches everything.
type pattern struct{ *regexp.Regexp }

func (p *pattern) Set(text string) (err error) {
	p.Regexp, err = regexp.Compile(text)
	return err
}

func (p *pattern) String() string {
	if p == nil || p.Regexp == nil {
		return ""
	}
	return p.Regexp.String()
}

func (p *pattern) matches(name string) bool { return p.Regexp == nil || p.MatchString(name) }

func run(ctx context.Context, arguments []string, out, errs io.Writer) int {
	if ran, err := parts.Run(ctx, arguments, out, own); ran {
		if err != nil {
			fmt.Fprintln(errs, err)
			return program.Failed
		}
		return program.Done
	}
	p, err := parse(arguments, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return program.Done
	case err != nil:
		fmt.Fprintln(errs, "compare:", err)
		return program.Usage
	}
	if p.list {
		printList(out, p)
		return program.Done
	}
	if p.from != "" {
		found, err := readRows(p.from)
		if err == nil {
			err = present(p, found, out)
		}
		if err != nil {
			fmt.Fprintln(errs, "compare:", err)
			return program.Failed
		}
		return program.Done
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.limit, fmt.Errorf("the run took longer than %s", p.limit))
	defer cancel()
	if err := measure(ctx, p, out, errs); err != nil {
		fmt.Fprintln(errs, "compare:", err)
		return program.Failed
	}
	return program.Done
}

func parse(arguments []string, errs io.Writer) (plan, error) {
	var p plan
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&p.broker, "broker", parts.Embedded, "kafka, embedded, or auto: kafka where it can run")
	flags.StringVar(&p.root, "root", ".", "the repository")
	flags.StringVar(&p.program, "processor", "", "the processor's program instead of one that is built")
	flags.StringVar(&p.output, "output", outputTable, "table (Markdown) or json (NDJSON)")
	flags.Var(&p.only, "only", "the cells to measure, a regular expression")
	flags.Var(&p.contenders, "contenders", "the contenders to measure, a regular expression")
	flags.IntVar(&p.rounds, "rounds", 3, "how often everything is measured")
	flags.IntVar(&p.backlog, "backlog", 100_000, "commands of one backlog")
	flags.IntVar(&p.inFlight, "in-flight", 0, "the most calls at once in any cell; 0 leaves them as they are")
	flags.DurationVar(&p.window, "window", 3*time.Second, "how long a backlog is watched at most")
	flags.DurationVar(&p.paced, "paced", 5*time.Second, "how long each rate is offered")
	flags.DurationVar(&p.limit, "limit", time.Hour, "when the whole run is given up")
	flags.BoolVar(&p.quick, "quick", false, "the one cell that says most, for ceiling and processor")
	flags.BoolVar(&p.list, "list", false, "prints what could be measured")
	flags.StringVar(&p.gate, "gate", "", "a file of thresholds: fails when the processor is worse")
	flags.StringVar(&p.from, "from", "", "measures nothing: a file of rows that --output json has printed")
	flags.StringVar(&p.update, "update", "", "a page whose table is replaced")
	flags.StringVar(&p.plot, "plot", "", "a file for a picture of the backlogs (SVG)")
	if err := flags.Parse(arguments); err != nil {
		return p, err
	}
	switch {
	case flags.NArg() > 0:
		return p, fmt.Errorf("no argument is expected, not %q", flags.Args())
	case !parts.IsBroker(p.broker):
		return p, errors.New("--broker is kafka, embedded or auto")
	case p.output != outputTable && p.output != outputJSON:
		return p, errors.New("--output is table or json")
	case min(p.rounds, p.backlog) < 1 || p.inFlight < 0 || min(p.paced, p.window, p.limit) <= 0:
		return p, errors.New("numbers and durations must be positive")
	}
	p.cells = chosen(p)
	if len(p.cells) == 0 {
		return p, errors.New("nothing matches --only and --contenders")
	}
	return p, nil
}
