package deadletters_test

import (
	"testing"
	"time"

	"bankprocessor/internal/deadletters"
)

func TestParseMoment(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)
	for s, want := range map[string]time.Time{
		"":                          {},
		"24h":                       now.Add(-24 * time.Hour),
		"0s":                        now,
		"2026-01-30T07:00:01Z":      time.Date(2026, 1, 30, 7, 0, 1, 0, time.UTC),
		"2026-01-30T07:00:01+03:00": time.Date(2026, 1, 30, 4, 0, 1, 0, time.UTC),
		"2026-01-30T07:00+03:00":    time.Date(2026, 1, 30, 4, 0, 0, 0, time.UTC),
		"2026-01-30T07:00":          time.Date(2026, 1, 30, 7, 0, 0, 0, time.UTC),
		"2026-01-30":                time.Date(2026, 1, 30, 0, 0, 0, 0, time.UTC),
	} {
		if at, ok := deadletters.ParseMoment(s, now); !ok || !at.Equal(want) {
			t.Errorf("%q is %v, %t; want %v", s, at, ok, want)
		}
	}
	for _, s := range []string{"-1h", "yesterday", "30.01.2026", "24", "2026-01-30 07:00"} {
		if at, ok := deadletters.ParseMoment(s, now); ok {
			t.Errorf("%q is taken for %v", s, at)
		}
	}
}
