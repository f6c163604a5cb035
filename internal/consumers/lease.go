package consumers

import (
	"sync/atomic"
	"time"
)

// lease is the proof that the group still counts this member in: the moment at
// which the last acknowledged commit was sent. It outlives sessions.
type lease struct {
	acked atomic.Int64 // Unix nanoseconds, 0 for never
}

func (l *lease) renew(sent time.Time) { l.acked.Store(sent.UnixNano()) }

func (l *lease) last() time.Time {
	if n := l.acked.Load(); n != 0 {
		return time.Unix(0, n)
	}
	return time.Time{}
}
