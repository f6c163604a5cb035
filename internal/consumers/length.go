package consumers

import "bankprocessor/internal/kafka"

// tooLong takes in that the broker keeps no text as long as the commit's: its
// offset.metadata.max.bytes is less than Config.MetadataBytes. No text is ever
// shortened for it. The limit of all partitions is lowered below that length, so that
// their intake slows at once; what has been taken in goes on, until what is left to
// say is short enough.
func (c *committer) tooLong(commit kafka.Commit) {
	if !c.long {
		c.long = true
		c.s.log.Error("the brokers keep less with a commit than is configured: the position cannot be committed, and intake slows until it can",
			"topic", commit.Topic, "partition", commit.Partition, "offset", commit.Offset,
			"length", len(commit.Metadata), "intake.metadata_bytes", c.s.cfg.MetadataBytes,
			"action", "set intake.metadata_bytes to the brokers' offset.metadata.max.bytes, or raise that")
	}
	s := c.s.sched
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		if p.tooLong == 0 || len(commit.Metadata) < p.tooLong {
			p.tooLong = len(commit.Metadata)
		}
	}
}

// textLimit is how long the partition's hand-over may get.
func (p *partition) textLimit(cfg *Config) int {
	if p.tooLong > 0 {
		return min(cfg.MetadataBytes, p.tooLong-1)
	}
	return cfg.MetadataBytes
}
