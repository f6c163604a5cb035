package command

import (
	"cmp"
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // the bank's days are Istanbul's, whatever the host has installed
)

// Istanbul is the zone of every bank day (contract section 8.2); never the host's.
var Istanbul = mustLoad("Europe/Istanbul")

func mustLoad(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loc
}

// Date is a calendar day without a zone. The zero value means "no date".
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ErrDate is wrapped by every refusal of ParseDate.
var ErrDate = errors.New("not a date")

// ParseDate reads "2006-01-02".
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%w: want yyyy-mm-dd", ErrDate)
	}
	return DateOf(t), nil
}

// DateOf returns the day that t shows in its own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{Year: y, Month: m, Day: d}
}

// DateFromEpochDays returns the day that is n days after 1970-01-01, the Avro
// date.
func DateFromEpochDays(n int32) Date {
	return DateOf(time.Unix(int64(n)*86400, 0).UTC())
}

// EpochDays returns the Avro date: days since 1970-01-01.
func (d Date) EpochDays() int32 {
	return int32(d.midnightUTC().Unix() / 86400)
}

// IsZero says whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Compare returns -1, 0 or 1 as d is before, equal to or after o.
func (d Date) Compare(o Date) int {
	return cmp.Or(cmp.Compare(d.Year, o.Year), cmp.Compare(d.Month, o.Month), cmp.Compare(d.Day, o.Day))
}

// AddDays returns the day n days later.
func (d Date) AddDays(n int) Date { return DateOf(d.midnightUTC().AddDate(0, 0, n)) }

// DaysUntil returns how many days o lies after d; negative when before.
func (d Date) DaysUntil(o Date) int {
	return int(o.midnightUTC().Sub(d.midnightUTC()) / (24 * time.Hour))
}

// String writes "2006-01-02", or "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	var room [len(time.DateOnly)]byte
	return string(d.AppendTo(room[:0]))
}

// AppendTo appends String to b.
func (d Date) AppendTo(b []byte) []byte {
	if d.IsZero() {
		return b
	}
	if uint(d.Year) > 9999 || uint(d.Month) > 99 || uint(d.Day) > 99 { // no day of any calendar
		return fmt.Appendf(b, "%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
	}
	b = append(b, digit(d.Year/1000), digit(d.Year/100), digit(d.Year/10), digit(d.Year), '-')
	b = append(b, digit(int(d.Month)/10), digit(int(d.Month)), '-')
	return append(b, digit(d.Day/10), digit(d.Day))
}

// digit is the last digit of n.
func digit(n int) byte { return byte('0' + n%10) }

// MarshalText writes String.
func (d Date) MarshalText() ([]byte, error) { return d.AppendTo(nil), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Date) UnmarshalText(text []byte) error {
	*d = Date{}
	if len(text) == 0 {
		return nil
	}
	parsed, err := ParseDate(string(text))
	*d = parsed
	return err
}

func (d Date) midnightUTC() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}
