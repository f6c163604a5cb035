package endtoend

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
	"bankprocessor/internal/upstream"
)

// grow gives topics more partitions, as `kafka-topics.sh --alter` does.
func (w *world) grow(partitions int32, names ...string) {
	w.t.Helper()
	req := kmsg.NewPtrCreatePartitionsRequest()
	req.TimeoutMillis = 10_000
	for _, name := range names {
		topic := kmsg.NewCreatePartitionsRequestTopic()
		topic.Topic, topic.Count = name, partitions
		req.Topics = append(req.Topics, topic)
	}
	answer, err := req.RequestWith(w.t.Context(), w.oldAdmin())
	must(w.t, err)
	for _, topic := range answer.Topics {
		if topic.ErrorCode != 0 {
			w.t.Fatalf("giving %s more partitions: error %d", topic.Topic, topic.ErrorCode)
		}
	}
	await(w.t, 20*time.Second, "leader of every new partition", func() bool {
		leaders, err := w.client.Leaders(w.t.Context(), names...)
		if err != nil {
			return false
		}
		led := 0
		for _, leader := range leaders {
			if leader >= 0 {
				led++
			}
		}
		w.client.RefreshMetadata()
		return led == int(partitions)*len(names)
	})
}

// freshSender is an upstream that starts now, in place of the one before.
func (w *world) freshSender() {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	must(w.t, w.sender.Close(ctx))
	sender, err := upstream.NewSender(ctx, w.client, slog.New(slog.DiscardHandler))
	must(w.t, err)
	w.sender = sender // which is closed with the world
}

// readFirst are the topics that must have the partitions before the command topics do.
func (w *world) readFirst() (names []string) {
	for _, name := range command.Names() {
		names = append(names, w.drafter.Topics.Result(name))
	}
	return append(names, w.drafter.Topics.Attempts())
}

// moved returns a key that stands on a partition that is new.
func moved(before, after int32) string {
	for i := 0; ; i++ {
		if key := fmt.Sprintf("SOLEN|%04d", i); kafka.PartitionOf([]byte(key), after) >= before {
			return key
		}
	}
}

// Commands, results and attempts get more partitions, in the order of the procedure in
// docs/operations/scaling.md: with upstream held back and all commands done. A running
// processor takes the new partitions in by itself, and so does one that starts.
func TestMorePartitions(t *testing.T) {
	t.Parallel()
	for name, running := range map[string]bool{"under a running processor": true, "between two processors": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const before, after = 2, 6
			w := openWorld(t, sandbox.Options{Topics: topics.Config{Partitions: before}})
			w.watch()
			a := w.processor(quickly)
			key := moved(before, after)
			query := w.draft(command.DBSLimitQuery, nil)
			query.Record.Key = []byte(key)
			w.publish(query.Record)
			succeeds(w, query.Command.ID)
			if !running {
				must(t, stop(a))
			}

			w.grow(after, w.readFirst()...)
			w.grow(after, w.drafter.Topics.Commands()...)
			w.drafter.Topics.Partitions = after
			if !running {
				a = w.processor(quickly)
			}
			if err := topics.Check(t.Context(), w.client, w.drafter.Topics); err != nil {
				t.Error(err)
			}

			// Upstream and the watcher look at the topics as anybody who starts now does.
			w.freshSender()
			w.watch()
			next := w.draft(command.DBSLimitQuery, nil)
			next.Record.Key = []byte(key)
			sent := w.publish(next.Record)[0]
			if sent.Partition < before {
				t.Fatalf("the command is on partition %d, which is not new", sent.Partition)
			}
			succeeds(w, next.Command.ID)
			w.Lock()
			at := w.outcomes[next.Command.ID][0].Record.Partition
			w.Unlock()
			if at != sent.Partition {
				t.Errorf("the outcome is on partition %d, its command on %d", at, sent.Partition)
			}

			// An id from before whose key has moved is another command: its partition's
			// history has never heard of it. That is why upstream is held back.
			seq := w.lastBankCall()
			again := w.publish(query.Record)[0]
			await(t, 20*time.Second, "second outcome of the first command", func() bool {
				w.Lock()
				defer w.Unlock()
				on := map[int32]bool{}
				for _, e := range w.outcomes[query.Command.ID] {
					on[e.Record.Partition] = true
				}
				return on[again.Partition]
			})
			if calls := w.bankCalls(seq, banksim.MethodLimit, ""); len(calls) != 1 {
				t.Errorf("the bank saw %v", calls)
			}
			must(t, stop(a))
		})
	}
}

// The command topics grow before the others do: commands on the new partitions wait
// until there is a place for their outcomes.
func TestMorePartitionsOfCommandsAlone(t *testing.T) {
	t.Parallel()
	const before, after = 2, 6
	w := openWorld(t, sandbox.Options{Topics: topics.Config{Partitions: before}})
	w.watch()
	a := w.processor(quickly)
	w.grow(after, w.drafter.Topics.Commands()...)
	w.drafter.Topics.Partitions = after
	query := w.draft(command.DBSLimitQuery, nil)
	query.Record.Key = []byte(moved(before, after))
	sent := w.publish(query.Record)[0]
	logged(w, "reading a partition's past failed", fmt.Sprintf(`"partition":%d`, sent.Partition), sent.Topic)
	if calls := w.bank.Calls(0); len(calls) > 0 {
		t.Errorf("%d calls for commands whose outcomes have no place", len(calls))
	}
	w.grow(after, w.readFirst()...)
	w.watch() // the first watcher knows the partitions that there were
	succeeds(w, query.Command.ID)
	must(t, stop(a))
}
