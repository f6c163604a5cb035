package kafka

import (
	"testing"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"
)

// The vectors of Java's own UtilsTest.testMurmur2.
func TestMurmur2IsJavas(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int32{
		"21":                         -973932308,
		"foobar":                     -790332482,
		"a-little-bit-long-string":   -985981536,
		"a-little-bit-longer-string": -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
		"abc": 479470107,
	} {
		if got := int32(murmur2([]byte(in))); got != want {
			t.Errorf("%q: got %d, want %d", in, got, want)
		}
	}
}

func TestThePartitionIsTheOneOtherClientsTake(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 0, 64).Draw(t, "key")
		n := rapid.IntRange(1, 100).Draw(t, "partitions")
		ids := make([]int, n)
		for i := range ids {
			ids[i] = i
		}
		got := int(PartitionOf(key, int32(n)))
		if want := (kafkago.Murmur2Balancer{Consistent: true}).Balance(kafkago.Message{Key: key}, ids...); got != want {
			t.Errorf("kafka-go takes %d, we %d", want, got)
		}
		franz := kgo.StickyKeyPartitioner(nil).ForTopic("")
		if want := franz.Partition(&kgo.Record{Key: key}, n); len(key) > 0 && got != want {
			t.Errorf("franz-go takes %d, we %d", want, got)
		}
	})
}
