package producers

import (
	"context"
	"time"

	"bankprocessor/internal/kafka"
)

// lookUp is what is known of a topic's leaders.
type lookUp struct {
	topic   string
	leaders map[kafka.TopicPartition]int32
	err     error
}

// resolve asks for the leaders of every unresolved topic, whenever there is one,
// until ctx ends.
func (b *Batcher) resolve(ctx context.Context) {
	for {
		select {
		case <-b.unknown:
		case <-ctx.Done():
			return
		}
		b.mu.Lock()
		found := make([]lookUp, 0, len(b.unresolved))
		for topic := range b.unresolved {
			found = append(found, lookUp{topic: topic})
		}
		b.mu.Unlock()
		for i := range found {
			found[i].leaders, found[i].err = b.cluster.Leaders(ctx, found[i].topic)
		}
		if b.place(ctx, found) {
			b.cluster.RefreshMetadata()
		}
	}
}

// place puts the queues of those topics where they belong, and says whether what is
// known of leaders may be out of date.
func (b *Batcher) place(ctx context.Context, found []lookUp) (refresh bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return false
	}
	now := time.Now()
	for _, topic := range found {
		queues := b.unresolved[topic.topic]
		delete(b.unresolved, topic.topic)
		for _, q := range queues {
			q.placed = false
			err := topic.err
			leader, known := topic.leaders[q.tp]
			if err == nil && (!known || leader == noLeader) {
				refresh, err = true, errNoLeader
			}
			if err != nil {
				b.failed(q, err)
				b.sleep(q, now)
				continue
			}
			q.leader = leader
			b.open(ctx, leader)
			b.enqueue(q)
		}
	}
	return refresh
}
