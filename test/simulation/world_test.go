package simulation

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"bankprocessor/internal/kafka"
)

// world is everything outside the processes. Its state changes under its lock: by
// the driver while no process can run, or by a process that asks for something.
type world struct {
	plan    plan
	rng     *rand.Rand // the driver's alone
	started time.Time

	mu       sync.Mutex
	seq      uint64
	pending  []*op
	lives    []*life
	logs     map[kafka.TopicPartition]*partitionLog
	group    *group
	bank     *bank
	commands *commands
	trace    trace
	broken   *violation // the first
	// disturbed counts what has kept a life from its work: it was killed, stopped, cut
	// off, counted out, held up, could not store something in time or has lost its lease.
	disturbed int

	// What stands in the logs, as the invariants need it: by command id, and by
	// command partition.
	outcomes            map[string][]stored
	letters             map[string]bool
	attempted, resulted map[kafka.TopicPartition][]mark

	over bool // everybody is dead and nothing is judged any more
}

// kind is what an op asks for.
type kind uint8

const (
	kindJoin kind = iota
	kindPositions
	kindRange
	kindFetch
	kindProduce
	kindCall
	kindQuery
	kindCommit
	kindHeartbeat
)

var kindNames = [...]string{"join", "read positions", "log range", "fetch", "produce", "call", "query", "commit", "heartbeat"}

// op is one request of a life that waits in the world.
type op struct {
	life *life
	kind kind
	tp   kafka.TopicPartition
	key  string // tells it from others of its kind, whatever order they came in
	seq  uint64

	// apply gives it its effect, called by the driver with the lock held. It is false
	// when the effect must wait still.
	apply func() bool
	// ready is false while there is nothing that apply could do.
	ready func() bool
	// applied says that it had its effect and that its answer is on the way.
	applied bool
	until   time.Time // it is held back until then
	err     error     // its answer
	done    chan struct{}
	call    *bankCall // of calls and queries
}

func (o *op) compare(p *op) int {
	return cmp.Or(
		cmp.Compare(o.life.number, p.life.number), cmp.Compare(o.kind, p.kind),
		cmp.Compare(o.tp.Topic, p.tp.Topic), cmp.Compare(o.tp.Partition, p.tp.Partition),
		cmp.Compare(o.key, p.key), cmp.Compare(o.seq, p.seq),
	)
}

// await has the driver carry o out and returns its answer. A request of a process
// that is dead has none: it ends with ctx, or at once where nothing ends it.
func (w *world) await(ctx context.Context, o *op) error {
	o.done = make(chan struct{})
	w.mu.Lock()
	if !o.life.dead {
		w.seq++
		o.seq = w.seq
		w.pending = append(w.pending, o)
	}
	w.mu.Unlock()
	select {
	case <-o.done:
		return o.err
	case <-o.life.died:
	case <-ctx.Done():
		w.mu.Lock()
		defer w.mu.Unlock()
		w.forget(o)
		if o.kind == kindProduce {
			w.disturbed++
		}
		return context.Cause(ctx)
	}
	if o.kind == kindCommit || o.kind == kindHeartbeat || o.kind == kindCall || o.kind == kindQuery {
		return errDead
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// answer ends o.
func (w *world) answer(o *op, err error) {
	w.forget(o)
	o.err = err
	close(o.done)
}

func (w *world) forget(o *op) {
	if i := slices.Index(w.pending, o); i >= 0 {
		w.pending = slices.Delete(w.pending, i, i+1)
	}
}

// now is the time since the schedule began.
func (w *world) now() time.Duration { return time.Since(w.started) }
