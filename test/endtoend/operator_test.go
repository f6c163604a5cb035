package endtoend

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/app"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
)

// What operators do to a cluster under a running processor.

// A command topic is deleted under a running processor and made anew with more
// records than the old one had. None of them is taken for one that has been done,
// none is run before a person knows, and no other command waits for any of it.
func TestATopicThatIsMadeAnew(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{})
	w.watch()
	a := w.processor()
	topic := w.drafter.Topics.Command(command.DBSLimitQuery)
	queries := func(n int) (ids []string) {
		for range n {
			id, _ := w.send(command.DBSLimitQuery, nil)
			ids = append(ids, id)
		}
		return ids
	}
	old := queries(3)
	succeeds(w, old...)
	committedTo(w, a, topic, 3)

	w.deleteTopics(t.Context(), topic)
	logged(w, "topics are missing: their partitions wait", topic)
	succeeds(w, sendSome(w)...)
	_, err := w.client.CreateMissingTopics(t.Context(), []kafka.TopicSpec{w.specOf(topic)})
	must(t, err)
	fresh := queries(5)
	logged(w, "the topic was deleted and made anew: reading nothing from the partition", topic)
	mentions(t, "the log", w.log.String(), `"action":"stop every processor of the group, set its offset`)
	succeeds(w, sendSome(w)...)
	w.Lock()
	for _, id := range fresh {
		if len(w.outcomes[id]) > 0 {
			t.Errorf("a command of the new topic ended while the position was the old topic's")
		}
	}
	w.Unlock()
	start := time.Now()
	must(t, stop(a))
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("the stop took %v", took)
	}
	// With the topic, its group offsets have gone: nothing is left to be set.
	w.processor()
	succeeds(w, fresh...)
	noLetters(w)
	once(w, append(old, fresh...)...)
}

// An operator takes a processor out of its group while commands are at the bank: it
// comes back by itself, and every command keeps its one outcome.
func TestAMemberThatIsTakenOutComesBack(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{Bank: banksim.Config{
		Latency: banksim.Latency{Fixed: banksim.Duration(300 * time.Millisecond)},
	}})
	w.watch()
	w.processor()
	var ids []string
	for range 2 {
		for range 10 {
			ids = append(ids, sendSome(w)...)
		}
		w.takeOut()
	}
	ids = append(ids, sendSome(w)...)
	succeeds(w, ids...)
	mentions(t, "the log", w.log.String(), "fenced by the group: another member owns the partitions")
	noLetters(w)
	w.Lock()
	defer w.Unlock()
	for _, id := range ids {
		for _, e := range w.outcomes[id] {
			if e.Header("ce_id") != w.outcomes[id][0].Header("ce_id") {
				t.Errorf("%s has two different outcomes", id)
			}
		}
	}
	for _, invoice := range w.bank.Ledger().Invoices {
		if n := invoice.Applied("I"); n != 1 {
			t.Errorf("invoice %s was recorded %d times", invoice.Number, n)
		}
	}
}

// takeOut removes every member of the world's group, once it has one.
func (w *world) takeOut() {
	w.t.Helper()
	group, client := w.config().Intake.Group, w.admin()
	await(w.t, 20*time.Second, "member to take out", func() bool {
		ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Second)
		defer cancel()
		describe := kmsg.NewPtrDescribeGroupsRequest()
		describe.Groups = []string{group}
		described, err := describe.RequestWith(ctx, client)
		must(w.t, err)
		leave := kmsg.NewPtrLeaveGroupRequest()
		leave.Group = group
		for _, m := range described.Groups[0].Members {
			leave.Members = append(leave.Members, kmsg.LeaveGroupRequestMember{MemberID: m.MemberID})
		}
		if described.Groups[0].State != "Stable" || len(leave.Members) == 0 {
			return false
		}
		left, err := leave.RequestWith(ctx, client)
		must(w.t, err)
		return left.ErrorCode == 0 && left.Members[0].ErrorCode == 0
	})
}

// committedTo waits until the group has committed so many records of the topic.
func committedTo(w *world, a *app.App, topic string, records int64) {
	w.t.Helper()
	await(w.t, 20*time.Second, "commit", func() (done bool) {
		var sum int64
		for _, p := range a.Intake().Partitions {
			if p.Topic == topic {
				sum += max(0, p.Committed)
			}
		}
		return sum == records
	})
}

// logged waits for a line that has all of the texts.
func logged(w *world, texts ...string) {
	w.t.Helper()
	await(w.t, 20*time.Second, "word of it in the log: "+texts[0], func() bool {
		for line := range strings.Lines(w.log.String()) {
			missing := 0
			for _, text := range texts {
				if !strings.Contains(line, text) {
					missing++
				}
			}
			if missing == 0 {
				return true
			}
		}
		return false
	})
}

// once fails the test for every command that has not exactly one outcome.
func once(w *world, ids ...string) {
	w.t.Helper()
	w.Lock()
	defer w.Unlock()
	for _, id := range ids {
		if n := len(w.outcomes[id]); n != 1 {
			w.t.Errorf("%s: %d outcomes", id, n)
		}
	}
}
