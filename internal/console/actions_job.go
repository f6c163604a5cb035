package console

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"bankprocessor/internal/deadletters"
)

const (
	// planLife is how long a dry run may be carried out: what it has shown grows old.
	planLife = 10 * time.Minute
	// maxPlans bounds the dry runs that wait, for they hold the commands.
	maxPlans = 4
	// maxRefusals bounds what a job remembers of steps that were refused as it went.
	maxRefusals = 50
)

var errStopped = errors.New("an operator has stopped it")

// jobs are the dry runs that wait for a word, and the one order that is carried out. The
// order does not need its browser. It is safe for concurrent use.
type jobs struct {
	now func() time.Time

	mu      sync.Mutex
	plans   []*kept // oldest first
	current *job    // the last one, running or over; nil before
	closed  bool
}

// kept is a plan that was shown.
type kept struct {
	id, operator string
	plan         *deadletters.Plan
	order        deadletters.Order
	replays      int
	made         time.Time
}

// job is an order that is carried out.
type job struct {
	id, operator, why string
	rate              float64
	began             time.Time
	cancel            context.CancelCauseFunc
	ended             chan struct{}
	now               func() time.Time

	mu       sync.Mutex
	progress deadletters.Progress
	refusals []deadletters.Step
	over     time.Time // zero while it runs
	err      error
}

// jobState is how a job stands. Its zero value says that there was none.
type jobState struct {
	Job, Operator, Why string
	Began, Ended       time.Time
	Running, Over      bool
	Stopped            bool
	Err                string
	Progress           deadletters.Progress
	Refusals           []deadletters.Step
}

// keep holds a plan until it is started, for at most planLife.
func (j *jobs) keep(p *deadletters.Plan, o deadletters.Order, operator string, replays int) (id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.forgetOld()
	if len(j.plans) == maxPlans {
		j.plans = j.plans[1:]
	}
	k := &kept{randomText(), operator, p, o, replays, j.now()}
	j.plans = append(j.plans, k)
	return k.id
}

func (j *jobs) forgetOld() {
	for len(j.plans) > 0 && j.now().Sub(j.plans[0].made) > planLife {
		j.plans = j.plans[1:]
	}
}

type replayer func(context.Context, *deadletters.Plan, func(deadletters.Progress)) (deadletters.Progress, error)

// start carries a kept plan out, or says why not.
func (j *jobs) start(id, operator string, replay replayer) (*job, string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.forgetOld()
	if j.closed {
		return nil, "The processor is stopping: order it again on another one, or once it is back."
	}
	if j.current != nil && j.current.state().Running {
		return nil, "Another order is being carried out: its progress is at " + progressPage + ". Wait for its end, or stop it."
	}
	for i, k := range j.plans {
		if k.id != id || k.operator != operator {
			continue
		}
		j.plans = append(j.plans[:i:i], j.plans[i+1:]...)
		j.current = j.run(k, replay)
		return j.current, ""
	}
	return nil, "This dry run is older than 10 minutes, or was carried out already, or this processor has been restarted: nothing was sent by this click. Order it again: what was sent before is not sent twice."
}

func (j *jobs) run(k *kept, replay replayer) *job {
	ctx, cancel := context.WithCancelCause(context.Background())
	one := &job{
		id: k.plan.Job, operator: k.operator, why: k.order.Why, rate: k.order.Rate, began: j.now(), now: j.now,
		cancel: cancel, ended: make(chan struct{}),
	}
	one.progress.Total = k.replays
	one.progress.Left = time.Duration(float64(k.replays) / max(k.order.Rate, 1e-3) * float64(time.Second))
	go func() {
		defer close(one.ended)
		defer cancel(nil)
		progress, err := replay(ctx, k.plan, one.tell)
		one.end(progress, err)
	}()
	return one
}

func (o *job) tell(p deadletters.Progress) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.progress = p
	if p.Last.Sent == "" && len(o.refusals) < maxRefusals {
		o.refusals = append(o.refusals, p.Last)
	}
}

func (o *job) end(p deadletters.Progress, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if p.Total > 0 || err == nil {
		o.progress = p
	}
	o.over, o.err = o.now(), err
}

func (o *job) state() jobState {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := jobState{
		Job: o.id, Operator: o.operator, Why: o.why, Began: o.began, Ended: o.over,
		Over: !o.over.IsZero(), Running: o.over.IsZero(), Progress: o.progress, Refusals: slices.Clip(o.refusals),
	}
	switch {
	case errors.Is(o.err, errStopped):
		s.Stopped = true
	case o.err != nil:
		s.Err = o.err.Error()
	}
	return s
}

func (j *jobs) state() jobState {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.current == nil {
		return jobState{}
	}
	return j.current.state()
}

// interrupt stops the order between two commands.
func (j *jobs) interrupt() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.current != nil {
		j.current.cancel(errStopped)
	}
}

// stop interrupts the order for good and waits until it has ended, or ctx has.
func (j *jobs) stop(ctx context.Context) error {
	j.mu.Lock()
	j.closed = true
	current := j.current
	j.mu.Unlock()
	if current == nil {
		return nil
	}
	current.cancel(errors.New("the processor stops"))
	select {
	case <-current.ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
