package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// cell is one setting that contenders are measured in.
type cell struct {
	name string
	// base names the cell that this one differs from in one thing, which is what is
	// looked at: their rounds alternate, and their table has the ratio.
	base       string
	kind       kind
	partitions int
	keys       int
	zipf       float64 // the exponent of the keys' frequencies, 0 for equal ones
	latency    time.Duration
	slow       time.Duration // of one dealer in a thousand
	inFlight   int
	tls        string // "", tlsH1 or tlsH2
	rate       int    // commands per second, 0 for a backlog
	processes  int    // of one contender, in one group
	// backlog is how many commands, 0 for the plan's.
	backlog int
	// warm is how long after the first outcome nothing is measured, 0 until a tenth
	// of the backlog.
	warm       time.Duration
	contenders []string
}

// kind says which table a cell belongs to.
type kind string

const (
	throughput kind = "throughput"
	pace       kind = "latency"
	headOfLine kind = "head of line"
	scaling    kind = "scaling"
)

const (
	tlsH1 = "h1"
	tlsH2 = "h2"
)

// what most cells have.
const (
	usualKeys = 10_000
	ms        = time.Millisecond
)

// ours are the yardstick and the processor, with and without attempts.
func ours() []string { return []string{nameCeiling, nameProcessor, nameAttempts} }

// everybody has the peers too.
func everybody() []string {
	return append(ours(), nameNaive, nameNaiveOne, nameWatermill, nameParallelThreads, nameParallelReactor)
}

// usualInFlight is ample for each latency, and no more: thousands of calls that only
// queue for a processor make everybody slower, the ceiling most.
func usualInFlight(latency time.Duration) int {
	if latency > 10*ms {
		return 4096
	}
	return 1024
}

func usual(latency time.Duration, partitions int, change func(*cell)) cell {
	c := cell{
		kind: throughput, partitions: partitions, keys: usualKeys, latency: latency, inFlight: usualInFlight(latency), processes: 1, contenders: ours(),
	}
	if change != nil {
		change(&c)
	}
	if c.name == "" {
		c.name = fmt.Sprintf("bank %d ms, %s", latency.Milliseconds(), count(partitions, "partition"))
	}
	return c
}

func count(n int, what string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, what)
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func cells() []cell {
	return slices.Concat(backlogs(), special(), rates(), slowKeys(), groups())
}

// backlogs are the plain ones: partitions by the bank's latency.
func backlogs() (all []cell) {
	for _, latency := range []time.Duration{0, 5 * ms, 50 * ms} {
		for _, partitions := range []int{1, 6, 48} {
			all = append(all, usual(latency, partitions, func(c *cell) {
				if partitions == 6 && latency == 5*ms {
					c.contenders = everybody()
				}
			}))
		}
	}
	return all
}

// special are backlogs that have something of their own. With TLS less is in flight:
// thousands of handshakes at once would be what is measured.
func special() []cell {
	named := func(name string, change func(*cell)) func(*cell) {
		return func(c *cell) {
			c.name, c.contenders = name, []string{nameCeiling, nameProcessor}
			change(c)
		}
	}
	return []cell{
		usual(5*ms, 6, named("bank 5 ms, 6 partitions, Zipf 1.1", func(c *cell) { c.zipf = 1.1 })),
		usual(5*ms, 6, named("bank 5 ms, 6 partitions, 1,000 keys", func(c *cell) { c.keys = 1000 })),
		usual(5*ms, 6, named("bank 5 ms, 6 partitions, 1,000,000 keys", func(c *cell) { c.keys = 1_000_000 })),
		usual(5*ms, 6, named("bank 5 ms, 6 partitions, TLS, HTTP/1.1, 512 in flight", func(c *cell) { c.tls, c.inFlight = tlsH1, 512 })),
		usual(5*ms, 6, named("bank 5 ms, 6 partitions, TLS, HTTP/2, 512 in flight", func(c *cell) { c.tls, c.inFlight = tlsH2, 512 })),
		usual(100*ms, 6, named("bank 100 ms, 6 partitions, 100 in flight", func(c *cell) { c.inFlight = 100 })),
		usual(100*ms, 1, named("bank 100 ms, 1 partition, 1,000 keys in flight", func(c *cell) { c.inFlight, c.keys = 1000, 1000 })),
	}
}

// rates are open loops, whose commands are due whatever has become of those before.
func rates() (all []cell) {
	for _, rate := range []int{200, 4000} {
		all = append(all, usual(5*ms, 6, func(c *cell) {
			c.kind, c.rate = pace, rate
			c.contenders = append(ours(), nameNaive, nameWatermill, nameParallelThreads, nameParallelReactor)
			c.name = fmt.Sprintf("%d/s, bank 5 ms, 6 partitions", rate)
		}))
	}
	return all
}

// slowKeys are an open loop with and without one dealer in a thousand that takes the
// bank two seconds.
func slowKeys() (all []cell) {
	for _, partitions := range []int{1, 6} {
		without := usual(5*ms, partitions, func(c *cell) {
			c.kind, c.rate, c.keys = headOfLine, 500, 2000 // two slow ones, each free again before it comes next
			c.name = "500/s, bank 5 ms, " + count(partitions, "partition")
			c.contenders = []string{nameCeiling, nameProcessor}
			if partitions > 1 {
				c.contenders = append(c.contenders, nameNaive, nameParallelThreads, nameParallelReactor)
			}
		})
		with := without
		with.name, with.base, with.slow = without.name+", slow keys", without.name, 2*time.Second
		all = append(all, without, with)
	}
	return all
}

// groups are one processor and two of one group at a bank that limits them: what
// they share of the machine does not.
func groups() []cell {
	one := usual(50*ms, 6, func(c *cell) {
		c.kind, c.inFlight, c.backlog, c.warm = scaling, 128, 60_000, 2*time.Second
		c.name = "bank 50 ms, 6 partitions, 128 in flight each, 1 process"
		c.contenders = []string{nameProcessor, nameAttempts}
	})
	two := one
	two.name, two.base, two.processes = strings.Replace(one.name, "1 process", "2 processes", 1), one.name, 2
	return []cell{one, two}
}

// quick is the cell of --quick and of the gate.
func quick() cell {
	return usual(5*ms, 6, func(c *cell) { c.contenders = []string{nameCeiling, nameProcessor} })
}

// chosen are the cells that a plan asks for, with the contenders that it asks for.
func chosen(p plan) []cell {
	all := cells()
	if p.quick || p.gate != "" {
		all = []cell{quick()}
	}
	var found []cell
	for _, c := range all {
		c.contenders = slices.DeleteFunc(slices.Clone(c.contenders), func(name string) bool { return !p.contenders.matches(name) })
		if p.inFlight > 0 {
			c.inFlight = min(c.inFlight, p.inFlight)
		}
		if p.only.matches(string(c.kind)+": "+c.name) && len(c.contenders) > 0 {
			found = append(found, c)
		}
	}
	return found
}

// together groups cells whose rounds alternate: one with those of which it is the
// base.
func together(cells []cell) (groups [][]cell) {
	for _, c := range cells {
		last := len(groups) - 1
		if c.base != "" && last >= 0 && groups[last][0].name == c.base {
			groups[last] = append(groups[last], c)
			continue
		}
		groups = append(groups, []cell{c})
	}
	return groups
}

func printList(out io.Writer, p plan) {
	for _, c := range p.cells {
		fmt.Fprintf(out, "%s: %s: %s\n", c.kind, c.name, strings.Join(c.contenders, ", "))
	}
}
