package consumers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"bankprocessor/internal/kafka"
	"bankprocessor/internal/lease"
)

// Deps are a consumer's collaborators. History, Lease, Gate, Observer and Logger may
// be nil.
type Deps struct {
	Cluster Cluster
	// Join returns a new member of the group that has not joined yet.
	Join    func() (Membership, error)
	Handler Handler
	// History is asked before a partition is worked on.
	History History
	// Lease is renewed here and asked elsewhere; nil is one of the consumer's own.
	Lease *lease.Lease
	Gate  Gate
	// Observer and Logger are told what happens.
	Observer Observer
	Logger   *slog.Logger
}

// Consumer takes in the records of some topics as one member of a group.
type Consumer struct {
	cfg      Config
	deps     Deps
	observer Observer
	log      *slog.Logger
	lease    *lease.Lease
	owed     owed
	class    func(error) kafka.ErrorClass // kafka.Class, but for tests

	mu      sync.Mutex
	phase   phase
	session *session
	joinErr error
	started bool
	stop    chan struct{} // closed by the first Stop
	stopped bool
	done    chan struct{} // closed when everything has ended
}

var (
	// ErrStarted is what a second Start returns.
	ErrStarted = errors.New("consumers: started before")
	// ErrStopped is what Start returns once Stop has been called.
	ErrStopped = errors.New("consumers: stopped")
)

// leaveTimeout bounds leaving the group once nothing runs any more. A member that
// could not say goodbye is missed after the session timeout.
const leaveTimeout = time.Second

// New returns a consumer that starts nothing.
func New(cfg Config, d Deps) (*Consumer, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Consumer{
		cfg: cfg, deps: d, observer: d.Observer, log: d.Logger, class: kafka.Class,
		lease: d.Lease, owed: newOwed(), phase: phaseNew, stop: make(chan struct{}), done: make(chan struct{}),
	}
	if c.lease == nil {
		c.lease = lease.New(cfg.Lease)
	}
	if c.deps.History == nil {
		c.deps.History = noHistory{}
	}
	if c.deps.Gate == nil {
		c.deps.Gate = openGate{}
	}
	if c.observer == nil {
		c.observer = NopObserver{}
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// openGate is never shut.
type openGate struct{}

func (openGate) Shut(string) bool { return false }

// Start checks that every topic exists and goes on in the background; it does not
// wait for the group. ctx bounds the check alone, which is repeated while no
// broker can be reached. A missing topic is an error that errors.Is
// kafka.ErrUnknownTopic and names all that are missing; a consumer whose Start has
// failed must still be stopped.
func (c *Consumer) Start(ctx context.Context) error {
	c.mu.Lock()
	switch {
	case c.stopped:
		c.mu.Unlock()
		return ErrStopped
	case c.started:
		c.mu.Unlock()
		return ErrStarted
	}
	c.started = true
	c.phase = phaseJoining
	c.mu.Unlock()

	member, err := c.prepare(ctx)
	if err != nil {
		c.enter(phaseStopped)
		close(c.done)
		return err
	}
	go c.run(context.WithoutCancel(ctx), member)
	return nil
}

// prepare checks the topics and builds the member.
func (c *Consumer) prepare(ctx context.Context) (Membership, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel(nil)
	watch.Go(func() {
		select {
		case <-c.stop:
			cancel(ErrStopped)
		case <-ctx.Done():
		}
	})
	for tries := 0; ; tries++ {
		_, err := c.deps.Cluster.Leaders(ctx, c.cfg.topicNames()...)
		if err == nil {
			return c.deps.Join()
		}
		if !c.class(err).Passing() || errors.Is(err, kafka.ErrUnknownTopic) {
			return nil, fmt.Errorf("checking the topics: %w", errors.Join(context.Cause(ctx), err))
		}
		if tries == 0 {
			c.log.Warn("checking the topics failed: trying on", "error", err)
		}
		if cause := sleep(ctx, backoff(c.cfg.RetryInitial, c.cfg.RetryMax, tries)); cause != nil {
			return nil, fmt.Errorf("checking the topics: %w", errors.Join(cause, err))
		}
	}
}

// Stop drains, commits and leaves the group, and returns when nothing runs any
// more. When ctx ends first it returns ctx's cause and the drain goes on; another
// Stop may wait for it. Stop may come before Start, twice, or meanwhile.
func (c *Consumer) Stop(ctx context.Context) error {
	c.mu.Lock()
	if !c.stopped {
		c.stopped = true
		close(c.stop)
	}
	started := c.started
	if !started {
		c.phase = phaseStopped
	}
	c.mu.Unlock()
	if !started {
		return nil
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stopping consumers: %w", context.Cause(ctx))
	}
}

// run works through the member's generations until Stop.
func (c *Consumer) run(ctx context.Context, member Membership) {
	defer close(c.done)
	defer c.enter(phaseStopped)
	ctx, cancel := context.WithCancelCause(ctx)
	leaving, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	var leave sync.WaitGroup
	leave.Go(func() {
		<-c.stop
		cancel(ErrStopped)
		// It ends the running generation at once and returns after its drain.
		if err := member.Close(leaving); err != nil {
			c.log.Warn("leaving the group failed: it will miss this member after the session timeout", "error", err)
		}
	})
	c.work(ctx, member)
	timer := time.AfterFunc(leaveTimeout, giveUp)
	leave.Wait()
	timer.Stop()
}

func (c *Consumer) work(ctx context.Context, member Membership) {
	for failures := 0; ; {
		generation, err := member.Next(ctx)
		if ctx.Err() != nil && err != nil {
			return
		}
		c.joined(err)
		fenced := false
		if err == nil {
			generation.Run(func(ctx context.Context) { fenced = c.serve(ctx, generation) })
		} else if failures == joinPatience(c.class(err)) {
			c.log.Warn("joining the group failed: trying on", "group", c.cfg.Group, "error", err)
		}
		if ctx.Err() != nil {
			return
		}
		if err == nil && !fenced {
			failures = 0
			continue
		}
		if sleep(ctx, backoff(c.cfg.RetryInitial, c.cfg.RetryMax, failures)) != nil {
			return
		}
		failures++
	}
}

// joinPatience is how many failed joins go before the one that is worth a warning: a
// fresh cluster has no coordinator until it has made the topic of offsets, and one
// that moves is away for a moment.
func joinPatience(class kafka.ErrorClass) int {
	if class == kafka.ClassRetriable {
		return 4
	}
	return 0
}

// serve runs one generation's session.
func (c *Consumer) serve(ctx context.Context, g Generation) (fenced bool) {
	names := g.Partitions()
	s := c.newSession(context.WithoutCancel(ctx), g.Member(), names)
	s.log.Info("generation begins", "partitions", len(names))
	c.mu.Lock()
	c.session = s
	c.mu.Unlock()
	fenced = s.run(ctx)
	c.mu.Lock()
	c.session = nil
	c.mu.Unlock()
	c.enter(phaseJoining)
	s.log.Info("generation ended")
	return fenced
}

func (c *Consumer) enter(p phase) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase = p
}

func (c *Consumer) joined(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.joinErr = err
}
