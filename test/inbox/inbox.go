// Package inbox is the downstream of tests: it keeps what a watcher brings and
// waits until there is enough of it.
package inbox

import (
	"context"
	"sync"
	"testing"
	"time"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/topics"
)

// Inbox guards what a test keeps of outcomes and dead letters: what keep writes is
// read under the Inbox's lock.
type Inbox struct {
	sync.Mutex
	arrived chan struct{} // closed and replaced at every event
}

// New returns an Inbox that watches nothing yet.
func New() *Inbox { return &Inbox{arrived: make(chan struct{})} }

// Watch gives every outcome and dead letter there is and will be to keep, which
// runs under the lock, until the test ends.
func (b *Inbox) Watch(t testing.TB, client *kafka.Client, events *codec.Codec, names topics.Config, keep func(downstream.Event)) {
	t.Helper()
	watcher, err := downstream.Open(t.Context(), client, events, names, downstream.Options{DeadLetters: true, FromBeginning: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = watcher.Run(ctx, func(e downstream.Event) bool { b.take(e, keep); return true }) // ends with ctx
	}()
	t.Cleanup(func() { end(); <-done })
}

func (b *Inbox) take(e downstream.Event, keep func(downstream.Event)) {
	b.Lock()
	defer b.Unlock()
	keep(e)
	close(b.arrived)
	b.arrived = make(chan struct{})
}

// Until waits for ok, which runs under the lock, and says whether it came in time.
func (b *Inbox) Until(within time.Duration, ok func() bool) bool {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	for {
		b.Lock()
		done, arrived := ok(), b.arrived
		b.Unlock()
		if done {
			return true
		}
		select {
		case <-arrived:
		case <-deadline.C:
			return false
		}
	}
}
