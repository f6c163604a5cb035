package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"bankprocessor/internal/follow"
	"bankprocessor/internal/telemetry"
)

const (
	// lookEvery is how often followed files are looked at, whether used or not.
	lookEvery = time.Second
	// expiryWarning is how long before its end a certificate is warned of.
	expiryWarning = 30 * 24 * time.Hour
)

// watch looks at every followed file, so that one that cannot be used, and a
// certificate that is about to run out, are known before anything fails.
type watch struct {
	settings []follow.Setting
	m        *telemetry.Metrics
	log      *slog.Logger
	cancel   context.CancelFunc // nil before start
	done     chan struct{}

	mu     sync.Mutex
	faults map[string]error     // by setting
	warned map[string]time.Time // the end that was last warned of
}

func newWatch(settings []follow.Setting, m *telemetry.Metrics, log *slog.Logger) *watch {
	return &watch{settings: settings, m: m, log: log, faults: map[string]error{}, warned: map[string]time.Time{}}
}

// start looks once and then on and on, until stop.
func (w *watch) start(ctx context.Context) {
	ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	w.done = make(chan struct{})
	w.look(time.Now())
	go func() {
		defer close(w.done)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case now := <-tick.C:
				w.look(now)
			case <-ctx.Done():
				return
			}
		}
	}()
}

func (w *watch) stop(context.Context) error {
	w.cancel()
	<-w.done
	return nil
}

func (w *watch) look(now time.Time) {
	for _, s := range w.settings {
		w.judge(s.Path, s.Look())
		if s.NotAfter != nil {
			w.warn(s.Path, s.NotAfter(), now)
		}
	}
}

// judge tells of each change once.
func (w *watch) judge(setting string, fault error) {
	w.mu.Lock()
	before := w.faults[setting]
	w.faults[setting] = fault
	w.mu.Unlock()
	stale := 0.0
	if fault != nil {
		stale = 1
	}
	w.m.FileStale.WithLabelValues(setting).Set(stale)
	switch {
	case fault != nil && (before == nil || before.Error() != fault.Error()):
		w.log.Warn("what a file holds now cannot be used: what it last held stays in use", "setting", setting, "error", fault)
	case fault == nil && before != nil:
		w.log.Info("a file's content is in use again", "setting", setting)
	}
}

// warn tells once of a certificate's coming end, and once of its end.
func (w *watch) warn(setting string, end, now time.Time) {
	w.m.NotAfter.WithLabelValues(setting).Set(float64(end.Unix()))
	left := end.Sub(now)
	stage := end // of this certificate
	switch {
	case left > expiryWarning:
		return
	case left <= 0:
		stage = end.Add(1)
	}
	w.mu.Lock()
	told := w.warned[setting].Equal(stage)
	w.warned[setting] = stage
	w.mu.Unlock()
	switch {
	case told:
	case left <= 0:
		w.log.Error("a certificate has run out: renew its file", "setting", setting, "not_after", end)
	default:
		w.log.Warn("a certificate runs out soon: renew its file", "setting", setting, "not_after", end, "days", days(left))
	}
}

func days(d time.Duration) int { return int(math.Floor(d.Hours() / 24)) }

// ready says which files cannot be used.
func (w *watch) ready() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var errs []error
	for _, s := range w.settings {
		if fault := w.faults[s.Path]; fault != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.Path, fault))
		}
	}
	return errors.Join(errs...)
}
