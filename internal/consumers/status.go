package consumers

import (
	"time"

	"bankprocessor/internal/kafka"
)

// phase is where a consumer's life stands.
type phase string

const (
	phaseNew      phase = "new"
	phaseJoining  phase = "joining"
	phaseRunning  phase = "running"
	phaseDraining phase = "draining"
	phaseStopped  phase = "stopped"
)

// Status is a consumer's state at one moment, for health, metrics and the
// console.
type Status struct {
	// Phase is new, joining, running, draining or stopped.
	Phase string
	// Generation is the group generation that is worked on, 0 while there is none.
	Generation int32
	// LastAck is when the last acknowledged commit was sent; zero before any.
	LastAck time.Time
	// LastError says why joining fails; empty while it does not.
	LastError  string
	Topics     []TopicStatus
	Partitions []PartitionStatus
}

// TopicStatus is one topic's state.
type TopicStatus struct {
	Topic    string
	InFlight int  // running handlers
	Shut     bool // its gate is
}

// PartitionStatus is one assigned partition's state.
type PartitionStatus struct {
	kafka.TopicPartition
	Committed     int64 // everything below is done; -1 before it is known
	Position      int64 // the next offset to fetch; -1 before it is known
	HighWatermark int64 // as of the last fetch
	Lag           int64 // offsets that are published and not done, at most
	Buffered      int   // records that run or wait to
	// Oldest is when the oldest record was published that has been fetched and is not
	// done; zero where there is none.
	Oldest time.Time
	Paused string
}

// Status returns the consumer's state.
func (c *Consumer) Status() Status {
	c.mu.Lock()
	st := Status{Phase: string(c.phase), LastAck: c.lease.Last()}
	if c.joinErr != nil {
		st.LastError = c.joinErr.Error()
	}
	session := c.session
	c.mu.Unlock()
	if session != nil {
		st.Generation = session.member.GenerationID
		session.sched.describe(&st)
	}
	return st
}

// LastAck is when the last acknowledged commit was sent: the group counted the
// member in at that moment. It is zero before any.
func (c *Consumer) LastAck() time.Time { return c.lease.Last() }

func (s *scheduler) describe(st *Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.topics {
		st.Topics = append(st.Topics, TopicStatus{Topic: t.name, InFlight: t.running, Shut: t.shut})
	}
	for _, p := range s.parts {
		ps := PartitionStatus{
			TopicPartition: p.tp, Committed: unknownPosition, Position: p.position,
			HighWatermark: p.highWatermark, Buffered: p.window.pending + len(p.backlog),
			Oldest: p.oldest(), Paused: string(s.pauseOf(p)),
		}
		if p.position >= 0 {
			ps.Committed = p.window.committed()
			ps.Lag = max(0, p.highWatermark-ps.Committed)
		}
		st.Partitions = append(st.Partitions, ps)
	}
}
