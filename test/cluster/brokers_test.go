package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// nodes are the brokers' ids.
var nodes = []int32{1, 2, 3}

// need skips where the machine cannot have a cluster, and fails there when CI is
// set.
func need(t *testing.T) {
	t.Helper()
	var missing []string
	if os.Geteuid() != 0 {
		missing = append(missing, "root, to give every broker a network and a disk of its own")
	}
	for _, program := range []string{"ip", "bridge", "java"} {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, program)
		}
	}
	if len(missing) == 0 {
		return
	}
	why := "NO BROKER FAULTS ARE TESTED; missing: " + strings.Join(missing, "; ")
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// brokers are the cluster.
type brokers struct {
	t         *testing.T
	dir       string
	addresses []string
	client    *kgo.Client
}

// startBrokers starts a cluster that ends with the test.
func startBrokers(t *testing.T) *brokers {
	t.Helper()
	b := &brokers{t: t, dir: t.TempDir()}
	t.Cleanup(func() { must(t, b.run(context.WithoutCancel(t.Context()), "remove")) })
	must(t, b.run(t.Context(), "isolate"))
	b.do("start")
	b.addresses = strings.Split(strings.TrimSpace(b.output("brokers")), ",")
	var err error
	b.client, err = kgo.NewClient(kgo.SeedBrokers(b.addresses...),
		kgo.RequestTimeoutOverhead(2*time.Second), kgo.RequestRetries(3), kgo.DialTimeout(time.Second))
	must(t, err)
	t.Cleanup(b.client.Close)
	return b
}

func (b *brokers) command(ctx context.Context, verb string, nodes ...int32) *exec.Cmd {
	arguments := []string{verb, b.dir}
	for _, n := range nodes {
		arguments = append(arguments, strconv.Itoa(int(n)))
	}
	if verb == "start" {
		arguments = append(arguments, "group.initial.rebalance.delay.ms=0")
	}
	c := exec.CommandContext(ctx, filepath.Join("..", "kafka", "cluster.sh"), arguments...)
	// A quick start is worth more here than a high speed later.
	c.Env = append(os.Environ(), "KAFKA_JAVA=-XX:+UseSerialGC -XX:TieredStopAtLevel=1")
	return c
}

func (b *brokers) run(ctx context.Context, verb string, nodes ...int32) error {
	// A broker that is started holds no pipe of ours open: its output goes to its log.
	out, err := b.command(ctx, verb, nodes...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("cluster.sh %s %v: %w: %s", verb, nodes, err, out)
	}
	return nil
}

// do runs a verb of cluster.sh on the nodes, or on all.
func (b *brokers) do(verb string, nodes ...int32) {
	b.t.Helper()
	must(b.t, b.run(b.t.Context(), verb, nodes...))
}

func (b *brokers) output(verb string) string {
	b.t.Helper()
	out, err := b.command(b.t.Context(), verb).Output()
	must(b.t, err)
	return string(out)
}

// running says whether a node's process is there.
func (b *brokers) running(node int32) bool {
	text, err := os.ReadFile(filepath.Join(b.dir, strconv.Itoa(int(node)), "pid"))
	if err != nil {
		return false
	}
	_, err = os.Stat("/proc/" + strings.TrimSpace(string(text)))
	return err == nil
}

// place is a partition.
type place struct {
	topic     string
	partition int32
}

// leaders returns who leads each partition, and whether every partition has a
// leader and all of its replicas in sync.
func (b *brokers) leaders() (leaders map[place]int32, whole bool) {
	ctx, cancel := context.WithTimeout(b.t.Context(), 5*time.Second)
	defer cancel()
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = nil // all, the group's own included
	res, err := req.RequestWith(ctx, b.client)
	if err != nil || len(res.Brokers) < len(nodes) {
		return nil, false
	}
	leaders, whole = map[place]int32{}, true
	for _, topic := range res.Topics {
		for _, p := range topic.Partitions {
			leaders[place{*topic.Topic, p.Partition}] = p.Leader
			whole = whole && p.Leader >= 0 && len(p.ISR) == len(nodes)
		}
	}
	return leaders, whole && len(leaders) > 0
}

// awaitWhole waits until every replica is in sync, as an operator does before the
// next broker is touched.
func (b *brokers) awaitWhole() {
	b.t.Helper()
	until(b.t, time.Minute, "all replicas in sync", func() bool {
		_, whole := b.leaders()
		return whole
	})
}

// balance gives every partition's leadership back to the replica that it was meant
// for, so that each broker leads a third.
func (b *brokers) balance() map[place]int32 {
	b.t.Helper()
	b.awaitWhole()
	req := kmsg.NewPtrElectLeadersRequest()
	req.TimeoutMillis = 10_000
	_, err := req.RequestWith(b.t.Context(), b.client)
	must(b.t, err)
	b.awaitWhole()
	leaders, _ := b.leaders()
	return leaders
}

// coordinator is the broker that keeps the group.
func (b *brokers) coordinator(group string) int32 {
	b.t.Helper()
	req := kmsg.NewPtrFindCoordinatorRequest()
	req.CoordinatorKeys = []string{group}
	req.CoordinatorKey = group
	res, err := req.RequestWith(b.t.Context(), b.client)
	must(b.t, err)
	node := res.NodeID
	if len(res.Coordinators) > 0 {
		node = res.Coordinators[0].NodeID
	}
	if !slices.Contains(nodes, node) {
		b.t.Fatalf("the group has no coordinator: %d", node)
	}
	return node
}
