package deadletters_test

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/kafka"
)

// pile writes dead letters straight into their topic, n in all, on both partitions, of
// moments that a second lies between. Every tenth is in doubt.
func (w *world) pile(n int, at time.Time) {
	w.t.Helper()
	h := func(name, value string) kafka.Header { return kafka.Header{Key: name, Value: []byte(value)} }
	value := []byte(strings.Repeat("x", 400))
	for from := 0; from < n; from += 2000 {
		var batches [2][]kafka.Record
		for i := from; i < min(n, from+2000); i++ {
			reason := "exhausted"
			if i%10 == 0 {
				reason = "in-doubt"
			}
			moment := at.Add(time.Duration(i) * time.Second).UTC()
			batches[i%2] = append(batches[i%2], kafka.Record{
				Key: []byte("key-" + strconv.Itoa(i%7)), Value: value, Time: moment,
				Headers: []kafka.Header{
					h("dlq-original-headers", "0"), h("dlq-reason", reason), h("dlq-code", "dbs.bank.unexpected_error"), h("dlq-message", "a text"),
					h("dlq-attempts", "2"), h("dlq-topic", w.topics.Command(name)), h("dlq-partition", "0"), h("dlq-offset", strconv.Itoa(i)),
					h("dlq-failed-at", moment.Format(time.RFC3339Nano)), h("dlq-command-id", id(i)), h("dlq-status", "FAILED"),
				},
			})
		}
		for p, records := range batches {
			tp := kafka.TopicPartition{Topic: w.topics.DeadLetter(), Partition: int32(p)}
			done, err := w.client.Produce(w.t.Context(), []kafka.ProducePartition{{TopicPartition: tp, Records: records}}, 10*time.Second)
			if err != nil || done[0].Err != nil {
				w.t.Fatal(err, done)
			}
		}
	}
}

// whole looks until everything is read.
func whole(t *testing.T, x *deadletters.Index, f deadletters.Filter, after deadletters.Spot) deadletters.Listing {
	t.Helper()
	for range 100 {
		l, err := x.Look(t.Context(), f, after, 50, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if l.Unread == 0 {
			return l
		}
	}
	t.Fatal("the index never comes to the end")
	return deadletters.Listing{}
}

// However many letters there are, a look costs what a page costs, and the index holds
// no more than it may. It counts memory, and so runs alone.
func TestTheIndexIsBounded(t *testing.T) {
	w := setup(t)
	letters, limit := 100_000, 60_000
	if testing.Short() {
		letters, limit = 5_000, 3_000
	}
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w.pile(letters, begin)
	x := w.NewIndex(limit)
	if l, err := x.Look(t.Context(), deadletters.Filter{}, deadletters.Spot{}, 50, time.Nanosecond); err != nil || l.Unread == 0 || len(l.Entries) > 0 {
		t.Errorf("a look without patience: %d entries, %d unread, %v", len(l.Entries), l.Unread, err)
	}
	before := heap()
	l := whole(t, x, deadletters.Filter{}, deadletters.Spot{})
	if used := heap() - before; used > int64(limit)*400 {
		t.Errorf("the index takes %d bytes a letter", used/int64(limit))
	}
	if l.Kept != limit || !l.Older || l.Matching != limit || len(l.Entries) != 50 || l.Unreadable != 0 {
		t.Errorf("kept %d, older %t, matching %d, listed %d", l.Kept, l.Older, l.Matching, len(l.Entries))
	}
	if newest := l.Entries[0].Letter; newest.CommandID != id(letters-1) || len(newest.Record.Value) > 0 || len(newest.Headers) > 0 {
		t.Errorf("the first is %+v", newest)
	}
	// What a look allocates does not grow with what there is.
	if allocs := testing.AllocsPerRun(3, func() { whole(t, x, deadletters.Filter{Reason: command.ReasonInDoubt}, deadletters.Spot{}) }); allocs > 3_000 {
		t.Errorf("a look at what was read allocates %.0f times", allocs)
	}
	runtime.KeepAlive(x)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestTheIndexFollowsFiltersAndTurns(t *testing.T) {
	t.Parallel()
	w := setup(t)
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w.pile(230, begin)
	x := w.NewIndex(1000)
	var seen []string
	after := deadletters.Spot{}
	for page := range 20 {
		l := whole(t, x, deadletters.Filter{}, after)
		if l.Before != len(seen) || l.Matching != 230 {
			t.Errorf("page %d: %d before, %d matching", page, l.Before, l.Matching)
		}
		if len(l.Entries) == 0 {
			break
		}
		for _, e := range l.Entries {
			seen = append(seen, e.Letter.CommandID)
		}
		last := l.Entries[len(l.Entries)-1].Letter.Record
		after = deadletters.SpotAt(last.Partition, last.Offset)
	}
	var want []string
	for i := range 230 {
		want = append(want, id(229-i))
	}
	if !slices.Equal(seen, want) {
		t.Errorf("got %v", seen)
	}
	for what, tt := range map[string]struct {
		f    deadletters.Filter
		want int
	}{
		"reason": {deadletters.Filter{Reason: command.ReasonInDoubt}, 23}, "key": {deadletters.Filter{Key: "key-1"}, 33},
		"since": {deadletters.Filter{Since: begin.Add(200 * time.Second)}, 30}, "until": {deadletters.Filter{Until: begin.Add(10 * time.Second)}, 10},
		"open": {deadletters.Filter{State: deadletters.StateOpen}, 230}, "replayed": {deadletters.Filter{State: deadletters.StateReplayed}, 0},
		"command": {deadletters.Filter{Command: name}, 230}, "another": {deadletters.Filter{Command: command.LoanIncomeSubmit}, 0},
		"code": {deadletters.Filter{Code: "nope"}, 0}, "sealed": {deadletters.Filter{KeyID: "1"}, 0},
	} {
		if l := whole(t, x, tt.f, deadletters.Spot{}); l.Matching != tt.want {
			t.Errorf("%s: %d match, want %d", what, l.Matching, tt.want)
		}
	}
	// What is written later is read with the next look, and nothing twice.
	w.pile(10, begin.Add(time.Hour))
	w.produce(kafka.Record{Topic: w.topics.DeadLetter(), Key: []byte("k"), Value: []byte("no dead letter")})
	if l := whole(t, x, deadletters.Filter{}, deadletters.Spot{}); l.Matching != 240 || l.Unreadable != 1 || l.Older {
		t.Errorf("later: %+v", l)
	}
}

// What the topic has deleted by age goes out of the index, too.
func TestTheIndexForgets(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.pile(40, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	x := w.NewIndex(1000)
	whole(t, x, deadletters.Filter{}, deadletters.Spot{})
	client, err := kgo.NewClient(kgo.SeedBrokers(w.brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	req := kmsg.NewDeleteRecordsRequest()
	req.TimeoutMillis = 10_000
	topic := kmsg.NewDeleteRecordsRequestTopic()
	topic.Topic = w.topics.DeadLetter()
	for p, to := range []int64{15, 20} {
		partition := kmsg.NewDeleteRecordsRequestTopicPartition()
		partition.Partition, partition.Offset = int32(p), to
		topic.Partitions = append(topic.Partitions, partition)
	}
	req.Topics = append(req.Topics, topic)
	if _, err := client.Request(t.Context(), &req); err != nil {
		t.Fatal(err)
	}
	l := whole(t, x, deadletters.Filter{}, deadletters.Spot{})
	if l.Kept != 5 || l.Matching != 5 || l.Older || l.Entries[4].Letter.CommandID != id(30) {
		t.Errorf("got %+v", l)
	}
}

// What has been done shows at once.
func TestTheIndexKnowsTheStates(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.dead(1, command.InDoubt, command.CodeInvoiceUnresolved)
	x := w.NewIndex(10)
	if l := whole(t, x, deadletters.Filter{State: deadletters.StateOpen}, deadletters.Spot{}); l.Matching != 1 {
		t.Fatalf("got %+v", l)
	}
	if _, err := w.Resolve(t.Context(), deadletters.Resolution{By: ayse, Ref: ref, As: command.Succeeded, Why: "the bank's list has it"}); err != nil {
		t.Fatal(err)
	}
	l := whole(t, x, deadletters.Filter{State: deadletters.StateResolved}, deadletters.Spot{})
	if len(l.Entries) != 1 || l.Entries[0].Status != command.Succeeded {
		t.Errorf("got %+v", l)
	}
}

func TestTheTrailInPages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.dead(1, command.InDoubt, command.CodeInvoiceUnresolved)
	if lines, older, err := w.TrailPage(t.Context(), 0, 5); len(lines) != 0 || older || err != nil {
		t.Errorf("before anything is done: %v, %t, %v", lines, older, err)
	}
	found, err := w.Find(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		if _, err := w.Show(t.Context(), found[0], deadletters.ShowOptions{Reveal: true, By: ayse, Why: fmt.Sprint("look ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	var all []string
	before, more := int64(0), true
	for pages := 0; more && pages < 10; pages++ {
		var lines []deadletters.TrailLine
		if lines, more, err = w.TrailPage(t.Context(), before, 5); err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			all, before = append(all, l.Why), l.Offset
		}
	}
	if len(all) != 12 || all[0] != "look 11" || all[11] != "look 0" {
		t.Errorf("got %q", all)
	}
}
