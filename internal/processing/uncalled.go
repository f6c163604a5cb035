package processing

import (
	"slices"
	"sync"

	"bankprocessor/internal/command"
)

// uncalled keeps the request ids of attempts whose calls this process has certainly
// not made, and whose withdrawal it could not store: a broker that went away may have
// stored the attempt all the same. Should the command come back to this process, it
// knows better than the log. Another owner knows nothing of it, and doubts.
type uncalled struct {
	mu  sync.Mutex
	ids map[string]struct{}
}

// maxUncalled bounds what is kept; an outage of the brokers leaves at most what was
// under way.
const maxUncalled = 10_000

func (u *uncalled) keep(requestID string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ids == nil || len(u.ids) >= maxUncalled {
		u.ids = map[string]struct{}{}
	}
	u.ids[requestID] = struct{}{}
}

// without returns those of the attempts whose calls may have been made. The slice is
// the caller's own.
func (u *uncalled) without(attempts []command.Attempt) []command.Attempt {
	if len(attempts) == 0 {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(attempts), func(a command.Attempt) bool {
		_, ok := u.ids[a.ChannelRequestID]
		return ok
	})
}
