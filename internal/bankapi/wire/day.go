package wire

import (
	"fmt"
	"strconv"

	"bankprocessor/internal/command"
)

// Day writes a day, and behind it what is to follow it in the same string:
// "2020-11-02T00:00:00". Of no day it writes only what follows.
func (w *Writer) Day(name string, day command.Date, behind string) {
	w.member(name)
	w.buf = day.AppendTo(append(w.buf, '"'))
	w.buf = append(appendEscaped(w.buf, behind), '"')
}

// YearMonth writes a day's month as "202011".
func (w *Writer) YearMonth(name string, day command.Date) {
	w.member(name)
	w.buf = appendPadded(append(w.buf, '"'), day.Year, 4)
	w.buf = append(appendPadded(w.buf, int(day.Month), 2), '"')
}

// MonthYear writes a day's month as "112020".
func (w *Writer) MonthYear(name string, day command.Date) {
	w.member(name)
	w.buf = appendPadded(append(w.buf, '"'), int(day.Month), 2)
	w.buf = append(appendPadded(w.buf, day.Year, 4), '"')
}

// appendPadded appends a number in at least so many digits, of which there are at
// most four.
func appendPadded(b []byte, n, digits int) []byte {
	if n < 0 {
		return fmt.Appendf(b, "%0*d", digits, n)
	}
	for least := 10; digits > 1 && n >= least; least *= 10 {
		digits--
	}
	b = append(b, "000"[:digits-1]...)
	return strconv.AppendInt(b, int64(n), 10)
}
