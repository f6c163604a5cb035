package console

import (
	"fmt"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/telemetry"
)

// noon is when the tests' processors are looked at.
var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// idle is a processor with nothing to do.
func idle(partitions int) Reading {
	r := Reading{
		Phase: "running", Generation: 3, LastCommit: noon, LeaseHeld: true, LeaseLeft: 19 * time.Second,
		Checks: []CheckReading{{Name: "intake"}, {Name: "files", Optional: true}},
	}
	for _, name := range command.Names() {
		c := CommandReading{Name: string(name), Of: partitions}
		for p := range partitions {
			c.Partition = append(c.Partition, PartitionReading{Partition: int32(p)})
		}
		r.Commands = append(r.Commands, c)
	}
	for _, name := range []string{"interapi.customer", "interapi.dbs.write", "interapi.dbs.read", "interapi.token", "loanapi.loan", "loanapi.token"} {
		r.Groups = append(r.Groups, GroupReading{Name: name, Breaker: "closed", Limit: 128})
		r.Checks = append(r.Checks, CheckReading{Name: name, Optional: true})
	}
	return r
}

// storm is a processor on its worst day: everything is large, and differs from one
// second to the next.
func storm(partitions, second int, calls telemetry.Distribution) Reading {
	r := idle(partitions)
	r.LeaseHeld, r.Takeovers, r.TakeoverTime = false, 12_345, 98765*time.Millisecond
	for i := range r.Commands {
		c := &r.Commands[i]
		c.In, c.Out = uint64(second*98_765+1e9), uint64(second*87_654+1e9)
		c.InFlight, c.InDoubt, c.Calls = 12_345+second, 1234+second, calls
		for p := range c.Partition {
			c.Partition[p] = PartitionReading{
				Partition: int32(p), Lag: 123_456_789 + int64(second*p), Buffered: 12_345,
				Oldest: noon.Add(-100 * time.Hour), Paused: "offset not in log", Broken: (p+second)%2 == 0,
			}
		}
	}
	for i := range r.Groups {
		r.Groups[i] = GroupReading{
			Name: r.Groups[i].Name, Breaker: "open", Hold: "secret_refused",
			Why:       "gateway.unauthorized: the bank's gateway does not accept our credentials: see subscription_key and app_key",
			NextProbe: noon.Add(time.Hour + time.Duration(second)*time.Second), Running: 100 + second, Limit: 128, Waiting: 12_345 + second,
		}
	}
	for i := range r.Checks {
		r.Checks[i].Reason = "joining: the brokers at broker-1.example.com:9092 and broker-2.example.com:9092 do not answer"
	}
	for i, code := range command.Codes() {
		for _, status := range command.Statuses() {
			r.Outcomes = append(r.Outcomes, OutcomeCount{
				Command: "customer.create", Status: string(status), Code: string(code.Code), N: uint64(1e9 + second*1000*(i+1)),
			})
		}
	}
	for _, reason := range reasons() {
		r.Letters = append(r.Letters, LetterCount{Reason: reason, N: uint64(1e6 + second)})
	}
	return r
}

// calls is a distribution of so many latencies, in seconds.
func calls(t testing.TB, seconds ...float64) telemetry.Distribution {
	t.Helper()
	m := telemetry.NewMetrics("")
	for _, s := range seconds {
		m.CallDuration.WithLabelValues("customer.create").Observe(s)
	}
	return telemetry.Samples(m.CallDuration)[0].Distribution
}

// frameOf is what a page shows of one reading, ten seconds after another.
func viewOf(then, now Reading) view {
	before, after := moment{noon.Add(-window), then}, moment{noon, now}
	return view{now: after, then: before, flows: flows(before, after), recent: map[string]uint64{}, up: time.Hour}
}

// expect compares cells.
func expect(t *testing.T, c cells, want map[string]string) {
	t.Helper()
	for key, text := range want {
		got := fmt.Sprintf("%s [%s]", c.Texts[key], c.States[key])
		if got != text && c.Texts[key] != text {
			t.Errorf("%s: want %q, got %q", key, text, got)
		}
	}
}
