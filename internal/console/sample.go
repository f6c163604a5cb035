package console

import (
	"time"

	"bankprocessor/internal/telemetry"
)

const (
	// sampleEvery is how often the processor is looked at.
	sampleEvery = time.Second
	// window is how far back rates and quantiles look: long enough to be calm, short
	// enough to follow what happens.
	window = 10 * time.Second
	// span is how far back the plots go.
	span = 5 * time.Minute
)

// moment is a reading and when it was taken.
type moment struct {
	at time.Time
	Reading
}

// flow is what one command, or all of them, did per second within the window.
type flow struct {
	in, out float64
	// latency is that of calls to the bank, in seconds, as quantiles says; nil without
	// calls.
	latency []float64
}

// quantiles are those that are shown.
var quantiles = []float64{.5, .95, .99}

// point is one second of the plots.
type point struct {
	at time.Time
	// flows are of all commands together, and then of each in the reading's order.
	flows []flow
	// letters counts the dead letters by reason.
	letters map[string]uint64
}

// sampler keeps the moments of the window and the points of the span.
type sampler struct {
	moments []moment // oldest first
	points  []point  // oldest first
}

// add takes in a reading and returns the point that it makes.
func (s *sampler) add(now moment) point {
	s.moments = append(s.moments, now)
	for len(s.moments) > 2 && now.at.Sub(s.moments[1].at) >= window {
		s.moments = s.moments[1:]
	}
	p := point{at: now.at, flows: flows(s.moments[0], now), letters: lettersByReason(now.Letters)}
	s.points = append(s.points, p)
	for now.at.Sub(s.points[0].at) > span {
		s.points = s.points[1:]
	}
	return p
}

// newLetters is how many dead letters of a reason the span has seen.
func (s *sampler) newLetters(reason string) uint64 {
	if len(s.points) == 0 {
		return 0
	}
	return s.points[len(s.points)-1].letters[reason] - s.points[0].letters[reason]
}

func lettersByReason(letters []LetterCount) map[string]uint64 {
	all := map[string]uint64{}
	for _, l := range letters {
		all[l.Reason] += l.N
	}
	return all
}

// flows compares two moments, the same one included.
func flows(then, now moment) []flow {
	seconds := now.at.Sub(then.at).Seconds()
	all := make([]flow, 1, len(now.Commands)+1)
	var calls telemetry.Distribution
	for i := range now.Commands {
		c := &now.Commands[i]
		var before CommandReading
		if i < len(then.Commands) {
			before = then.Commands[i]
		}
		recent := c.Calls.Since(before.Calls)
		if seconds == 0 { // the first moment: what was before it is not of the window
			recent = telemetry.Distribution{}
		}
		one := flow{
			in: perSecond(before.In, c.In, seconds), out: perSecond(before.Out, c.Out, seconds),
			latency: recent.Quantiles(quantiles...),
		}
		all[0].in += one.in
		all[0].out += one.out
		calls = calls.Plus(recent)
		all = append(all, one)
	}
	all[0].latency = calls.Quantiles(quantiles...)
	return all
}

func perSecond(before, now uint64, seconds float64) float64 {
	if seconds <= 0 || now < before {
		return 0
	}
	return float64(now-before) / seconds
}
