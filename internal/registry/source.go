package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"bankprocessor/internal/codec"
)

// The waits between two questions that had no answer, and how often the log says
// that there is none.
const (
	againFirst = 100 * time.Millisecond
	againMost  = 2 * time.Second
	sayAgain   = 30 * time.Second
)

// maxDoubted bounds the ids that are remembered as not known to the registry.
const maxDoubted = 4096

// Observer is told what becomes of questions, for metrics. It must not block.
type Observer interface {
	// Asked: a question has ended with an answer, or with none.
	Asked(answered bool, took time.Duration)
}

// Status is where a Source stands.
type Status struct {
	// Waiting is how many callers wait for an answer.
	Waiting int
	// Away says why they wait; nil when the registry has answered last.
	Away error
}

// Source is a Client's patience: it asks until the registry has answered or the
// caller's context ends, each id once at a time however many commands want it. It
// is safe for concurrent use and owns no goroutine.
type Source struct {
	client   *Client
	observer Observer
	log      *slog.Logger

	mu      sync.Mutex
	asking  map[int32]*question
	doubted map[int32]time.Time // ids not known to the registry, since when
	status  Status
	said    time.Time // when the log last told of the absence
}

// question is one id that is being asked for. Its first caller asks; the others
// wait for done, and one of them asks on when the first one's context has ended.
type question struct {
	done     chan struct{}
	answered bool
	text     string
	err      error
}

// NewSource returns a Source over c.
func NewSource(c *Client, o Observer, log *slog.Logger) *Source {
	return &Source{
		client: c, observer: o, log: log,
		asking: map[int32]*question{}, doubted: map[int32]time.Time{},
	}
}

// Status returns where the Source stands.
func (s *Source) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// Ready says why commands wait for the registry; nil when none does.
func (s *Source) Ready() error {
	if st := s.Status(); st.Waiting > 0 && st.Away != nil {
		return fmt.Errorf("%d wait: %w", st.Waiting, st.Away)
	}
	return nil
}

// WriterSchema returns the Avro schema of an id, whole. Its error is
// codec.ErrUnknownSchema, a *codec.SchemaError, or ctx's end.
func (s *Source) WriterSchema(ctx context.Context, id int32) (string, error) {
	for {
		q, first := s.join(id)
		if first {
			text, err := s.resolve(ctx, id)
			s.leave(id, q, text, err, ctx.Err() == nil)
			return text, err
		}
		select {
		case <-q.done:
			if q.answered {
				return q.text, q.err
			}
		case <-ctx.Done():
			return "", fmt.Errorf("waiting for the schema registry: %w", context.Cause(ctx))
		}
	}
}

func (s *Source) join(id int32) (q *question, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.asking[id]; q != nil {
		return q, false
	}
	q = &question{done: make(chan struct{})}
	s.asking[id] = q
	return q, true
}

func (s *Source) leave(id int32, q *question, text string, err error, answered bool) {
	s.mu.Lock()
	delete(s.asking, id)
	s.mu.Unlock()
	q.text, q.err, q.answered = text, err, answered
	close(q.done)
}

// resolve asks for an id until it is known, or has been unknown for long enough.
func (s *Source) resolve(ctx context.Context, id int32) (text string, err error) {
	err = s.until(ctx, func(ctx context.Context) error {
		text, err = s.client.WriterSchema(ctx, id)
		if mayCome(err) && !s.doubt(id) {
			return errNotYet
		}
		return err
	})
	if err == nil {
		s.trust(id)
	}
	return text, err
}

// mayCome says whether a node lacks what another may have got a moment ago.
func mayCome(err error) bool {
	part, ok := errors.AsType[*codec.SchemaError](err)
	return errors.Is(err, codec.ErrUnknownSchema) || ok && part.Incomplete
}

// errNotYet has a question repeated without the registry being away.
var errNotYet = errors.New("not known yet")

// doubt says whether an id has been unknown for as long as it may be. An id that
// has is not waited for again, though it is still asked for.
func (s *Source) doubt(id int32) (unknown bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	since, before := s.doubted[id]
	if !before {
		if len(s.doubted) >= maxDoubted {
			clear(s.doubted)
		}
		since = time.Now()
		s.doubted[id] = since
	}
	return time.Since(since) >= s.client.cfg.UnknownIDGrace
}

func (s *Source) trust(id int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.doubted, id)
}

// Await calls ask until its error is not the registry's absence, or ctx ends.
func (s *Source) Await(ctx context.Context, ask func(context.Context) error) error {
	return s.until(ctx, ask)
}

func (s *Source) until(ctx context.Context, ask func(context.Context) error) error {
	s.count(1)
	defer s.count(-1)
	for tries := 0; ; tries++ {
		start := time.Now()
		err := ask(ctx)
		if ctx.Err() != nil {
			return fmt.Errorf("waiting for the schema registry: %w", errors.Join(context.Cause(ctx), err))
		}
		s.observer.Asked(!isAway(err), time.Since(start))
		s.tell(err)
		if !isAway(err) && !errors.Is(err, errNotYet) {
			return err
		}
		wait := min(againMost, againFirst<<min(tries, 10))
		timer := time.NewTimer(wait/2 + rand.N(wait/2+1))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("waiting for the schema registry: %w", errors.Join(context.Cause(ctx), err))
		}
	}
}

func (s *Source) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Waiting += n
}

// tell keeps the status, and the log up to date without filling it.
func (s *Source) tell(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !isAway(err) {
		if s.status.Away != nil {
			s.log.Info("the schema registry answers again: commands go on")
		}
		s.status.Away, s.said = nil, time.Time{}
		return
	}
	s.status.Away = err
	if s.said.IsZero() || time.Since(s.said) >= sayAgain {
		s.said = time.Now()
		s.log.Warn("the schema registry is away: what needs it waits, nothing is refused", "waiting", s.status.Waiting, "error", err)
	}
}
