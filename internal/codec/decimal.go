package codec

import (
	"encoding/binary"
	"math/bits"

	"bankprocessor/internal/command"
)

// wide is a magnitude of up to 128 bits: decimal(38,18) times any 64-bit number
// fits.
type wide struct{ hi, lo uint64 }

var tenTo = func() (powers [command.MaxDecimalScale + 1]uint64) {
	powers[0] = 1
	for i := range command.MaxDecimalScale {
		powers[i+1] = powers[i] * 10
	}
	return powers
}()

// negated is the two's complement.
func (w wide) negated() wide {
	lo, borrow := bits.Sub64(0, w.lo, 0)
	hi, _ := bits.Sub64(0, w.hi, borrow)
	return wide{hi, lo}
}

func (w wide) dividedBy10() (quotient wide, remainder uint64) {
	hi, rest := w.hi/10, w.hi%10
	lo, remainder := bits.Div64(rest, w.lo, 10)
	return wide{hi, lo}, remainder
}

// appendDecimal appends d as an Avro decimal, whose unscaled integer takes as few
// bytes as it can, big-endian. fits is false when d has more digits than the slot.
func appendDecimal(b []byte, s *slot, d command.Decimal) (_ []byte, fits bool) {
	least := d.DigitsAfterPoint()
	if least > int(s.scale) || d.DigitsBeforePoint() > s.whole {
		return b, false
	}
	n, _ := d.Unscaled(uint8(least)) // exact at this scale
	magnitude := uint64(n)
	if n < 0 {
		magnitude = -magnitude
	}
	var w wide
	w.hi, w.lo = bits.Mul64(magnitude, tenTo[int(s.scale)-least])
	if n < 0 {
		w = w.negated()
	}
	var all [16]byte
	binary.BigEndian.PutUint64(all[:8], w.hi)
	binary.BigEndian.PutUint64(all[8:], w.lo)
	at := 0
	for at < len(all)-1 && all[at] == signOf(all[at+1]) {
		at++
	}
	b = append(b, byte(len(all)-at)<<1) // zigzag
	return append(b, all[at:]...), true
}

// signOf returns the byte that a two's complement number with this first byte is
// extended by.
func signOf(first byte) byte { return byte(int8(first) >> 7) }

// readDecimal reads the unscaled integer of an Avro decimal as the Decimal of the
// least scale that holds it. fits is false for one that takes more than 64 bits
// then, or whose bytes are more than 128.
func readDecimal(b string, scale uint8) (_ command.Decimal, fits bool) {
	if len(b) > 16 {
		return command.Decimal{}, false
	}
	var w wide
	negative := len(b) > 0 && signOf(b[0]) != 0
	if negative {
		w = wide{^uint64(0), ^uint64(0)}
	}
	for i := range len(b) {
		w = wide{w.hi<<8 | w.lo>>56, w.lo<<8 | uint64(b[i])}
	}
	if negative {
		w = w.negated()
	}
	for ; scale > 0; scale-- {
		shorter, remainder := w.dividedBy10()
		if remainder != 0 {
			break
		}
		w = shorter
	}
	switch {
	case w.hi != 0:
	case negative && w.lo <= 1<<63:
		return command.NewDecimal(int64(-w.lo), scale), true
	case !negative && w.lo < 1<<63:
		return command.NewDecimal(int64(w.lo), scale), true
	}
	return command.Decimal{}, false
}
