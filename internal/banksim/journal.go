package banksim

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Call is one call of a method that the bank received. It holds no personal data.
type Call struct {
	Seq    uint64    `json:"seq"` // from 1, in order of arrival
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	// Key is the ordering key as the bank sees it: company|dealer, company (of
	// results queries), the application number, or the ChannelSessionId of
	// customer calls.
	Key              string `json:"key,omitempty"`
	Dealer           string `json:"dealer,omitempty"`
	InvoiceNumber    string `json:"invoiceNumber,omitempty"`
	Operation        string `json:"operation,omitempty"` // I, U, D
	ChannelSessionID string `json:"channelSessionId,omitempty"`
	ChannelRequestID string `json:"channelRequestId,omitempty"`
	Traceparent      string `json:"traceparent,omitempty"`
	// Overlaps says that another call of the same method and key had not been answered
	// when this one came.
	Overlaps bool `json:"overlaps,omitempty"`

	// Done says that the bank has finished with the call; the fields below are
	// empty until then, Faults excepted.
	Done bool `json:"done"`
	// Code is ErrorCode, ResultCode, Header.StatusCode, "State n" of customer
	// calls or "Error n" of an Error envelope.
	Code       string   `json:"code,omitempty"`
	HTTPStatus int      `json:"httpStatus,omitempty"` // 0 when no answer was sent
	Applied    bool     `json:"applied"`              // the call changed the ledger
	AnswerLost bool     `json:"answerLost"`           // no answer, or only part of one, was sent
	Faults     []string `json:"faults,omitempty"`     // ids of the faults that struck
}

const journalChunk = 1024

// journal is an append-only list of calls in chunks; the oldest chunk goes when
// the capacity is reached. Every step is O(1) but for reading.
type journal struct {
	writer   *ledgerWriter
	mu       sync.Mutex
	capacity int
	chunks   [][]Call
	first    uint64 // sequence number of chunks[0][0]
	next     uint64
	inFlight map[inFlightKey]int
	waiters  map[*waiter]struct{}
}

type inFlightKey struct{ method, key string }

type waiter struct {
	finished bool // counts finished calls, else arrivals
	match    func(Call) bool
	missing  int
	found    []Call
	done     chan struct{}
}

func newJournal(capacity int, writer *ledgerWriter) *journal {
	return &journal{writer: writer, capacity: capacity, first: 1, next: 1, inFlight: map[inFlightKey]int{}, waiters: map[*waiter]struct{}{}}
}

// begin numbers the call and keeps it. plan runs under the journal's lock, so
// that faults strike in order of arrival.
func (j *journal) begin(c *Call, plan func(*Call)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	c.Seq = j.next
	j.next++
	if c.Key != "" {
		key := inFlightKey{c.Method, c.Key}
		c.Overlaps = j.inFlight[key] > 0
		j.inFlight[key]++
	}
	plan(c)
	j.writer.call(EventArrived, c) // under the lock: arrivals stand in order
	if n := len(j.chunks); n == 0 || len(j.chunks[n-1]) == journalChunk {
		if n > 1 && (n-1)*journalChunk >= j.capacity {
			j.first += journalChunk
			j.chunks[0] = nil
			j.chunks = j.chunks[1:]
		}
		j.chunks = append(j.chunks, make([]Call, 0, journalChunk))
	}
	last := &j.chunks[len(j.chunks)-1]
	*last = append(*last, *c)
	j.tell(*c, false)
}

// finish completes the call with what became of it.
func (j *journal) finish(c *Call) {
	j.mu.Lock()
	defer j.mu.Unlock()
	c.Done = true
	if c.Key != "" {
		key := inFlightKey{c.Method, c.Key}
		if j.inFlight[key]--; j.inFlight[key] == 0 {
			delete(j.inFlight, key)
		}
	}
	j.writer.call(EventFinished, c)
	if kept := j.at(c.Seq); kept != nil {
		*kept = *c
	}
	j.tell(*c, true)
}

func (j *journal) at(seq uint64) *Call {
	if seq < j.first || seq >= j.next {
		return nil
	}
	i := seq - j.first
	return &j.chunks[i/journalChunk][i%journalChunk]
}

// since returns the calls with a sequence number over seq that are remembered.
func (j *journal) since(seq uint64) []Call {
	j.mu.Lock()
	defer j.mu.Unlock()
	from := max(seq+1, j.first)
	if from >= j.next {
		return nil
	}
	calls := make([]Call, 0, j.next-from)
	for ; from < j.next; from++ {
		calls = append(calls, *j.at(from))
	}
	return calls
}

func (j *journal) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	// Numbers go on, so that a call of before the reset finds no place.
	j.chunks, j.first = nil, j.next
}

func (j *journal) tell(c Call, finished bool) {
	for w := range j.waiters {
		if w.finished == finished && w.take(c) {
			delete(j.waiters, w)
		}
	}
}

// take counts the call and says whether the waiter has seen enough.
func (w *waiter) take(c Call) bool {
	if w.missing > 0 && (w.match == nil || w.match(c)) {
		w.found = append(w.found, c)
		if w.missing--; w.missing == 0 {
			close(w.done)
		}
	}
	return w.missing == 0
}

func (j *journal) wait(ctx context.Context, n int, finished bool, match func(Call) bool) ([]Call, error) {
	if n <= 0 {
		return nil, nil
	}
	w := &waiter{finished: finished, match: match, missing: n, done: make(chan struct{})}
	j.enlist(w)
	select {
	case <-w.done:
		return w.found, nil
	case <-ctx.Done():
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.waiters, w)
	if w.missing == 0 {
		return w.found, nil
	}
	return w.found, fmt.Errorf("waiting for %d more calls: %w", w.missing, context.Cause(ctx))
}

// enlist shows the waiter what is already there and registers it for the rest.
func (j *journal) enlist(w *waiter) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, chunk := range j.chunks {
		for _, c := range chunk {
			if (c.Done || !w.finished) && w.take(c) {
				return
			}
		}
	}
	j.waiters[w] = struct{}{}
}
