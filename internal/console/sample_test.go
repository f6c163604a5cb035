package console

import (
	"math"
	"testing"
	"time"
)

// series is a reading of one command with those counters.
func series(in, out uint64) Reading {
	return Reading{Commands: []CommandReading{{Name: "customer.create", In: in, Out: out}}}
}

func TestRatesAreOfTheWindow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		then, now Reading
		apart     time.Duration
		in, out   float64
	}{
		"ten seconds":         {series(100, 90), series(600, 190), 10 * time.Second, 50, 10},
		"one second":          {series(0, 0), series(5000, 4999), time.Second, 5000, 4999},
		"an uneven interval":  {series(0, 0), series(3, 6), 1500 * time.Millisecond, 2, 4},
		"nothing":             {series(7, 7), series(7, 7), 10 * time.Second, 0, 0},
		"the first moment":    {series(1e6, 1e6), series(1e6, 1e6), 0, 0, 0},
		"a counter from anew": {series(100, 100), series(3, 3), 10 * time.Second, 0, 0},
		"a command more":      {Reading{}, series(20, 10), 10 * time.Second, 2, 1},
	} {
		got := flows(moment{noon, c.then}, moment{noon.Add(c.apart), c.now})
		for _, f := range got {
			if math.Abs(f.in-c.in) > 1e-9 || math.Abs(f.out-c.out) > 1e-9 {
				t.Errorf("%s: want %g in and %g out, got %g and %g", name, c.in, c.out, f.in, f.out)
			}
		}
		if len(got) != 2 {
			t.Errorf("%s: want the sum and one command, got %d", name, len(got))
		}
	}
}

func TestLatencyIsOfTheCallsWithinTheWindow(t *testing.T) {
	t.Parallel()
	slow, both := calls(t, 9, 9, 9), calls(t, 9, 9, 9, .1, .1)
	then, now := series(0, 0), series(0, 0)
	then.Commands[0].Calls, now.Commands[0].Calls = slow, both
	now.Commands = append(now.Commands, CommandReading{Name: "customer.update"})
	got := flows(moment{noon.Add(-window), then}, moment{noon, now})
	for i, f := range got[:2] {
		if len(f.latency) != 3 || f.latency[2] > .11 || f.latency[0] < .09 {
			t.Errorf("flow %d: want quantiles of 100 ms, got %v", i, f.latency)
		}
	}
	if got[2].latency != nil {
		t.Errorf("want no latency without calls, got %v", got[2].latency)
	}
	if first := flows(moment{noon, now}, moment{noon, now}); first[0].latency != nil {
		t.Errorf("what was before the first look is not of the window: %v", first[0].latency)
	}
}

func TestTheSamplerForgets(t *testing.T) {
	t.Parallel()
	var s sampler
	seconds := 2 * int(span/time.Second)
	var last point
	for i := range seconds {
		r := series(uint64(100*i), uint64(50*i))
		r.Letters = []LetterCount{{Reason: "exhausted", N: uint64(i)}, {Reason: "exhausted", N: 1}}
		last = s.add(moment{noon.Add(time.Duration(i) * sampleEvery), r})
	}
	if got := last.flows[0]; got.in != 100 || got.out != 50 {
		t.Errorf("want 100 in and 50 out, got %+v", got)
	}
	if n, most := len(s.moments), int(window/sampleEvery)+1; n != most {
		t.Errorf("want %d moments, got %d", most, n)
	}
	if n, most := len(s.points), int(span/sampleEvery)+1; n != most {
		t.Errorf("want %d points, got %d", most, n)
	}
	if n := s.newLetters("exhausted"); n != 300 {
		t.Errorf("want the 300 dead letters of the span, got %d", n)
	}
	if n := new(sampler).newLetters("exhausted"); n != 0 {
		t.Errorf("want none before the first look, got %d", n)
	}
}

// A machine that has slept does not divide by the seconds that nobody counted.
func TestALongPauseIsDividedByItsLength(t *testing.T) {
	t.Parallel()
	var s sampler
	s.add(moment{noon, series(0, 0)})
	s.add(moment{noon.Add(time.Second), series(10, 0)})
	p := s.add(moment{noon.Add(time.Hour), series(36_000, 0)})
	if in := p.flows[0].in; in < 9.9 || in > 10.1 {
		t.Errorf("want 10 per second over the hour, got %g", in)
	}
	if len(s.points) != 1 {
		t.Errorf("want only the point of the span, got %d", len(s.points))
	}
}
