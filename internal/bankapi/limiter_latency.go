package bankapi

import (
	"math"
	"math/bits"
	"time"
)

// operation is what one bank operation takes, for an adaptive limit.
type operation struct {
	baseline float64 // nanoseconds; 0 for not known
	window   latencies
}

// slowness is the window's median in baselines.
func (o *operation) slowness() float64 {
	if o.baseline == 0 {
		return 1
	}
	return o.window.median() / o.baseline
}

// learn moves the baseline a little with what confirms it, and down to what is well
// below. Few calls say less.
func (o *operation) learn() {
	if o.window.n < fewest {
		return
	}
	median := o.window.median()
	switch slowness := o.slowness(); {
	case o.baseline == 0, slowness < 1-2/math.Sqrt(float64(o.window.n)):
		o.baseline = median
	case slowness < confirms:
		o.baseline += (median - o.baseline) / 4
	}
}

// renew takes the window's median for the baseline.
func (o *operation) renew() {
	if o.window.n >= fewest {
		o.baseline = o.window.median()
	}
}

const (
	octaves = 28 // from 1 µs to 2 min
	perBit  = 4  // the bits that divide an octave
	parts   = 1 << perBit
)

// latencies is a histogram of durations. Each octave has sixteen parts.
type latencies struct {
	n     int
	count [octaves * parts]uint32
}

func (l *latencies) add(d time.Duration) {
	v := uint64(max(d, time.Microsecond))
	exponent := bits.Len64(v) - 1
	i := (exponent-9)<<perBit | int(v>>(exponent-perBit))&(parts-1)
	l.count[min(i, len(l.count)-1)]++
	l.n++
}

func (l *latencies) median() float64 { return l.quantile(0.5) }

// quantile interpolates within the part that it falls in, in nanoseconds; 0 for no
// calls.
func (l *latencies) quantile(q float64) float64 {
	if l.n == 0 {
		return 0
	}
	rank := q * float64(l.n)
	for i, count := range l.count {
		if rank > float64(count) {
			rank -= float64(count)
			continue
		}
		from, width := bounds(i)
		return from + width*rank/float64(max(1, count))
	}
	return 0
}

// bounds is where a part begins and how wide it is, in nanoseconds.
func bounds(i int) (from, width float64) {
	octave := math.Exp2(float64(i>>perBit + 9))
	width = octave / parts
	return octave + width*float64(i&(parts-1)), width
}
