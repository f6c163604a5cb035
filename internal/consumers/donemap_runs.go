package consumers

import (
	"encoding/binary"
	"math/bits"
)

// A done-map in runs is uvarints: in turn how long a pending and a done run is, from
// the base on.

func appendRuns(raw []byte, done []offsetRange, base int64) []byte {
	for _, r := range done {
		raw = binary.AppendUvarint(raw, uint64(r.First-base))
		raw = binary.AppendUvarint(raw, uint64(r.End-r.First))
		base = r.End
	}
	return raw
}

// runsBytes is how many bytes appendRuns appends.
func runsBytes(done []offsetRange, base int64) (n int) {
	for _, r := range done {
		n += uvarintBytes(uint64(r.First-base)) + uvarintBytes(uint64(r.End-r.First))
		base = r.End
	}
	return n
}

func uvarintBytes(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// decodeRuns reads a done-map. What it returns need not be sound.
func decodeRuns(rest []byte, at int64) (done []offsetRange, err error) {
	for len(rest) > 0 {
		var pending, length int64
		if pending, rest, err = uvarint(rest); err != nil {
			return nil, err
		}
		if length, rest, err = uvarint(rest); err != nil {
			return nil, err
		}
		done = append(done, offsetRange{First: at + pending, End: at + pending + length})
		at += pending + length
	}
	return done, nil
}
