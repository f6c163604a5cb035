package processing

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"bankprocessor/internal/command"
)

// finished is what came of a command: its outcome and its dead letter, either of
// which may be nil.
type finished struct {
	outcome  *command.Outcome
	letter   *command.DeadLetter
	received time.Time
	// completed is when it was first to be published.
	completed time.Time
	// traceparent is the event's, once it has one.
	traceparent string
	// known are the request ids of the attempts that it takes into account.
	known []string
}

// knows says whether it takes all of those attempts into account. What another
// owner has attempted meanwhile may have made it untrue.
func (f finished) knows(attempts []command.Attempt) bool {
	for i := range attempts {
		if !slices.Contains(f.known, attempts[i].ChannelRequestID) {
			return false
		}
	}
	return true
}

// unstored keeps what came of commands whose partition was wanted back before it
// could be stored. Should the partition come back, that is published, unless the
// history knows better: another owner knows nothing of it.
type unstored struct {
	some atomic.Bool // false while nothing has ever been kept
	mu   sync.Mutex
	byAt map[place]kept
}

// kept is what came of the record with that value.
type kept struct {
	finished
	value []byte
}

// place is where a command's record stands.
type place struct {
	topic     string
	partition int32
	offset    int64
}

// maxUnstored bounds what is kept; an outage of the broker leaves at most what was
// under way.
const maxUnstored = 10_000

func placeOf(m *command.Message) place { return place{m.Topic, m.Partition, m.Offset} }

func (u *unstored) keep(m *command.Message, f finished) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.byAt == nil || len(u.byAt) >= maxUnstored {
		u.byAt = map[place]kept{}
	}
	u.byAt[placeOf(m)] = kept{f, m.Value}
	u.some.Store(true)
}

// take returns and forgets what is kept of m. A topic that was made anew may have
// another record in its place: nothing is kept of that one.
func (u *unstored) take(m *command.Message) (f finished, ok bool) {
	if !u.some.Load() {
		return f, false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	k, ok := u.byAt[placeOf(m)]
	delete(u.byAt, placeOf(m))
	return k.finished, ok && bytes.Equal(k.value, m.Value)
}

// has says whether anything is kept of m.
func (u *unstored) has(m *command.Message) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	k, ok := u.byAt[placeOf(m)]
	return ok && bytes.Equal(k.value, m.Value)
}
