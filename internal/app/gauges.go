package app

import (
	"time"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/consumers"
	"bankprocessor/internal/lease"
	"bankprocessor/internal/registry"
	"bankprocessor/internal/sealing"
	"bankprocessor/internal/telemetry"
	"bankprocessor/internal/tracing"
)

// gauges sets what stands at a moment. Labels that no longer apply, such as
// partitions that have been handed over, go away.
type gauges struct {
	m       *telemetry.Metrics
	status  func() consumers.Status
	lease   *lease.Lease
	groups  []*bankapi.Group
	sealer  *sealing.Sealer  // may be nil
	schemas *registry.Source // may be nil
	traces  *tracing.Tracing // may be nil
}

func (g gauges) refresh() {
	g.intake(g.status())
	held := 0.0
	if g.lease.Check() == nil {
		held = 1
	}
	g.m.LeaseHeld.WithLabelValues().Set(held)
	g.sealing()
	g.registry()
	if g.traces != nil {
		g.m.SpansQueued.WithLabelValues().Set(float64(g.traces.Waiting()))
	}
	g.m.GateShut.Reset()
	for _, group := range g.groups {
		s := group.State()
		g.m.BreakerOpen.WithLabelValues(s.Name).Set(openness[s.Breaker])
		g.m.Running.WithLabelValues(s.Name).Set(float64(s.Running))
		g.m.Limit.WithLabelValues(s.Name).Set(float64(s.Limit))
		g.m.Waiting.WithLabelValues(s.Name).Set(float64(s.Waiting))
		g.m.Probe.WithLabelValues(s.Name).Set(secondsUntil(s.NextProbe))
		if s.Hold != "" {
			g.m.GateShut.WithLabelValues(s.Name, string(s.Hold)).Set(1)
		}
	}
}

var openness = map[string]float64{"closed": 0, "half-open": 0.5, "open": 1}

func (g gauges) intake(s consumers.Status) {
	g.m.InFlight.Reset()
	for _, t := range s.Topics {
		g.m.InFlight.WithLabelValues(t.Topic).Set(float64(t.InFlight))
	}
	g.m.Lag.Reset()
	g.m.WatermarkAge.Reset()
	g.m.Paused.Reset()
	for _, p := range s.Partitions {
		partition := partitionLabel(p.Partition)
		g.m.Lag.WithLabelValues(p.Topic, partition).Set(float64(p.Lag))
		g.m.WatermarkAge.WithLabelValues(p.Topic, partition).Set(secondsSince(p.Oldest))
		if p.Paused != "" {
			g.m.Paused.WithLabelValues(p.Topic, partition, p.Paused).Set(1)
		}
	}
	last := 0.0
	if !s.LastAck.IsZero() {
		last = float64(s.LastAck.UnixMilli()) / 1000
	}
	g.m.LastCommit.WithLabelValues().Set(last)
}

// secondsSince is 0 for no moment, and for one to come: publishers' clocks differ.
func secondsSince(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(0, time.Since(t).Seconds())
}

// secondsUntil is 0 for no moment, and for one that has been.
func secondsUntil(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(0, time.Until(t).Seconds())
}

func (g gauges) sealing() {
	if g.sealer == nil {
		return
	}
	g.m.SealingKey.Reset()
	g.m.SealingKey.WithLabelValues(g.sealer.KeyID()).Set(1)
}

func (g gauges) registry() {
	if g.schemas == nil {
		return
	}
	status := g.schemas.Status()
	away := 0.0
	if status.Away != nil {
		away = 1
	}
	g.m.RegistryAway.WithLabelValues().Set(away)
	g.m.RegistryWaiting.WithLabelValues().Set(float64(status.Waiting))
}
