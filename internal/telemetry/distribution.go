package telemetry

import (
	"maps"
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// Distribution is how many values a histogram has counted in each native bucket.
// Bucket i of schema s holds the values above 2^((i-1)/2^s) and up to 2^(i/2^s): at
// schema 3 it is a tenth wide, so that a quantile is right by as much. The zero value
// is empty.
type Distribution struct {
	schema int32
	zero   uint64 // values next to nothing
	counts map[int32]uint64
}

func newDistribution(h *dto.Histogram) Distribution {
	d := Distribution{schema: h.GetSchema(), zero: h.GetZeroCount(), counts: map[int32]uint64{}}
	index, at, count := int32(0), 0, int64(0)
	for _, span := range h.GetPositiveSpan() {
		index += span.GetOffset()
		for range span.GetLength() {
			count += h.GetPositiveDelta()[at]
			if count > 0 {
				d.counts[index] = uint64(count)
			}
			index, at = index+1, at+1
		}
	}
	return d
}

// Count is how many values there are.
func (d Distribution) Count() uint64 {
	n := d.zero
	for _, c := range d.counts {
		n += c
	}
	return n
}

// widened is d in the wider buckets of a lower schema: two become one at each step.
func (d Distribution) widened(schema int32) Distribution {
	if d.counts == nil {
		return Distribution{schema: schema, zero: d.zero}
	}
	for d.schema > schema {
		wider := make(map[int32]uint64, len(d.counts))
		for i, c := range d.counts {
			wider[(i+1)>>1] += c
		}
		d.counts, d.schema = wider, d.schema-1
	}
	return d
}

// Since is what has come since before, of the same histogram. One that has begun anew
// in between, as it does when its buckets become too many, counts from there.
func (d Distribution) Since(before Distribution) Distribution {
	if before.Count() == 0 {
		return d
	}
	schema := min(d.schema, before.schema)
	now, then := d.widened(schema), before.widened(schema)
	since := Distribution{schema: schema, counts: make(map[int32]uint64, len(now.counts))}
	for i, c := range then.counts {
		if now.counts[i] < c {
			return d
		}
	}
	if now.zero < then.zero {
		return d
	}
	since.zero = now.zero - then.zero
	for i, c := range now.counts {
		if more := c - then.counts[i]; more > 0 {
			since.counts[i] = more
		}
	}
	return since
}

// Plus is d and more together.
func (d Distribution) Plus(more Distribution) Distribution {
	switch {
	case d.Count() == 0:
		return more
	case more.Count() == 0:
		return d
	}
	schema := min(d.schema, more.schema)
	a, b := d.widened(schema), more.widened(schema)
	sum := Distribution{schema: schema, zero: a.zero + b.zero, counts: maps.Clone(a.counts)}
	if sum.counts == nil {
		sum.counts = map[int32]uint64{}
	}
	for i, c := range b.counts {
		sum.counts[i] += c
	}
	return sum
}

// Quantiles returns the values below which those parts of all lie, such as 0.5 and
// 0.99, in ascending order; nil when there are none.
func (d Distribution) Quantiles(parts ...float64) []float64 {
	n := d.Count()
	if n == 0 {
		return nil
	}
	indexes := slices.Sorted(maps.Keys(d.counts))
	all := make([]float64, len(parts))
	below, at := d.zero, -1 // at -1 is the bucket of zeroes
	for k, part := range parts {
		rank := part * float64(n)
		for float64(below) < rank && at+1 < len(indexes) {
			at++
			below += d.counts[indexes[at]]
		}
		if at >= 0 {
			count := float64(d.counts[indexes[at]])
			within := 1 - (float64(below)-rank)/count
			all[k] = math.Exp2((float64(indexes[at]) - 1 + within) / math.Exp2(float64(d.schema)))
		}
	}
	return all
}
