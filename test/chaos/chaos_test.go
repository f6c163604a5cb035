package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/topics"
	"bankprocessor/test/chaos/checker"
)

// draining bounds how long after the storm the last outcome may take.
const draining = 90 * time.Second

// world is one run's own: topics and a group of the cluster, a bank, processors.
type world struct {
	t       *testing.T
	seed    uint64
	dir     string
	cluster *cluster
	topics  topics.Config
	group   string
	bank    *bank
	fleet   fleet
	up      *upstream
	down    *downstream
}

// kindOfRun is in what runs differ.
type kindOfRun struct {
	name       string
	seed       uint64
	size       int // of the fleet
	mix        mix
	keys       keys
	duplicates banksim.Duplicates
	again      int // one command in so many is published again; 0 for none
	partitions int
	settings   settings
}

func open(t *testing.T, c *cluster, k kindOfRun) *world {
	t.Helper()
	w := &world{
		t: t, seed: k.seed, dir: directory(t, k.name), cluster: c, group: k.name,
		topics: topics.Config{Prefix: k.name + ".", Partitions: int32(k.partitions), ReplicationFactor: 3}.WithDefaults(),
	}
	w.createTopics()
	w.bank = startBank(t, w.dir, k.duplicates)
	s := k.settings
	s.Brokers, s.Topics, s.Group, s.BankURL = c.addresses, w.topics, w.group, w.bank.url
	w.fleet = newFleet(t, w.dir, s, k.size)

	events, err := codec.New(codec.Options{})
	must(t, err)
	made, err := newDrafts(rand.New(rand.NewPCG(k.seed, 100)), events, w.topics, k.mix, k.keys, k.duplicates)
	must(t, err)
	w.up, err = newUpstream(c.addresses, made, rand.New(rand.NewPCG(k.seed, 200)), k.again)
	must(t, err)
	t.Cleanup(w.up.client.Close)
	w.down, err = newDownstream(c.addresses, events, w.topics, made.concluded)
	must(t, err)
	reading, end := context.WithCancel(context.WithoutCancel(t.Context()))
	var reader sync.WaitGroup
	reader.Go(func() { w.down.run(reading) })
	t.Cleanup(func() { end(); reader.Wait(); w.down.client.Close() })
	return w
}

// createTopics makes them as `processor topics apply` does. A broker that has not heard
// of a topic yet may be asked about it: then the command is run again.
func (w *world) createTopics() {
	w.t.Helper()
	client, err := kafka.New(kafka.Config{Brokers: w.cluster.addresses})
	must(w.t, err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	for {
		_, err := client.CreateMissingTopics(ctx, w.topics.Specs())
		if err == nil {
			break
		}
		if wait(ctx, time.Second) != nil {
			w.t.Fatal(err)
		}
	}
	must(w.t, w.cluster.awaitLeaders(w.t.Context(), w.topics))
}

// conclude waits until every command has an outcome and everything has stopped, and
// has the checker judge.
func (w *world) conclude(ids []string) *checker.Report {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), draining)
	defer cancel()
	begun := time.Now()
	missing := w.down.await(ctx, ids)
	w.t.Logf("%d of %d commands have no outcome %.1f s after the storm", missing, len(ids), time.Since(begun).Seconds())
	w.fleet.stop(w.t)
	must(w.t, w.bank.stop(10*time.Second))
	reading, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	history, err := checker.ReadKafka(reading, w.cluster.addresses, w.topics)
	must(w.t, err)
	history.Ledger, err = checker.ReadLedger(w.bank.ledger)
	must(w.t, err)
	return checker.Judge(history)
}

// usual is a configuration that is only quicker than production's.
var usual = settings{Commit: 200 * time.Millisecond, Window: 2000, Drain: 800 * time.Millisecond}

// TestChaos has 0 of everything that must not be, for each seed; and the checker
// notices what is planted.
func TestChaos(t *testing.T) {
	c := startCluster(t)
	var rows []checker.Row
	for _, seed := range seeds(t) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			again := fmt.Sprintf("go test ./test/chaos -count 1 -timeout 30m -v -run TestChaos/seed -seeds %d -commands %d -pace %d", seed, *commandsFlag, *paceFlag)
			t.Logf("seed %d; to have the same draws again: %s", seed, again)
			row := rage(t, c, seed)
			rows = append(rows, row)
			t.Logf("verdicts\n%s", checker.Table([]checker.Row{row}))
			if complaint := row.Report.Complaint(3); complaint != "" {
				t.Errorf("seed %d, %s\n%s", seed, again, complaint)
			}
		})
	}
	if len(rows) > 0 {
		t.Logf("three processors, three brokers, one bank:\n%s", checker.Table(rows))
	}
	t.Run("planted", func(t *testing.T) { plantedFaults(t, c) })
}

// rage runs one seed.
func rage(t *testing.T, c *cluster, seed uint64) checker.Row {
	// Every other bank records what it is asked for twice, so that a repetition costs.
	duplicates := []banksim.Duplicates{banksim.DuplicatesRefused, banksim.DuplicatesRecorded}[seed%2]
	w := open(t, c, kindOfRun{
		name: fmt.Sprintf("chaos-%d", seed), seed: seed, size: 4, mix: everyKind, keys: keys{dealers: 300, applications: 300},
		duplicates: duplicates, again: 80, partitions: 6, settings: usual,
	})
	skewed := w.fleet[2]
	skewed.program = programs.planted
	skew := time.Duration(rand.New(rand.NewPCG(seed, 300)).Int64N(int64(40*time.Minute))) - 20*time.Minute
	skewed.env = []string{"PLANTED_CLOCK_SKEW=" + skew.Round(time.Second).String()}
	t.Logf("the bank's duplicates are %s; the clock of %s is off by %v; everything is in %s", duplicates, skewed.name, skew.Round(time.Second), filepath.Base(w.dir))

	must(t, w.bank.latency(t.Context(), banksim.Latency{Fixed: banksim.Duration(3 * time.Millisecond), Mean: banksim.Duration(7 * time.Millisecond)}))
	must(t, w.bank.misbehave(t.Context(), seed))
	for _, m := range w.fleet[:3] {
		must(t, m.start())
	}
	s := newStorm(c, w.fleet, w.group, everyFault(seed))
	raging, calm := context.WithCancel(t.Context())
	defer calm()
	var raged sync.WaitGroup
	raged.Go(func() { s.rage(raging) })
	ids, err := w.up.publish(t.Context(), *commandsFlag, *paceFlag)
	calm()
	raged.Wait()
	must(t, err)
	must(t, s.calm(t.Context()))
	must(t, w.bank.behave(t.Context()))
	report := w.conclude(ids)
	return checker.Row{
		Name: fmt.Sprintf("seed %d", seed), Report: report, Recoveries: report.Recoveries(s.deaths), Faults: s.summary(),
	}
}
