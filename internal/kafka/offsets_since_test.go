package kafka

import (
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestOffsetsSinceGoByTheRecordsTimes(t *testing.T) {
	t.Parallel()
	_, client := setup(t, 1, "a")
	ctx := testContext(t)
	tp := TopicPartition{"a", 0}
	first := time.UnixMilli(1_700_000_000_000)
	for i := range 3 {
		r := Record{Value: []byte("v"), Time: first.Add(time.Duration(i) * time.Minute)}
		stored, err := client.Produce(ctx, []ProducePartition{{TopicPartition: tp, Records: []Record{r}}}, time.Second)
		if err != nil || stored[0].Err != nil {
			t.Fatal(err, stored)
		}
	}
	for at, want := range map[time.Time]int64{
		{}: 0, first: 0, first.Add(time.Millisecond): 1, first.Add(2 * time.Minute): 2, first.Add(3 * time.Minute): -1,
	} {
		got, err := client.OffsetsSince(ctx, []TopicPartition{tp}, at)
		if err != nil || got[tp] != want {
			t.Errorf("since %s: got %d, %v, want %d", at, got[tp], err, want)
		}
	}
}

// One of several brokers has closed the connection: kafka-go answers for it with Unknown.
func TestOffsetsAreAskedForAgainWhereABrokerCouldNotBe(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 3, "a")
	closed := 0
	cluster.ControlKey(int16(kmsg.ListOffsets), func(kmsg.Request) (kmsg.Response, error, bool) {
		closed++
		return nil, errors.New("closed"), true
	})
	parts := []TopicPartition{{"a", 0}, {"a", 1}, {"a", 2}}
	got, err := client.OffsetsSince(testContext(t), parts, time.Now())
	if err != nil || len(got) != len(parts) || closed == 0 {
		t.Errorf("got %v, %v after %d were closed", got, err, closed)
	}
}
