package console

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWhatIsWrongIsSaidTheWorstFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(r *Reading)
		status string
		want   []string // state and beginning
	}{
		"in order": {func(*Reading) {}, "All in order [ok]", nil},
		"breaker open": {
			func(r *Reading) {
				r.Groups[1].Breaker, r.Groups[1].NextProbe, r.Groups[1].Waiting = "open", noon.Add(12*time.Second), 340
				r.Checks[3].Reason = "breaker open" // the group's table says so
			},
			"1 problem [bad]",
			[]string{"bad interapi.dbs.write: the bank fails, the breaker is open; next try in 12 s; 340 commands wait."},
		},
		"half-open": {func(r *Reading) { r.Groups[0].Breaker = "half-open" }, "1 thing to look at [warn]", []string{"warn interapi.customer: a few commands try"}},
		"throttled": {func(r *Reading) {
			r.Groups[0].Hold, r.Groups[0].Throttled, r.Groups[0].Why = "delayed", true, "gateway.throttled: slow"
		}, "1 thing to look at [warn]", []string{"warn interapi.customer: the bank asks us to slow down (gateway.throttled: slow)."}},
		"secret":     {func(r *Reading) { r.Groups[3].Hold, r.Groups[3].Why = "secret_refused", "x" }, "1 problem [bad]", []string{"bad interapi.token: the bank refuses us, the secret is refused (x)."}},
		"lease lost": {func(r *Reading) { r.LeaseHeld = false }, "1 problem [bad]", []string{"bad The lease is not held"}},
		"not joined": {
			func(r *Reading) {
				r.Phase, r.LeaseHeld, r.Checks[0].Reason = "joining", false, "joining: no broker answers"
			},
			"1 problem [bad]",
			[]string{"bad intake: joining: no broker answers"},
		},
		"an optional part and one that must be": {
			func(r *Reading) { r.Checks[1].Reason, r.Checks[0].Reason = "a file is gone", "draining" },
			"1 problem and 1 more to look at [bad]",
			[]string{"bad intake: draining", "warn files: a file is gone"},
		},
		"behind": {
			func(r *Reading) {
				r.Commands[0].Partition[1].Oldest = noon.Add(-9 * time.Second)
				r.Commands[0].Partition[2].Oldest = noon.Add(-3 * time.Minute)
				r.Commands[0].Partition[3].Oldest = noon.Add(time.Minute) // a publisher's clock
			},
			"1 thing to look at [warn]",
			[]string{"warn 1 partition is behind: the oldest command was published 3 min 0 s ago."},
		},
		"stands still": {
			func(r *Reading) {
				r.Commands[0].Partition[2].Broken, r.Commands[0].Partition[2].Paused = true, "offset not in log"
			},
			"1 problem [bad]",
			[]string{"bad 1 partition stands still and will not go on"},
		},
	} {
		r := idle(4)
		c.change(&r)
		v := viewOf(r, r)
		var got []string
		for _, n := range v.notes() {
			got = append(got, n.state+" "+n.text)
		}
		if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
			t.Errorf("%s: want %q, got %q", name, c.want, got)
		}
		expect(t, v.cells(), map[string]string{"status": c.status})
	}
}

func TestNewDeadLettersAreNoted(t *testing.T) {
	t.Parallel()
	v := viewOf(idle(1), idle(1))
	v.recent = map[string]uint64{"in-doubt": 2, "exhausted": 1}
	expect(t, v.cells(), map[string]string{
		"note.0":            "3 dead letters in the last five minutes: each needs a person. [warn]",
		"l.in-doubt.recent": "2 [warn]", "l.malformed.recent": "0 [off]",
	})
}

func TestMoreNotesThanThereIsRoomForAreCounted(t *testing.T) {
	t.Parallel()
	v := viewOf(storm(4, 0, calls(t, 1)), storm(4, 0, calls(t, 1)))
	n := len(v.notes())
	if n <= noteRows {
		t.Fatalf("want more than %d notes, got %d", noteRows, n)
	}
	expect(t, v.cells(), map[string]string{fmt.Sprintf("note.%d", noteRows-1): fmt.Sprintf("and %d more: the tables below show all [warn]", n-noteRows+1)})
}

func TestACommandsRow(t *testing.T) {
	t.Parallel()
	then, now := idle(3), idle(3)
	c := &now.Commands[0]
	c.In, c.Out, c.InFlight, c.InDoubt, c.Calls = 1000, 500, 4, 1, calls(t, .02, .02, .02)
	c.Partition[0].Lag, c.Partition[0].Buffered, c.Partition[0].Oldest = 1500, 10, noon.Add(-2*time.Second)
	c.Partition = c.Partition[:2] // the third is elsewhere
	cells := viewOf(then, now).cells()
	expect(t, cells, map[string]string{
		"c.0.in": "100", "c.0.out": "50", "c.0.flight": "4", "c.0.queued": "6", "c.0.lag": "1,500", "c.0.doubt": "1 [warn]",
		"c.0.age": "2 s [off]", "c.0.p50": "19 ms", "c.0.here": "2 of 3", "c.1.p50": "–", "c.1.age": "– [off]",
		"sum.in": "100", "sum.lag": "1,500", "sum.doubt": "1 [warn]", "m.here": "20 of 21",
	})
	if got := cells.Strips["c.0"]; got != "wi-" {
		t.Errorf("want the squares wi-, got %q", got)
	}
}

func TestSquaresShowTheWorstOfWhatTheyStandFor(t *testing.T) {
	t.Parallel()
	r := idle(500)
	r.Commands[0].Partition[499].Broken = true
	r.Commands[0].Partition[6].Paused = "gate"
	r.Commands[0].Partition[7].Oldest = noon.Add(-time.Hour)
	got := viewOf(r, r).cells().Strips["c.0"]
	if len(got) > maxSquares || !strings.HasPrefix(got, "ibi") || !strings.HasSuffix(got, "ix") {
		t.Errorf("want at most %d squares, a second one behind and a last one broken, got %q", maxSquares, got)
	}
}

func TestWhoIsBehind(t *testing.T) {
	t.Parallel()
	r := idle(12)
	for i := range r.Commands[4].Partition {
		r.Commands[4].Partition[i] = PartitionReading{Partition: int32(i), Lag: 10, Oldest: noon.Add(-time.Duration(i+1) * time.Minute)}
	}
	r.Commands[5].Partition[3] = PartitionReading{Partition: 3, Paused: "topic made anew", Broken: true}
	r.Commands[6].Partition[2] = PartitionReading{Partition: 2, Paused: "gate", Lag: 5} // none has been fetched
	r.Commands[6].Partition[1] = PartitionReading{Partition: 1, Paused: "gate"}         // and none is there
	cells := viewOf(r, r).cells()
	expect(t, cells, map[string]string{
		"b.0.name": r.Commands[5].Name + " / 3", "b.0.why": "stands still: topic made anew [bad]", "b.0.age": "–",
		"b.1.name": r.Commands[4].Name + " / 11", "b.1.age": "12 min", "b.1.why": "at work [off]",
		"b.rest": "and 6 more that are less behind [off]", "b.none": " [none]",
	})
	expect(t, viewOf(idle(2), idle(2)).cells(), map[string]string{"b.none": " [off]", "b": " [none]", "b.0": " [none]"})
}

func TestOutcomesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	then, now := idle(1), idle(1)
	then.Outcomes = []OutcomeCount{{"customer.create", "FAILED", "z", 10}}
	now.Outcomes = []OutcomeCount{
		{"customer.create", "FAILED", "z", 110}, {"customer.update", "FAILED", "z", 20},
		{"customer.create", "SUCCEEDED", "b", 1}, {"customer.create", "SUCCEEDED", "a", 2}, {"customer.create", "IN_DOUBT", "bank.no_answer", 3},
	}
	expect(t, viewOf(then, now).cells(), map[string]string{
		"o.0.status": "SUCCEEDED [ok]", "o.0.code": "a", "o.1.code": "b", "o.2.status": "FAILED [bad]", "o.2.n": "130", "o.2.rate": "12",
		"o.3.status": "IN_DOUBT [bad]", "o.3.meaning": meanings["bank.no_answer"], "o.4": " [none]", "o.rest": "and 0 kinds that are rarer [none]",
	})
	for i := range 40 {
		now.Outcomes = append(now.Outcomes, OutcomeCount{"customer.create", "REJECTED", fmt.Sprintf("code.%02d", i), uint64(i)})
	}
	expect(t, viewOf(then, now).cells(), map[string]string{"o.rest": "and 20 kinds that are rarer [off]", "o.0.code": "code.17", "o.23.code": "z"})
}

func TestWhereTheProcessorStands(t *testing.T) {
	t.Parallel()
	r := idle(2)
	r.Takeovers, r.TakeoverTime = 14, 33*time.Millisecond
	r.LastCommit = noon.Add(-1500 * time.Millisecond)
	r.Groups[0].Running, r.Groups[0].Limit = 32, 64
	r.Checks[0].Reason, r.Checks[1].Reason = "draining", "a file is gone"
	cells := viewOf(r, r).cells()
	expect(t, cells, map[string]string{
		"m.phase": "running [ok]", "m.generation": "3", "m.lease": "held for 19 s [ok]", "m.commit": "1 s ago", "m.takeovers": "14, median 33 ms",
		"g.0.running": "32 of 64", "g.0.state": "closed [ok]", "g.0.why": " [none]", "g.0.next": "–",
		"k.0": "draining [bad]", "k.1": "a file is gone [warn]", "up": "1 h 0 min",
	})
	if got := cells.Levels["g.0"]; got != .5 {
		t.Errorf("want a half, got %g", got)
	}
	if _, shown := cells.Texts["k.2"]; shown {
		t.Error("a check that the banks' table shows is shown twice")
	}
	expect(t, viewOf(Reading{}, Reading{}).cells(), map[string]string{"m.lease": "not held [bad]", "m.commit": "none yet", "m.generation": "–", "m.takeovers": "0"})
}
