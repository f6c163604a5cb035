package consumers

import (
	"testing"
	"time"

	"bankprocessor/internal/kafka"
)

// One partition's refusal is not the others'.
func TestWhatWasTakenBesideARefusalIsNotCommittedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(2)
		newRig(t, Config{}, f, newJournal())
		after(time.Second)
		var refused kafka.TopicPartition
		call := -1
		f.set(func() {
			f.refuse = func(n int, c kafka.Commit) error {
				if both := f.commits[n].commits; call < 0 && len(both) == 2 {
					call, refused = n, both[0].TopicPartition
				}
				if n == call && c.TopicPartition == refused {
					return errNetwork
				}
				return nil
			}
		})
		f.publish(part0, keys(3)...)
		f.publish(topicPartition(1), keys(3)...)
		after(2 * time.Second)
		if call < 0 {
			t.Fatal("no request had two commits")
		}
		again := f.commitCalls()[call+1].commits
		if len(again) != 1 || again[0].TopicPartition != refused {
			t.Errorf("after %s was refused, %v was committed", refused, again)
		}
	})
}
