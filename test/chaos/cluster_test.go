package chaos

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/topics"
	"bankprocessor/test/chaos/checker"
)

// cluster is three brokers as local processes.
type cluster struct {
	t         *testing.T
	dir       string
	port      int
	addresses []string
	client    *kgo.Client
}

// properties make the brokers quick to notice a death, let sessions be short, and have
// them stamp every record with their own clock.
var properties = []string{
	"group.initial.rebalance.delay.ms=0", "group.min.session.timeout.ms=1000", "offsets.topic.num.partitions=6",
	"broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500", "log.message.timestamp.type=LogAppendTime",
	"replica.lag.time.max.ms=3000", "num.network.threads=2", "num.io.threads=4",
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	if _, err := exec.LookPath("java"); err != nil {
		const why = "NOTHING IS TESTED: Java is missing, and with it the brokers"
		if os.Getenv("CI") != "" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	c := &cluster{t: t, dir: directory(t, "brokers"), port: freePorts(t, 6)}
	t.Cleanup(func() { must(t, c.run(context.WithoutCancel(t.Context()), "kill")) })
	must(t, c.run(t.Context(), "start"))
	for n := range 3 {
		c.addresses = append(c.addresses, fmt.Sprintf("127.0.0.1:%d", c.port+2*n))
	}
	var err error
	c.client, err = kgo.NewClient(kgo.SeedBrokers(c.addresses...), kgo.RequestTimeoutOverhead(2*time.Second),
		kgo.RequestRetries(3), kgo.DialTimeout(time.Second))
	must(t, err)
	t.Cleanup(c.client.Close)
	return c
}

// freePorts finds so many in a row that nobody listens at. Runs at the same time begin
// to look at different places.
func freePorts(t *testing.T, count int) (first int) {
	t.Helper()
	const places = 160
	for place := range places {
		base, free := 21_000+(os.Getpid()+place)%places*count, true
		for n := range count {
			listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", base+n))
			if free = err == nil; !free {
				break
			}
			must(t, listener.Close())
		}
		if free {
			return base
		}
	}
	t.Fatal("no free ports from 21,000 to 22,000")
	return 0
}

// run runs a verb of cluster.sh on the nodes, or on all.
func (c *cluster) run(ctx context.Context, verb string, nodes ...int) error {
	arguments := []string{verb, c.dir}
	for _, n := range nodes {
		arguments = append(arguments, strconv.Itoa(n))
	}
	if verb == "start" {
		arguments = append(arguments, properties...)
	}
	cmd := exec.CommandContext(ctx, filepath.Join("..", "kafka", "cluster.sh"), arguments...)
	cmd.Env = append(os.Environ(), "KAFKA_JAVA=-XX:+UseSerialGC -XX:TieredStopAtLevel=1", "CLUSTER_PORT="+strconv.Itoa(c.port))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cluster.sh %s %v: %w: %s", verb, nodes, err, out)
	}
	return nil
}

// held says which command partitions each member of a group has, by its client id;
// nil when the group is between two assignments or its coordinator is away.
func (c *cluster) held(ctx context.Context, group string) map[string][]checker.Partition {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = []string{group}
	res, err := req.RequestWith(ctx, c.client)
	if err != nil || len(res.Groups) != 1 || res.Groups[0].State != "Stable" {
		return nil
	}
	all := map[string][]checker.Partition{}
	for _, m := range res.Groups[0].Members {
		var a kmsg.ConsumerMemberAssignment
		if a.ReadFrom(m.MemberAssignment) != nil {
			continue
		}
		name := m.ClientID[:max(0, strings.LastIndex(m.ClientID, "-"))] // the rest is drawn by the member
		for _, topic := range a.Topics {
			for _, p := range topic.Partitions {
				all[name] = append(all[name], checker.Partition{Topic: topic.Topic, Partition: p})
			}
		}
	}
	return all
}

// awaitLeaders waits until every partition of the topics has a leader and two replicas
// in sync, so that everything can be written and read.
func (c *cluster) awaitLeaders(ctx context.Context, names topics.Config) error {
	req := kmsg.NewPtrMetadataRequest()
	for _, name := range append(names.Commands(), names.Attempts(), names.DeadLetter()) {
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = kmsg.StringPtr(name)
		req.Topics = append(req.Topics, topic)
	}
	for {
		if res, err := req.RequestWith(ctx, c.client); err == nil && led(res) {
			return nil
		}
		if err := wait(ctx, 200*time.Millisecond); err != nil {
			return fmt.Errorf("waiting for leaders: %w", err)
		}
	}
}

func led(res *kmsg.MetadataResponse) bool {
	for _, topic := range res.Topics {
		for _, p := range topic.Partitions {
			if p.ErrorCode != 0 || p.Leader < 0 || len(p.ISR) < 2 {
				return false
			}
		}
	}
	return true
}
