package endtoend

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"bankprocessor/internal/app"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
)

const (
	churnMembers = 3
	churnDealers = 2000 // keys, each of which comes about 50 times
	moveInterval = 300 * time.Millisecond
)

// TestChurn has three processors work through 100,000 commands (20,000 on real
// Kafka) while every second one of them leaves and a new one joins, and leaders
// move. Every command must have exactly one outcome, the bank must see every command
// once, and those of one dealer one after another in their order.
func TestChurn(t *testing.T) {
	commands, interval := 20_000, time.Second
	if embeddedOnly(t, "100,000 commands, for there is one suite's time on a shared broker; here there are 20,000") {
		commands = 100_000
	}
	if testing.Short() {
		commands, interval = 5000, 200*time.Millisecond
	}
	w := openWorld(t, sandbox.Options{
		Brokers: 3, Topics: topics.Config{Partitions: 12},
		Bank: banksim.Config{Latency: banksim.Latency{Spread: banksim.Duration(5 * time.Millisecond)}}, // something to drain
	})
	results := newResults(commands)
	readAll(w, w.drafter.Topics.Result(command.DBSInvoiceUpsert), results.take)

	l := newLoad(w)
	records, order := churnCommands(l, commands)
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute) // a race detector beside other suites
	defer cancel()
	start := time.Now()
	var background sync.WaitGroup
	background.Go(func() {
		if err := l.publish(ctx, records, 250); err != nil {
			t.Errorf("publishing: %v", err)
		}
	})
	crew := newCrew(w)
	churning, calm := context.WithCancel(ctx)
	background.Go(func() { crew.churn(churning, interval) })
	moves := 0
	if embeddedOnly(t, "leaders that move, for one broker leads everything here; test/cluster has three") {
		background.Go(func() { moves = moveLeaders(churning, w) })
	}
	select {
	case <-results.all:
	case <-ctx.Done():
		t.Errorf("%d of %d commands have no outcome in time; the processors logged:\n%s",
			results.missing(), commands, w.log.Tail(40))
	}
	took := time.Since(start)
	calm()
	background.Wait()
	crew.stop()
	t.Logf("%d commands in %v (%.0f/s), %d members left and joined, the slowest left in %v, leaders moved %d times, %d outcomes twice on the wire",
		commands, took.Round(time.Millisecond), float64(commands)/took.Seconds(), crew.changes, crew.slowest.Round(time.Millisecond),
		moves, results.repeated())
	results.judge(t)
	judgeJournal(t, w.bank, order)
}

// churnCommands are the commands, and for each its place among its dealer's.
func churnCommands(l *load, n int) (records []kafka.Record, order []churnOrder) {
	random := rand.New(rand.NewPCG(1, 2))
	var sequence [churnDealers]int
	for i := range n {
		d := random.IntN(churnDealers)
		o := churnOrder{dealer: fmt.Sprintf("1%04d", d), sequence: sequence[d]}
		sequence[d]++
		records = append(records, l.record(i, o.dealer, fmt.Sprintf("INV-%05d", o.sequence)))
		order = append(order, o)
	}
	return records, order
}

type churnOrder struct {
	dealer   string
	sequence int
}

// crew is the members, oldest first.
type crew struct {
	w       *world
	log     *slog.Logger
	members []*app.App
	changes int
	slowest time.Duration
}

func newCrew(w *world) *crew {
	// One line for every command would be a hundred thousand.
	c := &crew{w: w, log: slog.New(slog.NewJSONHandler(w.log, nil))}
	for range churnMembers {
		c.join()
	}
	return c
}

// join starts a member that is made for a group in which members come and go
// every second: it notices in less, and fetches no more than it can use until it
// has to give its partitions back.
func (c *crew) join() {
	cfg := c.w.config(func(cfg *config.Config) {
		cfg.Intake.HeartbeatInterval = 200 * time.Millisecond
		cfg.Intake.PartitionRecords = 512
		cfg.Intake.FetchPartitionBytes = 128 << 10
	})
	a, err := app.New(cfg, app.Options{Version: "test", Logger: c.log})
	if err != nil {
		c.w.t.Errorf("building a member: %v", err)
		return
	}
	if err := a.Start(c.w.t.Context()); err != nil {
		c.w.t.Errorf("starting a member: %v", err)
		return
	}
	c.members = append(c.members, a)
}

// churn has the oldest member leave and a new one join at every tick.
func (c *crew) churn(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		c.join()
		start := time.Now()
		if err := stop(c.members[0]); err != nil {
			c.w.t.Errorf("leaving: %v", err)
		}
		c.members = c.members[1:]
		c.slowest = max(c.slowest, time.Since(start))
		c.changes++
	}
}

func (c *crew) stop() {
	for _, a := range c.members {
		if err := stop(a); err != nil {
			c.w.t.Errorf("leaving: %v", err)
		}
	}
}

// moveLeaders gives one partition of the commands and one of the results another
// leader at every tick, and returns how often.
func moveLeaders(ctx context.Context, w *world) (moves int) {
	topics := w.drafter.Topics
	ticker := time.NewTicker(moveInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return moves
		case <-ticker.C:
		}
		for _, topic := range []string{topics.Command(command.DBSInvoiceUpsert), topics.Result(command.DBSInvoiceUpsert)} {
			err := w.box.Cluster().MoveTopicPartition(topic, rand.Int32N(topics.Partitions), rand.Int32N(int32(len(w.box.Brokers()))))
			if err != nil {
				w.t.Errorf("moving a leader: %v", err)
			}
			moves++
		}
	}
}

// results counts the outcomes of every command.
type results struct {
	mu     sync.Mutex
	events []map[string]int // by command: event id to how often it came
	ended  []string         // by command: the last status
	left   int
	odd    []string
	all    chan struct{} // closed when every command has one
}

func newResults(n int) *results {
	return &results{events: make([]map[string]int, n), ended: make([]string, n), left: n, all: make(chan struct{})}
}

func (r *results) take(record kafka.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := numberOf(header(record, "ce_subject"))
	if err != nil || n >= len(r.events) {
		r.odd = append(r.odd, fmt.Sprintf("an outcome of nobody's command: %q", header(record, "ce_subject")))
		return
	}
	if r.events[n] == nil {
		r.events[n] = map[string]int{}
		if r.left--; r.left == 0 {
			close(r.all)
		}
	}
	r.events[n][header(record, "ce_id")]++
	r.ended[n] = header(record, "ce_status") + " " + header(record, "ce_code")
}

func (r *results) missing() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.left
}

// repeated counts the records that say again what has been said.
func (r *results) repeated() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, events := range r.events {
		for _, times := range events {
			n += times - 1
		}
	}
	return n
}

func (r *results) judge(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	want := string(command.Succeeded) + " " + string(command.CodeInvoiceAccepted)
	for n, events := range r.events {
		if len(events) != 1 || r.ended[n] != want {
			r.odd = append(r.odd, fmt.Sprintf("command %d has %d distinct outcomes, the last %q", n, len(events), r.ended[n]))
		}
	}
	complain(t, "outcomes", r.odd)
}

// judgeJournal holds what the bank saw to the order in which it was published.
func judgeJournal(t *testing.T, bank *banksim.Bank, order []churnOrder) {
	t.Helper()
	var repeats, inversions, overlaps, unapplied []string
	seen := make([]int, len(order))
	latest := map[string]int{} // by dealer
	for _, call := range bank.Calls(0) {
		n, err := numberOf(call.ChannelSessionID)
		if err != nil || n >= len(order) || call.Method != banksim.MethodInvoice || call.Dealer != order[n].dealer {
			unapplied = append(unapplied, fmt.Sprintf("call %d is nobody's: %s %s", call.Seq, call.Method, call.Key))
			continue
		}
		if seen[n]++; seen[n] > 1 {
			repeats = append(repeats, fmt.Sprintf("command %d at call %d", n, call.Seq))
			continue
		}
		if last, ok := latest[call.Dealer]; ok && order[n].sequence <= last {
			inversions = append(inversions, fmt.Sprintf("dealer %s: invoice %d came after %d", call.Dealer, order[n].sequence, last))
		}
		latest[call.Dealer] = order[n].sequence
		if call.Overlaps {
			overlaps = append(overlaps, fmt.Sprintf("dealer %s: invoice %d", call.Dealer, order[n].sequence))
		}
		if !call.Applied || call.Code != "000" {
			unapplied = append(unapplied, fmt.Sprintf("command %d: code %s", n, call.Code))
		}
	}
	var unseen []string
	for n, times := range seen {
		if times == 0 {
			unseen = append(unseen, fmt.Sprintf("command %d", n))
		}
	}
	complain(t, "repeated calls", repeats)
	complain(t, "order inversions of a key", inversions)
	complain(t, "calls of a key side by side", overlaps)
	complain(t, "calls that are not as they should be", unapplied)
	complain(t, "commands that the bank has not seen", unseen)
}

// complain reports how many, and the first few.
func complain(t *testing.T, what string, of []string) {
	t.Helper()
	if len(of) > 0 {
		t.Errorf("%d %s, among them %v", len(of), what, of[:min(5, len(of))])
	}
}
