package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"bankprocessor/internal/app"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// javaGroup is Groups.java's output.
type javaGroup struct {
	Listed   bool
	State    string
	Assignor string
	Members  []struct {
		MemberID, ClientID, Host string
		Partitions               []string
	}
	Offsets []struct {
		Partition   string
		Offset, Lag int64
		Metadata    string
	}
}

// Two processors share the commands. Kafka's own admin client, which is what
// kafka-consumer-groups is made of, reads the group: who owns what, how far it is.
func TestOurGroupIsReadableForKafkasTools(t *testing.T) {
	t.Parallel()
	w := openInterop(t, 3)
	first, second := w.processor(), w.processor()
	all := 7 * int(w.topics.Partitions)
	w.await("group of two", func() bool {
		a, b := len(first.Intake().Partitions), len(second.Intake().Partitions)
		return a > 0 && b > 0 && a+b == all && running(first) && running(second)
	})
	java := w.javaPublisher()
	java.open("plain", nil)
	var sent []sample
	for i := range 30 {
		s := w.sample(command.DBSLimitQuery, map[string]any{"dealerCode": fmt.Sprint(1000 + i)})
		java.send("plain", s, javaJSON)
		sent = append(sent, s)
	}
	for _, s := range sent {
		w.outcome(s.id)
	}
	w.caughtUp(command.DBSLimitQuery)

	var group javaGroup
	w.must(json.Unmarshal([]byte(startJava(t, "Groups", w.bootstrap(), w.group()).hear()), &group))
	if !group.Listed || group.State != "Stable" || group.Assignor != "spread" || len(group.Members) != 2 {
		t.Errorf("the group is %+v", group)
	}
	owned := map[string]string{}
	for _, m := range group.Members {
		if !strings.HasPrefix(m.ClientID, "bank-processor-") || !strings.HasPrefix(m.MemberID, m.ClientID) || m.Host == "" {
			t.Errorf("a member is called %s, its client %s, at %q", m.MemberID, m.ClientID, m.Host)
		}
		for _, p := range m.Partitions {
			if owned[p] != "" {
				t.Errorf("%s is owned twice", p)
			}
			owned[p] = m.MemberID
		}
	}
	if len(owned) != all {
		t.Errorf("%d of %d partitions are owned", len(owned), all)
	}
	committed := int64(0)
	for _, o := range group.Offsets {
		if owned[o.Partition] == "" || o.Lag != 0 || !strings.HasPrefix(o.Metadata, "bp2.") {
			t.Errorf("%s: owner %q, offset %d, lag %d, metadata %q", o.Partition, owned[o.Partition], o.Offset, o.Lag, o.Metadata)
		}
		if strings.HasPrefix(o.Partition, w.topics.Command(command.DBSLimitQuery)+"-") {
			committed += o.Offset
		}
	}
	if committed != int64(len(sent)) {
		t.Errorf("%d commands are committed, %d were published", committed, len(sent))
	}
}

func running(a *app.App) bool { return a.Intake().Phase == "running" }

// caughtUp waits until the group has committed the ends of a command's partitions.
func (w *interop) caughtUp(name command.Name) {
	w.t.Helper()
	var parts []kafka.TopicPartition
	for p := range w.topics.Partitions {
		parts = append(parts, kafka.TopicPartition{Topic: w.topics.Command(name), Partition: p})
	}
	w.await("commit of the log's end", func() bool {
		committed, err := w.client.CommittedOffsets(w.t.Context(), w.group(), parts)
		w.must(err)
		ranges, err := w.client.LogRange(w.t.Context(), parts)
		w.must(err)
		for _, tp := range parts {
			if committed[tp].Offset != ranges[tp].Next {
				return false
			}
		}
		return true
	})
}
