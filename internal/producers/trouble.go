package producers

import (
	"log/slog"
	"time"

	"bankprocessor/internal/kafka"
)

// movedFor is how long a leader may be on the move before that is worth a warning:
// each time brokers restart in turn, leaders move, and are found within milliseconds.
const movedFor = time.Second

// trouble logs that a topic cannot be written, and that it can be again, once
// each.
type trouble struct {
	log    *slog.Logger
	spells map[string]spell // by topic
}

// spell is a time in which a topic cannot be written.
type spell struct {
	since time.Time
	told  bool
}

func newTrouble(log *slog.Logger) trouble { return trouble{log, map[string]spell{}} }

func (t trouble) met(tp kafka.TopicPartition, class kafka.ErrorClass, err error) {
	s, known := t.spells[tp.Topic]
	if !known {
		s.since = time.Now()
	}
	passing := class == kafka.ClassLeaderMoved && time.Since(s.since) < movedFor
	if !s.told && !passing {
		s.told = true
		t.log.Warn("topic cannot be written, records wait",
			"topic", tp.Topic, "partition", tp.Partition, "class", class.String(), "error", err)
	}
	t.spells[tp.Topic] = s
}

func (t trouble) over(topic string) {
	s := t.spells[topic]
	delete(t.spells, topic)
	if s.told {
		t.log.Info("topic is written again", "topic", topic, "waited", time.Since(s.since))
	}
}
