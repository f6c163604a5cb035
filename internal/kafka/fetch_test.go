package kafka

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/produce"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fetchOne fetches one partition once.
func fetchOne(t *testing.T, client *Client, tp TopicPartition, offset int64) Fetched {
	t.Helper()
	fetched, err := client.Fetch(testContext(t), []FetchPartition{{tp, offset, 1 << 20}}, 100*time.Millisecond, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return fetched[0]
}

// values fetches from offset to the last stable offset and returns the values.
func values(t *testing.T, client *Client, tp TopicPartition, offset int64) []string {
	t.Helper()
	var got []string
	for {
		f := fetchOne(t, client, tp, offset)
		if f.Err != nil {
			t.Fatal(f.Err)
		}
		for _, r := range f.Records {
			got = append(got, string(r.Value))
		}
		if offset = f.Next; offset >= f.LastStableOffset {
			return got
		}
	}
}

func mustProduce(t *testing.T, client *Client, tp TopicPartition, values ...string) {
	t.Helper()
	var records []Record
	for _, v := range values {
		records = append(records, Record{Key: []byte("k"), Value: []byte(v)})
	}
	produced, err := client.Produce(testContext(t), []ProducePartition{{TopicPartition: tp, Records: records}}, time.Second)
	if err != nil || produced[0].Err != nil {
		t.Fatal(err, produced)
	}
}

func franz(t *testing.T, cluster *kfake.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestEveryCompressionIsRead(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 1, "a")
	tp := TopicPartition{"a", 0}
	var want []string
	for name, codec := range map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	} {
		value := name + string(bytes.Repeat([]byte("x"), 5000))
		producer := franz(t, cluster, kgo.ProducerBatchCompression(codec))
		if err := producer.ProduceSync(testContext(t), &kgo.Record{Topic: "a", Value: []byte(value)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		want = append(want, value)
	}
	// kafka-go frames snappy as Java's library does.
	for _, attributes := range []protocol.Attributes{protocol.Snappy, protocol.Lz4, protocol.Gzip, protocol.Zstd} {
		value := "framed" + attributes.String() + string(bytes.Repeat([]byte("y"), 100_000))
		_, err := client.transport.RoundTrip(testContext(t), client.addr, &produce.Request{
			Acks: -1, Timeout: 1000,
			Topics: []produce.RequestTopic{{Topic: "a", Partitions: []produce.RequestPartition{{
				RecordSet: protocol.RecordSet{Attributes: attributes, Records: protocol.NewRecordReader(
					protocol.Record{Value: protocol.NewBytes([]byte(value))})},
			}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, value)
	}
	if got := values(t, client, tp, 0); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %d values", len(got))
	}
}

func TestARecordFarAboveMaxBytesIsRead(t *testing.T) {
	t.Parallel()
	_, client := setup(t, 1, "a")
	tp := TopicPartition{"a", 0}
	large := bytes.Repeat([]byte("0123456789abcdef"), 20<<20/16)
	mustProduce(t, client, tp, "before", string(large), "after")
	got := values(t, client, tp, 0)
	if len(got) != 3 || got[1] != string(large) || got[2] != "after" {
		t.Errorf("got %d values", len(got))
	}
}

// A broker promises a whole batch only to the first partition with data.
func TestALargeRecordIsNotStarvedByABusyPartition(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 2, "a")
	for p := range int32(2) {
		if err := cluster.MoveTopicPartition("a", p, 0); err != nil {
			t.Fatal(err)
		}
	}
	mustProduce(t, client, TopicPartition{"a", 0}, "small")
	mustProduce(t, client, TopicPartition{"a", 1}, string(bytes.Repeat([]byte("x"), 1<<20)))
	for range 64 {
		fetched, err := client.Fetch(testContext(t), []FetchPartition{
			{TopicPartition{"a", 0}, 0, 1000}, {TopicPartition{"a", 1}, 0, 1000},
		}, time.Second, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(fetched[1].Records) == 1 {
			return
		}
	}
	t.Error("the large record never came")
}

func TestRecordsBelowTheAskedOffsetAreLeftOut(t *testing.T) {
	t.Parallel()
	_, client := setup(t, 1, "a")
	tp := TopicPartition{"a", 0}
	mustProduce(t, client, tp, "0", "1", "2", "3") // one batch
	if got := values(t, client, tp, 2); fmt.Sprint(got) != "[2 3]" {
		t.Errorf("got %v", got)
	}
	f := fetchOne(t, client, tp, 4)
	if f.Err != nil || f.Next != 4 || len(f.Records) != 0 {
		t.Errorf("got %+v", f)
	}
}

func TestAnOffsetThatIsGoneIsOutOfRange(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 1, "a")
	tp := TopicPartition{"a", 0}
	for _, v := range []string{"0", "1", "2"} {
		mustProduce(t, client, tp, v)
	}
	if err := cluster.DeleteRecords("a", 0, 2); err != nil {
		t.Fatal(err)
	}
	for _, offset := range []int64{0, 9} {
		if f := fetchOne(t, client, tp, offset); Class(f.Err) != ClassOutOfRange || f.Next != offset {
			t.Errorf("at %d: got %+v", offset, f)
		}
	}
	ranges, err := client.LogRange(testContext(t), []TopicPartition{tp})
	if err != nil || ranges[tp] != (Range{2, 3}) {
		t.Errorf("got %v, %v", ranges, err)
	}
}

// Compaction takes records out of the middle and off the end of a batch; the
// offsets stay.
func TestCompactedOffsetsArePassed(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 1)
	compact := "compact"
	if err := cluster.CreateTopic("c", 1, map[string]string{"cleanup.policy": compact}); err != nil {
		t.Fatal(err)
	}
	tp := TopicPartition{"c", 0}
	first := []Record{{Key: []byte("a"), Value: []byte("0")}, {Key: []byte("b"), Value: []byte("1")}, {Key: []byte("a"), Value: []byte("2")}}
	for _, batch := range [][]Record{first, {{Key: []byte("a"), Value: []byte("3")}}, {{Key: []byte("z"), Value: []byte("4")}}} {
		if produced, err := client.Produce(testContext(t), []ProducePartition{{TopicPartition: tp, Records: batch}}, time.Second); err != nil || produced[0].Err != nil {
			t.Fatal(err, produced)
		}
	}
	cluster.Compact()
	if got := values(t, client, tp, 0); fmt.Sprint(got) != "[1 3 4]" {
		t.Errorf("got %v", got)
	}
	if f := fetchOne(t, client, tp, 2); f.Err != nil || f.Next != 5 {
		t.Errorf("got %+v", f)
	}
}

func TestAMovedLeaderIsFoundAgain(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 1, "a")
	ctx := testContext(t)
	tp := TopicPartition{"a", 0}
	mustProduce(t, client, tp, "0")
	move := func() {
		next := (cluster.LeaderFor("a", 0) + 1) % 3
		if err := cluster.MoveTopicPartition("a", 0, next); err != nil {
			t.Fatal(err)
		}
	}
	move()
	if f := fetchOne(t, client, tp, 0); Class(f.Err) != ClassLeaderMoved {
		t.Errorf("got %v", f.Err)
	}
	client.RefreshMetadata()
	leaders, err := client.Leaders(ctx, "a")
	if err != nil || leaders[tp] != cluster.LeaderFor("a", 0) {
		t.Fatalf("got %v, %v", leaders, err)
	}
	if f := fetchOne(t, client, tp, 0); f.Err != nil || len(f.Records) != 1 {
		t.Errorf("got %+v", f)
	}
	forgetRefresh(client)
	move()
	produced, err := client.Produce(ctx, []ProducePartition{{TopicPartition: tp, Records: []Record{{Value: []byte("1")}}}}, time.Second)
	if err != nil || Class(produced[0].Err) != ClassLeaderMoved {
		t.Errorf("got %v, %v", produced, err)
	}
	client.RefreshMetadata()
	mustProduce(t, client, tp, "1")
}

func TestPartitionsOfDifferentLeadersAreRefused(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 2, "a")
	for p := range int32(2) {
		if err := cluster.MoveTopicPartition("a", p, p); err != nil {
			t.Fatal(err)
		}
	}
	_, err := client.Fetch(testContext(t), []FetchPartition{
		{TopicPartition{"a", 0}, 0, 1000}, {TopicPartition{"a", 1}, 0, 1000},
	}, time.Second, 1000)
	if Class(err) != ClassLeaderMoved {
		t.Errorf("got %v", err)
	}
}

func TestOnePartitionsErrorLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 2, "a")
	for p := range int32(2) {
		if err := cluster.MoveTopicPartition("a", p, 0); err != nil {
			t.Fatal(err)
		}
	}
	mustProduce(t, client, TopicPartition{"a", 0}, "v")
	mustProduce(t, client, TopicPartition{"a", 1}, "v")
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "a", Partitions: []int32{1}, Err: kerr.KafkaStorageError})
	fetched, err := client.Fetch(testContext(t), []FetchPartition{
		{TopicPartition{"a", 0}, 0, 1000}, {TopicPartition{"a", 1}, 0, 1000},
	}, time.Second, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if fetched[0].Err != nil || len(fetched[0].Records) != 1 || Class(fetched[1].Err) != ClassLeaderMoved {
		t.Errorf("got %+v", fetched)
	}
}

func TestAnUnreachableClusterSaysSo(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 1, "a")
	addrs := cluster.ListenAddrs()
	ctx := testContext(t)
	if err := client.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	cluster.Close()
	err := client.Ping(ctx)
	if Class(err) != ClassRetriable {
		t.Errorf("got class %v of %v", Class(err), err)
	}
	for _, addr := range addrs {
		if !bytes.Contains([]byte(fmt.Sprint(err)), []byte(addr)) {
			t.Errorf("%s is not named in %v", addr, err)
		}
	}
	// This client never heard of the topic, and still it is no unknown topic.
	client, err = New(Config{Brokers: addrs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	_, err = client.Fetch(ctx, []FetchPartition{{TopicPartition{"a", 0}, 0, 1000}}, time.Second, 1000)
	if Class(err) != ClassRetriable {
		t.Errorf("got class %v of %v", Class(err), err)
	}
	if _, err = client.Leaders(ctx, "a"); Class(err) != ClassRetriable || errors.Is(err, ErrUnknownTopic) {
		t.Errorf("got class %v of %v", Class(err), err)
	}
}

func TestAClosedClientAnswersSo(t *testing.T) {
	t.Parallel()
	_, client := setup(t, 1, "a")
	client.Close()
	client.Close()
	if _, err := client.Leaders(testContext(t), "a"); Class(err) != ClassCanceled {
		t.Errorf("got %v", err)
	}
}
