package app

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bankprocessor/internal/admin"
	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/console"
	"bankprocessor/internal/consumers"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/lease"
	"bankprocessor/internal/telemetry"
	"bankprocessor/internal/topics"
)

// newReader reads metrics and a status of so many partitions.
func newReader(partitions int) (reader, *consumers.Status) {
	status := &consumers.Status{Phase: "running", Generation: 4}
	t := topics.Config{Prefix: "x.", Partitions: int32(partitions)}.WithDefaults()
	for _, topic := range t.Commands() {
		status.Topics = append(status.Topics, consumers.TopicStatus{Topic: topic})
		for p := range partitions {
			status.Partitions = append(status.Partitions, consumers.PartitionStatus{
				TopicPartition: kafka.TopicPartition{Topic: topic, Partition: int32(p)},
			})
		}
	}
	return reader{
		m: telemetry.NewMetrics(""), topics: t, lease: lease.New(time.Minute),
		status: func() consumers.Status { return *status },
	}, status
}

func TestTheConsoleReadsWhatTheMetricsSay(t *testing.T) {
	t.Parallel()
	r, status := newReader(2)
	now := time.Now()
	status.LastAck = now
	status.Topics[0].InFlight, status.Topics[0].Shut = 3, true
	last := &status.Partitions[1]
	last.Lag, last.Buffered, last.Oldest, last.Paused = 70, 5, now, "offset not in log"
	r.lease.Renew(now)
	r.m.FetchedRecords.WithLabelValues("x.customer.create", "0").Add(10)
	r.m.FetchedRecords.WithLabelValues("x.customer.create", "1").Add(20)
	r.m.InDoubt.WithLabelValues("customer.create").Set(2)
	r.m.Completed.WithLabelValues("customer.create", "SUCCEEDED", "customer.created").Add(7)
	r.m.Completed.WithLabelValues("customer.create", "FAILED", "bank.no_answer").Add(1)
	r.m.DeadLetters.WithLabelValues("customer.create", "exhausted", "bank.no_answer").Inc()
	r.m.CallDuration.WithLabelValues("customer.create").Observe(.1)
	r.m.TakeoverDuration.WithLabelValues("x.customer.create").Observe(.5)
	r.m.TakeoverDuration.WithLabelValues("x.customer.update").Observe(.5)
	r.checks = []admin.Check{
		{Name: "intake", Ready: func() error { return errors.New("joining") }},
		{Name: "files", Optional: true, Ready: func() error { return nil }},
	}
	got := r.read()
	if got.Phase != "running" || got.Generation != 4 || !got.LastCommit.Equal(now) || !got.LeaseHeld || got.LeaseLeft <= 0 {
		t.Errorf("unexpected membership: %+v", got)
	}
	if ms := got.TakeoverTime.Milliseconds(); got.Takeovers != 2 || ms < 450 || ms > 550 {
		t.Errorf("want 2 takeovers of half a second, got %d of %d ms", got.Takeovers, ms)
	}
	if len(got.Commands) != 7 {
		t.Fatalf("want seven commands, got %d", len(got.Commands))
	}
	first := got.Commands[0]
	if calls := first.Calls.Count(); calls != 1 {
		t.Errorf("want one call, got %d", calls)
	}
	want := console.CommandReading{
		Name: "customer.create", In: 30, Out: 8, InFlight: 3, InDoubt: 2, Shut: true, Of: 2,
		Partition: []console.PartitionReading{{}, {Partition: 1, Lag: 70, Buffered: 5, Oldest: now, Paused: "offset not in log", Broken: true}},
	}
	if diff := cmp.Diff(want, first, cmpopts.IgnoreFields(console.CommandReading{}, "Calls")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]console.CheckReading{{Name: "intake", Reason: "joining"}, {Name: "files", Optional: true}}, got.Checks); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]console.LetterCount{{Command: "customer.create", Reason: "exhausted", Code: "bank.no_answer", N: 1}}, got.Letters); diff != "" {
		t.Error(diff)
	}
	if len(got.Outcomes) != 2 {
		t.Errorf("want two kinds of outcomes, got %v", got.Outcomes)
	}
}

// More partitions than the configuration says are all shown.
func TestTheConsoleShowsPartitionsThatHaveBeenAdded(t *testing.T) {
	t.Parallel()
	r, _ := newReader(6)
	r.topics.Partitions = 2
	if got := r.read().Commands[0]; got.Of != 6 || len(got.Partition) != 6 {
		t.Errorf("want 6 partitions, got %d of %d", len(got.Partition), got.Of)
	}
}

func TestTheConsoleReadsGroups(t *testing.T) {
	t.Parallel()
	now := time.Now()
	got := groupReading(bankapi.GroupState{
		Name: "loanapi.loan", Breaker: "open", Hold: bankapi.HoldDelayed, Why: "why", NextProbe: now, Running: 1, Limit: 2, Waiting: 3,
	})
	want := console.GroupReading{
		Name: "loanapi.loan", Breaker: "open", Hold: "delayed", Throttled: true, Why: "why", NextProbe: now, Running: 1, Limit: 2, Waiting: 3,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The pauses that stand still are those that the intake has.
func TestPausesThatStandStillExist(t *testing.T) {
	t.Parallel()
	for _, m := range telemetry.Catalog() {
		if m.Name != "processor_intake_paused" {
			continue
		}
		for reason := range standsStill {
			if !strings.Contains(m.Values("reason"), "`"+reason+"`") {
				t.Errorf("there is no pause %q", reason)
			}
		}
		return
	}
	t.Error("there is no such metric")
}

// BenchmarkRead is what the console's look costs once a second, at 48 partitions.
func BenchmarkRead(b *testing.B) {
	r, _ := newReader(48)
	for _, topic := range r.topics.Commands() {
		for p := range 48 {
			r.m.FetchedRecords.WithLabelValues(topic, partitionLabel(int32(p))).Inc()
		}
		for i := range 1000 {
			r.m.CallDuration.WithLabelValues(topic).Observe(float64(i) / 1000)
		}
		for _, code := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			r.m.Completed.WithLabelValues(topic, "SUCCEEDED", code).Inc()
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		r.read()
	}
}
