package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// cleanups are named ends, last in, first out.
type cleanups struct {
	log   *slog.Logger
	steps []step
}

type step struct {
	name string
	end  func(context.Context) error
}

func (c *cleanups) add(name string, end func(context.Context) error) {
	c.steps = append(c.steps, step{name, end})
}

// run ends everything, the latest first, whatever fails on the way. Each step
// hears of ctx's end; none is left out because of it.
func (c *cleanups) run(ctx context.Context) error {
	var errs []error
	for _, s := range slices.Backward(c.steps) {
		start := time.Now()
		if err := s.end(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stopping %s: %w", s.name, err))
		}
		c.log.Debug("stopped", "part", s.name, "took", time.Since(start))
	}
	c.steps = nil
	return errors.Join(errs...)
}
