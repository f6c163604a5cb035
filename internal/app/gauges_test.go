package app_test

import (
	"regexp"
	"strconv"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
)

// While a bank refuses us, whoever looks sees how old the oldest command is, that it
// waits, and when it will be tried again; afterwards, how long it has waited.
func TestWhatACommandWaitsForIsShown(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{Topics: topics.Config{Partitions: 1}})
	b.cfg.Banks.InterAPI.DBSRead.PauseInitial = 2 * time.Second
	id, err := b.box.Bank().AddFault(banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: 403})
	if err != nil {
		t.Fatal(err)
	}
	w := b.watch(downstream.Options{})
	a := b.start()
	value := func(series string) float64 {
		_, body := get(t, a, "/metrics")
		found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(body)
		if found == nil {
			return -1
		}
		n, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const (
		age     = `processor_intake_watermark_age_seconds{partition="0",topic="dbs.limit.query"}`
		probe   = `processor_bank_probe_seconds{group="interapi.dbs.read"}`
		waiting = `processor_bank_commands_waiting{group="interapi.dbs.read"}`
		waits   = `processor_command_wait_seconds_count{group="interapi.dbs.read"}`
		waited  = `processor_command_wait_seconds_sum{group="interapi.dbs.read"}`
	)
	b.await("a partition", func() bool { return value(age) == 0 })
	if value(probe) != 0 || value(waits) != -1 {
		t.Errorf("the next probe is in %v s, %v have waited, before anything has happened", value(probe), value(waits))
	}
	b.send(command.DBSLimitQuery, limitQuery)
	b.await("a command that waits", func() bool { return value(waiting) == 1 && value(age) > 0 && value(probe) > 0 })
	if now := value(probe); now > 2 {
		t.Errorf("the next probe is in %v s", now)
	}
	b.box.Bank().ClearFaults(id)
	b.take(w, 1)
	b.await("calm", func() bool { return value(age) == 0 && value(probe) == 0 && value(waits) >= 1 })
	if sum := value(waited); sum <= 0 || sum > 30 {
		t.Errorf("waited for %v s", sum)
	}
}
