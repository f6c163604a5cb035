package consumers

import (
	"context"
	"math"
	"time"

	"bankprocessor/internal/kafka"
	"bankprocessor/internal/planted"
)

// unknownPosition is the position of a partition that the group never committed.
const unknownPosition = -1

func newPartition(tp kafka.TopicPartition, t *topic) *partition {
	return &partition{
		tp: tp, topic: t, window: newWindow(0), position: unknownPosition,
		attempts: -1, results: -1, started: -1,
	}
}

// resume places p where its predecessor left it. With an error it is placed at
// the committed offset and nothing above counts as done.
func (p *partition) resume(c kafka.Commit) error {
	p.place(c.Offset)
	p.doubtUntil = math.MaxInt64
	if c.Metadata == "" {
		return nil
	}
	h, err := decodeHandover(c.Metadata, c.Offset)
	if err != nil {
		return err
	}
	p.id, p.inherited, p.attempts, p.results = h.Topic, h.Done, h.Attempts, h.Results
	if planted.Off(planted.DoneMap) {
		p.inherited = nil
	}
	if h.Clean {
		p.doubtUntil = 0
	}
	return nil
}

// place begins p at offset.
func (p *partition) place(offset int64) {
	p.window, p.position, p.covered, p.dirty = newWindow(offset), offset, offset, true
}

// told is what the group is to be told of a partition.
type told struct {
	tp kafka.TopicPartition
	handover
}

// tell is what the group is to be told of p now.
func (p *partition) tell(past History, clean bool) told {
	p.lookBack(past)
	return told{p.tp, p.handover(clean)}
}

// reposition sets the position of partitions that have none, or one that is not in
// the log.
func (l *fetchLoop) reposition(ctx context.Context, parts []*partition) {
	s := l.f.s
	names := make([]kafka.TopicPartition, len(parts))
	for i, p := range parts {
		names[i] = p.tp
	}
	ranges, err := s.cluster.LogRange(ctx, names)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		l.failed(parts, err)
		return
	}
	ids, err := s.cluster.TopicIDs(ctx, s.cfg.topicNames()...)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		l.failed(parts, err)
		return
	}
	s.identify(ids)
	for _, p := range parts {
		s.seek(p, ranges[p.tp])
	}
	notify(s.takeover.wake)
}

// seek moves p's position into the log's range, as Config.Reset says.
func (s *session) seek(p *partition, log kafka.Range) {
	to := log.First
	if s.cfg.Reset == Latest {
		to = log.Next
	}
	s.sched.mu.Lock()
	if p.gone || p.anew {
		s.sched.mu.Unlock()
		return
	}
	from, wasStopped := p.position, p.stopped
	lost := to - from - p.inherited.count(from, to)
	switch {
	case from == unknownPosition && s.cfg.Reset != Stop:
		p.place(to)
		p.stopped = false
	case from >= log.First && from <= log.Next:
		p.stopped = false // the log has moved meanwhile
		p.retryAt = time.Now().Add(s.cfg.RetryInitial)
	case from > log.Next || s.cfg.Reset == Stop:
		p.stopped = true
		p.retryAt = time.Now().Add(s.cfg.RetryMax)
	default:
		p.position, p.covered, p.dirty = to, max(p.covered, to), true
		p.stopped = false
		s.sched.admit(p) // covers the gap once the backlog is in
	}
	stopped := p.stopped
	s.sched.mu.Unlock()

	attrs := []any{
		"topic", p.tp.Topic, "partition", p.tp.Partition,
		"position", from, "log_start", log.First, "log_end", log.Next,
	}
	switch {
	case stopped && !wasStopped:
		s.log.Error("position is not in the log: reading nothing from the partition until it is", attrs...)
	case from != unknownPosition && from < log.First && !stopped:
		s.log.Error("records were deleted before they were read: going on behind them",
			append(attrs, "lost", lost, "position_now", to)...)
		s.observer.Lost(p.tp, lost)
	}
}
