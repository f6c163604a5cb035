package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/bench/drive"
	"bankprocessor/bench/figures"
)

// row is one measurement, as --output json prints it.
type row struct {
	Benchmark     string  `json:"benchmark"`
	Broker        string  `json:"broker"`
	BankLatencyMS float64 `json:"bankLatencyMs"`
	Load          string  `json:"load"` // backlog, or a rate
	Rate          int     `json:"ratePerSecond,omitempty"`
	Attempts      bool    `json:"attempts"`
	Round         int     `json:"round"`
	Commands      int     `json:"commands"`
	Lost          int     `json:"lost"`
	Repeated      int     `json:"repeated"`
	// PerSecond is over the time from the first outcome to the last.
	PerSecond float64 `json:"perSecond"`
	P50MS     float64 `json:"p50Ms,omitempty"`
	P99MS     float64 `json:"p99Ms,omitempty"`
	P999MS    float64 `json:"p999Ms,omitempty"`
	// CPUSeconds are the processor's own, per 1,000 commands.
	CPUSeconds float64 `json:"cpuSecondsPer1000"`
	PeakRSS    int64   `json:"peakRssBytes"`
	// Others is the share of the machine, 0 to 1, that other programs took.
	Others float64 `json:"othersShare"`
}

// warmup is how many commands each processor gets before anything is measured.
const warmup = 2000

// measure runs the plan and prints what it found.
func measure(ctx context.Context, p plan, out, log io.Writer) (err error) {
	invoices, err := drive.NewInvoices(p.keys, 1)
	if err != nil {
		return err
	}
	w := &world{}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.open(ctx, p, log); err != nil {
		return err
	}
	r := &runner{plan: p, world: w, invoices: invoices, log: log, commands: map[*contender]int64{}}
	if err := r.all(ctx); err != nil {
		return err
	}
	if p.output == outputJSON {
		return printRows(out, r.rows)
	}
	return printTable(out, p, w.broker.Kind, r.rows)
}

// runner takes measurements.
type runner struct {
	plan     plan
	world    *world
	invoices *drive.Invoices
	log      io.Writer
	rows     []row
	commands map[*contender]int64 // published so far
}

func (r *runner) all(ctx context.Context) error {
	pair := []*contender{r.world.without, r.world.with}
	if err := r.world.bank.SetLatency(ctx, r.plan.latencies[0]); err != nil {
		return err
	}
	for _, c := range pair {
		records, err := r.draft(c, min(warmup, r.plan.backlog))
		if err != nil {
			return err
		}
		if _, err := r.load(ctx, c, records, 0); err != nil {
			return fmt.Errorf("warming up: %w", err)
		}
	}
	for _, latency := range r.plan.latencies {
		if err := r.world.bank.SetLatency(ctx, latency); err != nil {
			return err
		}
		for round := range r.plan.rounds {
			fmt.Fprintf(r.log, "bank %s, round %d of %d\n", latency, round+1, r.plan.rounds)
			for _, rate := range append([]int{0}, r.plan.rates...) {
				for i := range pair {
					c := pair[(i+round)%len(pair)]
					if err := r.measure(ctx, c, latency, round, rate); err != nil {
						return err
					}
				}
			}
		}
	}
	return r.check(ctx)
}

// measure takes one measurement; rate 0 is a backlog.
func (r *runner) measure(ctx context.Context, c *contender, latency time.Duration, round, rate int) error {
	commands := r.plan.backlog
	if rate > 0 {
		commands = max(1, int(int64(rate)*int64(r.plan.paced)/int64(time.Second)))
	}
	records, err := r.draft(c, commands)
	if err != nil {
		return err
	}
	before, err := c.processor.CPU()
	if err != nil {
		return err
	}
	start, err := r.world.usage()
	if err != nil {
		return err
	}
	result, err := r.load(ctx, c, records, rate)
	if err != nil {
		return err
	}
	after, err := c.processor.CPU()
	if err != nil {
		return err
	}
	end, err := r.world.usage()
	if err != nil {
		return err
	}
	memory, err := c.processor.PeakRSS()
	if err != nil {
		return err
	}
	found := row{
		Benchmark: "attempts", Broker: r.world.broker.Kind, BankLatencyMS: figures.Milliseconds(latency),
		Load: "backlog", Rate: rate, Attempts: c == r.world.with, Round: round + 1,
		Commands: commands, Lost: result.Lost, Repeated: result.Repeated,
		PerSecond:  float64(commands) / result.FirstToLast.Seconds(),
		CPUSeconds: (after - before).Seconds() * 1000 / float64(commands), PeakRSS: memory,
		Others: end.Others(start),
	}
	if rate > 0 { // of a backlog, latency is but its length
		found.Load = fmt.Sprintf("%d/s", rate)
		found.P50MS = figures.Milliseconds(figures.Quantile(result.Latencies, 0.5))
		found.P99MS = figures.Milliseconds(figures.Quantile(result.Latencies, 0.99))
		found.P999MS = figures.Milliseconds(figures.Quantile(result.Latencies, 0.999))
	}
	r.rows = append(r.rows, found)
	return nil
}

// draft makes commands for a contender.
func (r *runner) draft(c *contender, commands int) ([]*kgo.Record, error) {
	records, err := r.invoices.Draft(c.names, commands)
	runtime.GC() // of what the drafts have left, and not during the load
	return records, err
}

// load has a contender work a load off; whatever is wrong with it is an error.
func (r *runner) load(ctx context.Context, c *contender, records []*kgo.Record, rate int) (result drive.Result, err error) {
	r.commands[c] += int64(len(records))
	if rate == 0 {
		result, err = c.driver.Backlog(ctx, records)
	} else {
		result, err = c.driver.Paced(ctx, records, rate)
	}
	if err == nil {
		err = result.Wrong()
	}
	if err != nil {
		return result, errors.Join(fmt.Errorf("%s attempts: %w", c.name, err), c.processor.Alive())
	}
	return result, nil
}

// check holds the run to what it claims: every command was one call, and attempts
// were written for all commands of the one contender and for none of the other.
func (r *runner) check(ctx context.Context) error {
	with, without := r.world.with, r.world.without
	calls, err := r.world.bank.Calls(ctx)
	if err != nil {
		return err
	}
	if commands := r.commands[with] + r.commands[without]; calls != commands {
		return fmt.Errorf("the bank had %d calls for %d commands", calls, commands)
	}
	for c, least := range map[*contender]int64{with: r.commands[with], without: 0} {
		written, err := c.driver.Stored(ctx, c.names.Attempts(), partitions)
		if err != nil {
			return err
		}
		if written < least || c == without && written > 0 {
			return fmt.Errorf("%s attempts: %d of them are written for %d commands", c.name, written, r.commands[c])
		}
	}
	return nil
}
