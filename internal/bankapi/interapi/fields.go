package interapi

import (
	"strconv"

	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
)

// The write functions put a field on the wire, or report it missing: a required
// member is never left out in silence.

func writePhone(w *wire.Writer, p command.Private) {
	const name = "PhoneNumber"
	digits, ok := command.NationalPhone(p)
	if !ok {
		w.Missing(name)
		return
	}
	w.Text(name, digits.Reveal())
}

// writeCitizenshipNumber writes a number, where the loan API has a string.
func writeCitizenshipNumber(w *wire.Writer, p command.Private) {
	const name = "CitizenshipNumber"
	n, err := strconv.ParseInt(p.Reveal(), 10, 64)
	if err != nil {
		w.Missing(name)
		return
	}
	w.Int(name, n)
}

func writeBool(w *wire.Writer, name string, b *bool) {
	if b == nil {
		w.Missing(name)
		return
	}
	w.Bool(name, *b)
}

func writeInt(w *wire.Writer, name string, n *int32) {
	if n == nil {
		w.Missing(name)
		return
	}
	w.Int(name, int64(*n))
}

func writeDecimal(w *wire.Writer, name string, d *command.Decimal) {
	if d == nil {
		w.Missing(name)
		return
	}
	w.Decimal(name, *d)
}

func writeLetter[T comparable](w *wire.Writer, name string, rows map[T]string, value T) {
	letter, ok := rows[value]
	if !ok {
		w.Missing(name)
		return
	}
	w.Text(name, letter)
}

func positive(n *int64) bool { return n != nil && *n > 0 }

// private returns the number, 0 for none.
func private(n *int64) command.PrivateInt {
	if n == nil {
		return 0
	}
	return command.PrivateInt(*n)
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
