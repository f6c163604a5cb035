package kafka

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// transactor is a transactional producer; the records of the open transaction
// are in pending.
type transactor struct {
	*kgo.Client
	open    bool
	pending []int64
}

func (x *transactor) produce(t *testing.T, ctx context.Context, value string) int64 {
	t.Helper()
	if !x.open {
		if err := x.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		x.open = true
	}
	record := &kgo.Record{Topic: "a", Value: []byte(value)}
	if err := x.ProduceSync(ctx, record).FirstErr(); err != nil {
		t.Fatal(err)
	}
	x.pending = append(x.pending, record.Offset)
	return record.Offset
}

func (x *transactor) end(t *testing.T, ctx context.Context, how kgo.TransactionEndTry) []int64 {
	t.Helper()
	if err := x.EndTransaction(ctx, how); err != nil {
		t.Fatal(err)
	}
	ended := x.pending
	x.open, x.pending = false, nil
	return ended
}

// Several transactional producers and a plain one interleave in one partition.
// Exactly what was committed comes out, in order, whatever the fetch sizes and
// starting offset.
func TestAbortedTransactionsNeverComeOut(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			cluster, client := setup(t, 1, "a")
			ctx := testContext(t)
			random := rand.New(rand.NewPCG(seed, 1))
			plain := franz(t, cluster)
			transactors := make([]*transactor, 3)
			for i := range transactors {
				transactors[i] = &transactor{Client: franz(t, cluster, kgo.TransactionalID(fmt.Sprint("x", i)))}
			}
			committed := map[int64]string{}
			all := map[int64]string{}
			for i := range 60 {
				value := fmt.Sprint("v", i)
				x := transactors[random.IntN(len(transactors))]
				switch random.IntN(6) {
				case 0:
					record := &kgo.Record{Topic: "a", Value: []byte(value)}
					if err := plain.ProduceSync(ctx, record).FirstErr(); err != nil {
						t.Fatal(err)
					}
					committed[record.Offset] = value
				case 1, 2, 3:
					all[x.produce(t, ctx, value)] = value
				case 4:
					x.end(t, ctx, kgo.TryAbort)
				case 5:
					for _, offset := range x.end(t, ctx, kgo.TryCommit) {
						committed[offset] = all[offset]
					}
				}
			}
			for _, x := range transactors {
				x.end(t, ctx, kgo.TryAbort)
			}
			end := cluster.PartitionInfo("a", 0).HighWatermark
			for _, maxBytes := range []int32{1, 300, 1 << 20} {
				for _, from := range []int64{0, end / 2} {
					check(t, client, committed, from, end, maxBytes)
				}
			}
		})
	}
}

func check(t *testing.T, client *Client, want map[int64]string, from, end int64, maxBytes int32) {
	t.Helper()
	var got, expected []string
	for offset := from; offset < end; offset++ {
		if v, ok := want[offset]; ok {
			expected = append(expected, fmt.Sprint(offset, v))
		}
	}
	for offset := from; offset < end; {
		// kfake forgets the aborted list when the request's own bound cuts an
		// answer short, which no real broker does: only the partition's is small.
		fetched, err := client.Fetch(testContext(t), []FetchPartition{{TopicPartition{"a", 0}, offset, maxBytes}}, 0, 1<<20)
		if err != nil || fetched[0].Err != nil {
			t.Fatal(err, fetched)
		}
		if fetched[0].Next <= offset {
			t.Fatalf("stuck at %d of %d", offset, end)
		}
		offset = fetched[0].Next
		for _, r := range fetched[0].Records {
			got = append(got, fmt.Sprint(r.Offset, string(r.Value)))
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(expected) {
		t.Errorf("from %d by %d bytes:\ngot  %v\nwant %v", from, maxBytes, got, expected)
	}
}

func TestAnOpenTransactionIsWaitedFor(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 1, "a")
	ctx := testContext(t)
	x := &transactor{Client: franz(t, cluster, kgo.TransactionalID("x"))}
	tp := TopicPartition{"a", 0}
	mustProduce(t, client, tp, "before")
	x.produce(t, ctx, "inside")
	mustProduce(t, client, tp, "after")
	f := fetchOne(t, client, tp, 0)
	if f.Err != nil || len(f.Records) != 1 || f.Next != 1 || f.LastStableOffset != 1 || f.HighWatermark != 3 {
		t.Errorf("got %+v", f)
	}
	if ranges, err := client.LogRange(ctx, []TopicPartition{tp}); err != nil || ranges[tp].Next != 1 {
		t.Errorf("got %v, %v", ranges, err)
	}
	x.end(t, ctx, kgo.TryCommit)
	if got := fmt.Sprint(values(t, client, tp, 1)); got != "[inside after]" {
		t.Errorf("got %v", got)
	}
}
