package command_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bankprocessor/internal/command"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	d, err := command.ParseDate("2020-08-15")
	if err != nil || d != (command.Date{Year: 2020, Month: time.August, Day: 15}) || d.String() != "2020-08-15" {
		t.Errorf("got %v, %v", d, err)
	}
	for _, in := range []string{"", "2020-8-15", "15.08.2020", "2020-02-30", "2020-08-15T00:00:00", "202008"} {
		if d, err := command.ParseDate(in); !errors.Is(err, command.ErrDate) {
			t.Errorf("ParseDate(%q) = %v, %v, want ErrDate", in, d, err)
		}
	}
	if (command.Date{}).String() != "" || !(command.Date{}).IsZero() {
		t.Error("no date is not empty")
	}
}

func TestIstanbulsDay(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 19, 21, 30, 0, 0, time.UTC)
	if got := command.DateOf(at.In(command.Istanbul)).String(); got != "2026-11-20" {
		t.Errorf("Istanbul shows %s, want 2026-11-20", got)
	}
}

func TestDateArithmetic(t *testing.T) {
	t.Parallel()
	if got := (command.Date{Year: 1970, Month: 1, Day: 1}).EpochDays(); got != 0 {
		t.Errorf("the epoch is day %d", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.Int32Range(-719162, 2932896).Draw(t, "days") // years 1 to 9999
		d := command.DateFromEpochDays(days)
		if d.EpochDays() != days {
			t.Fatalf("%v is day %d, want %d", d, d.EpochDays(), days)
		}
		if back, err := command.ParseDate(d.String()); err != nil || back != d {
			t.Fatalf("%s parses to %v, %v", d, back, err)
		}
		text, err := d.MarshalText()
		var read command.Date
		if err = errors.Join(err, read.UnmarshalText(text)); err != nil || read != d {
			t.Fatalf("%s is read as %v, %v", text, read, err)
		}
		if read.UnmarshalText(nil) != nil || !read.IsZero() || read.UnmarshalText([]byte("2026-11-31")) == nil {
			t.Fatal("no day, or none of the calendar's, is read as one")
		}
		n := rapid.IntRange(-400, 400).Draw(t, "n")
		o := d.AddDays(n)
		if d.DaysUntil(o) != n || o.Compare(d) != sign(n) {
			t.Fatalf("%v plus %d days is %v: %d days on, compares %d", d, n, o, d.DaysUntil(o), o.Compare(d))
		}
	})
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
