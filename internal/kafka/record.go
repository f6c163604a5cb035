package kafka

import (
	"fmt"
	"time"
)

// Record is one record of a topic. Key is nil when absent, Value nil for a
// tombstone.
type Record struct {
	Topic     string
	Partition int32
	Offset    int64
	Time      time.Time
	Key       []byte
	Value     []byte
	Headers   []Header
}

// Header is one record header. Names may repeat; order is kept. It is an alias, and
// so is command.Header: the two are one type.
type Header = struct {
	Key   string
	Value []byte
}

// TopicPartition names one partition.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// String writes "topic/partition".
func (tp TopicPartition) String() string { return fmt.Sprintf("%s/%d", tp.Topic, tp.Partition) }
