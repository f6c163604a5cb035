package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"slices"
	"time"

	"bankprocessor/bench/figures"
)

// limits are what the model holds the loads against. Those of this program's own
// settings and of Kafka's are as shipped; the others are assumptions.
type limits struct {
	cpuMicros, cores            float64
	topicInFlight, concurrent   int
	connections                 int
	topics, replicas            int
	brokerBytes, brokerRequests float64
	coordinatorPositions        float64
	bankRate, bankCalls         float64
	groupBytes, memoryBytes     float64
	sessionTimeout              time.Duration
}

func (l *limits) flags(flags *flag.FlagSet) {
	flags.Float64Var(&l.cpuMicros, "cpu", 45, "microseconds of CPU that a command costs a whole processor, as bench/compare measures it")
	flags.Float64Var(&l.cores, "cores", 2, "cores of a processor")
	flags.IntVar(&l.topicInFlight, "topic-in-flight", 256, "intake.topic_in_flight, as shipped")
	flags.IntVar(&l.concurrent, "max-concurrent", 128, "max_concurrent of the bank's operation group, as shipped")
	flags.IntVar(&l.connections, "connections", 512, "banks.*.http.max_idle_conns, as shipped")
	flags.IntVar(&l.topics, "topics", 7, "command topics, each with as many partitions")
	flags.IntVar(&l.replicas, "replicas", 3, "copies that brokers keep")
	flags.Float64Var(&l.brokerBytes, "broker-bytes", 250e6, "bytes a second that a broker writes, copies included (assumed)")
	flags.Float64Var(&l.brokerRequests, "broker-requests", 50_000, "requests a second that a broker answers (assumed)")
	flags.Float64Var(&l.coordinatorPositions, "coordinator-positions", 50_000, "positions a second that a group's coordinator takes (assumed)")
	flags.Float64Var(&l.bankRate, "bank-rate", 0, "calls a second that the bank's plan allows; 0 when not known")
	flags.Float64Var(&l.bankCalls, "bank-calls", 0, "calls that the bank carries out at once; 0 when not known")
	flags.Float64Var(&l.groupBytes, "group-bytes", 1_048_588, "message.max.bytes of __consumer_offsets, whose one record holds a group")
	flags.Float64Var(&l.memoryBytes, "memory", 4<<30, "bytes of memory of a processor (assumed)")
	flags.DurationVar(&l.sessionTimeout, "session-timeout", 30*time.Second, "intake.session_timeout")
}

func (l *limits) check() error {
	if min(l.cpuMicros, l.cores, l.brokerBytes, l.brokerRequests, l.coordinatorPositions, l.groupBytes, l.memoryBytes) <= 0 ||
		min(l.topicInFlight, l.concurrent, l.connections, l.topics, l.replicas) < 1 || min(l.bankRate, l.bankCalls) < 0 {
		return errors.New("limits must be positive")
	}
	return nil
}

// wall is one thing that there is not endlessly much of.
type wall struct {
	Name  string  `json:"name"`
	Load  float64 `json:"load"`
	Limit float64 `json:"limit"` // 0 when not known
	Unit  string  `json:"unit"`
	Share float64 `json:"share"` // of the limit that the load takes
	How   string  `json:"how"`   // the load comes about
	Lift  string  `json:"lift"`  // what moves it
	// Setting says that the limit is no more than a setting of ours.
	Setting bool `json:"setting"`
}

// walls are all that the model knows, the nearest first.
func walls(p plan, m measured) []wall {
	l := p.limits
	processors := float64(p.processors)
	each := float64(p.rate) / processors
	inFlight := each * (p.bank + 2*p.roundTrip).Seconds()
	atBank := float64(p.rate) * p.bank.Seconds()
	bytes := float64(p.rate) * float64(m.CommandBytes+m.OutcomeBytes+m.AttemptBytes) * float64(l.replicas)
	lanes := float64(min(p.brokers, 2*m.ProcessorShare))
	produces := min(2*each, lanes/p.roundTrip.Seconds())
	all := []wall{
		{"commands at once of one topic", inFlight, float64(l.topicInFlight), "a processor", 0,
			"Little: rate x (bank + 2 round trips)", "intake.topic_in_flight and max_in_flight", true},
		{"calls at once of one operation group", each * p.bank.Seconds(), float64(l.concurrent), "a processor", 0,
			"Little: rate x bank", "banks.*.max_concurrent", true},
		{"connections to the bank", each * p.bank.Seconds(), float64(l.connections), "a processor", 0,
			"one for each call under way (HTTP/1.1)", "banks.*.http.max_idle_conns, HTTP/2", true},
		{"calls at the bank at once", atBank, l.bankCalls, "in all", 0, "Little: rate x bank", "the bank's", false},
		{"the bank's rate", float64(p.rate), l.bankRate, "calls/s", 0, "one call for each command", "the bank's plan", false},
		{"CPU of a processor", each * l.cpuMicros / 1e6, l.cores, "cores", 0, "rate x --cpu", "more processors, more cores", false},
		{"bytes that a broker writes", bytes / float64(p.brokers), l.brokerBytes, "bytes/s", 0,
			"(command + attempt + outcome) x copies", "more brokers; compression upstream", false},
		{"requests that a broker answers", processors * (m.FetchesPer + produces) / float64(p.brokers), l.brokerRequests, "1/s", 0,
			"fetches as measured, produces one after another on each leader", "more brokers; fewer, larger processors", false},
		{"positions at the coordinator", processors * m.PositionsPer, l.coordinatorPositions, "1/s", 0,
			"as measured: each partition in each commit", "intake.commit_interval; several groups", false},
		{"the group's record", groupRecord(p), l.groupBytes, "bytes", 0,
			"subscriptions and assignments of all members in one record", "fewer partitions; a group for each topic", false},
		{"memory of a processor", memory(p, m), l.memoryBytes, "bytes", 0, "docs/scale.md", "intake.max_bytes, GOGC, GOMEMLIMIT", false},
	}
	for i := range all {
		if all[i].Limit > 0 {
			all[i].Share = all[i].Load / all[i].Limit
		}
	}
	slices.SortStableFunc(all, func(a, b wall) int { return cmp.Compare(b.Share, a.Share) })
	return all
}

// topicName is about as long as a topic's name is.
const topicName = 24

// groupRecord is what Kafka stores of a group: for each member the topics that it asks
// for and the partitions that it has, 4 bytes each.
func groupRecord(p plan) float64 {
	subscription := 100 + p.limits.topics*(topicName+2)
	assignment := 50 + p.limits.topics*(topicName+6)
	return float64(p.processors*(subscription+assignment) + 4*p.limits.topics*p.partitions)
}

// What a processor's memory is made of, beside what its settings bound.
const (
	outcomeBytes  = 200       // history.Config.Window says so
	commandBytes  = 48 << 10  // of a command under way: stack, request, answer, connection
	restBytes     = 64 << 20  // the program, its buffers to Kafka, metrics
	collectorOver = 1 + 4     // GOGC=400: the heap grows to five times what lives
	intakeBytes   = 256 << 20 // intake.max_bytes
	fetchBytes    = 8 << 20   // intake.fetch_bytes, once for each broker
	historyWindow = 2000
)

// memory is the least upper bound that the settings as shipped give, with what the
// collector adds to what lives at this rate: buffers are full only behind an outage.
func memory(p plan, m measured) float64 {
	each := float64(p.rate) / float64(p.processors)
	history := float64(p.limits.topics*m.ProcessorShare*historyWindow) * outcomeBytes
	underWay := each * (p.bank + 2*p.roundTrip).Seconds() * commandBytes
	live := history + underWay + restBytes + float64(m.HeapBytes)
	return intakeBytes + float64(min(p.brokers, m.ProcessorShare))*fetchBytes + live*collectorOver
}

// change is what a change of the group's members costs.
type change struct {
	QuietMs    float64 `json:"quietMs"`    // of every partition
	Waiting    float64 `json:"waiting"`    // commands that have piled up meanwhile
	CatchUpMs  float64 `json:"catchUpMs"`  // until they are worked off, -1 for never
	PastBytes  float64 `json:"pastBytes"`  // that all takeovers read
	PastReadMs float64 `json:"pastReadMs"` // at the brokers' rate
}

// changes are what a hand-over and a crash cost. The balancer deals anew, so that every
// partition of the group moves.
func changes(p plan, m measured) (handOver, crash change) {
	load := 0.0
	for _, w := range walls(p, m) {
		if w.Name == "CPU of a processor" {
			load = w.Share
		}
	}
	of := func(quiet float64, moved move) change {
		c := change{QuietMs: quiet, Waiting: float64(p.rate) * quiet / 1000, CatchUpMs: -1}
		if load < 1 {
			c.CatchUpMs = quiet * load / (1 - load)
		}
		c.PastBytes = float64(moved.PastBytes) / float64(max(1, moved.Partitions)) * float64(p.partitions)
		c.PastReadMs = c.PastBytes / float64(p.brokers) / p.limits.brokerBytes * 1000
		return c
	}
	// The second processor has read its own partitions' past as well.
	handOver = of(m.HandOver.QuietMs, move{Partitions: 2 * m.HandOver.Partitions, PastBytes: m.HandOver.PastBytes})
	crash = of(m.Crash.QuietMs+milliseconds(p.limits.sessionTimeout), m.Crash)
	return handOver, crash
}

func (w wall) cells() []string {
	limit, share := "not known", "?"
	if w.Limit > 0 {
		limit, share = amount(w.Limit), fmt.Sprintf("%.0f %%", 100*w.Share)
	}
	return []string{w.Name, amount(w.Load), limit, w.Unit, share, w.How, w.Lift}
}

// amount writes a number as people say it.
func amount(v float64) string {
	switch {
	case v >= 1e9:
		return figures.Number(v/1e9) + " G"
	case v >= 1e6:
		return figures.Number(v/1e6) + " M"
	case v >= 1e4:
		return figures.Number(v/1e3) + " k"
	}
	return figures.Number(v)
}
