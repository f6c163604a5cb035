package console

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func TestNumbersAreWritten(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"0": count(0), "999": count(999), "1,000": count(1000), "1,234,567": count(int64(1234567)), "12,345": count(uint64(12345)),
		"<0.1": rate(.04), "0.4": rate(.4), "9.9": rate(9.94), "10": rate(9.96), "5,000": rate(4999.6),
		"0.7 ms": latency(.0007), "10 ms": latency(.00996), "45 ms": latency(.045), "1.0 s": latency(.9996), "12.3 s": latency(12.34),
		"1 min 0 s": latency(59.96),
		"0 s":       age(-time.Second), "59 s": age(59999 * time.Millisecond), "1 min 5 s": age(65 * time.Second), "59 min": age(time.Hour - 1),
		"2 h 5 min": age(2*time.Hour + 5*time.Minute), "3 d 4 h": age(76 * time.Hour),
		"1 command": plural(1, "command", "commands"), "2,000 commands": plural(2000, "command", "commands"),
	} {
		if got != want {
			t.Errorf("want %q, got %q", want, got)
		}
	}
	if got := rate(0); got != "0" {
		t.Errorf("want 0, got %q", got)
	}
}

func TestNumbersOfPlotsAreShort(t *testing.T) {
	t.Parallel()
	for want, n := range map[string]number{
		"0": 0, "0.000123": .000123456, "1.23": 1.2345, "123": 123.45, "123000": 123456, "1000": 999.9, "null": number(math.NaN()),
	} {
		got, err := json.Marshal(n)
		if err != nil || string(got) != want {
			t.Errorf("want %s, got %s (%v)", want, got, err)
		}
	}
	got, err := json.Marshal(point{flows: []flow{{in: 1, out: 2, latency: []float64{.01, .02, .03}}, {}}}.numbers())
	if want := "[[1,2,10,20,30],[0,0]]"; err != nil || string(got) != want {
		t.Errorf("want %s, got %s (%v)", want, got, err)
	}
}
