package bankapi

import "context"

// limiter bounds how many calls run at once. Every acquire that returns nil is
// followed by one release.
type limiter interface {
	acquire(ctx context.Context) error
	release()
}

// semaphore is a limiter with a fixed number of slots, first come first served.
type semaphore chan struct{}

func (s semaphore) acquire(ctx context.Context) error {
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s semaphore) release() { <-s }
