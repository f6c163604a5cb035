package checker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/topics"
)

// ReadKafka reads everything that stands in the topics, through another client than
// the processor's and without a group.
func ReadKafka(ctx context.Context, brokers []string, names topics.Config) (*History, error) {
	events, err := codec.New(codec.Options{})
	if err != nil {
		return nil, err
	}
	r := &reader{h: &History{}, names: names, events: events, ids: map[string]*Command{}}
	all := []string{names.DeadLetter(), names.Attempts()}
	for _, n := range command.Names() {
		all = append(all, names.Command(n), names.Result(n))
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(all...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		return nil, fmt.Errorf("building the checker's client: %w", err)
	}
	defer client.Close()
	left, err := ends(ctx, client, all)
	if err != nil {
		return nil, err
	}
	var records []*kgo.Record
	for len(left) > 0 {
		fetches := client.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("reading the topics, with %d partitions left: %w", len(left), err)
		}
		fetches.EachRecord(func(rec *kgo.Record) {
			records = append(records, rec)
			p := Partition{rec.Topic, rec.Partition}
			if end, ok := left[p]; ok && rec.Offset >= end-1 {
				delete(left, p)
			}
		})
	}
	slices.SortFunc(records, func(a, b *kgo.Record) int {
		if a.Topic != b.Topic {
			return strings.Compare(a.Topic, b.Topic)
		}
		return int(a.Offset - b.Offset)
	})
	for _, rec := range records {
		if err := r.take(ctx, rec); err != nil {
			r.h.Unreadable = append(r.h.Unreadable, fmt.Sprintf("%s: %v", placeOf(rec), err))
		}
	}
	return r.h, nil
}

// ends are the ends of all partitions that are not empty.
func ends(ctx context.Context, client *kgo.Client, names []string) (map[Partition]int64, error) {
	partitions, err := partitionsOf(ctx, client, names)
	if err != nil {
		return nil, err
	}
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID = -1
	for topic, count := range partitions {
		t := kmsg.NewListOffsetsRequestTopic()
		t.Topic = topic
		for p := range count {
			part := kmsg.NewListOffsetsRequestTopicPartition()
			part.Partition, part.Timestamp, part.CurrentLeaderEpoch = p, -1, -1
			t.Partitions = append(t.Partitions, part)
		}
		req.Topics = append(req.Topics, t)
	}
	res, err := req.RequestWith(ctx, client)
	if err != nil {
		return nil, fmt.Errorf("listing the topics' ends: %w", err)
	}
	all := map[Partition]int64{}
	for _, t := range res.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return nil, fmt.Errorf("listing the end of %s[%d]: %w", t.Topic, p.Partition, err)
			}
			if p.Offset > 0 {
				all[Partition{t.Topic, p.Partition}] = p.Offset
			}
		}
	}
	return all, nil
}

func partitionsOf(ctx context.Context, client *kgo.Client, names []string) (map[string]int32, error) {
	req := kmsg.NewPtrMetadataRequest()
	for _, name := range names {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(name)
		req.Topics = append(req.Topics, t)
	}
	res, err := req.RequestWith(ctx, client)
	if err != nil {
		return nil, fmt.Errorf("looking for the topics: %w", err)
	}
	counts := map[string]int32{}
	for _, t := range res.Topics {
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			return nil, fmt.Errorf("looking for %s: %w", *t.Topic, err)
		}
		counts[*t.Topic] = int32(len(t.Partitions))
	}
	return counts, nil
}

// reader turns records into a history.
type reader struct {
	h      *History
	names  topics.Config
	events *codec.Codec
	ids    map[string]*Command
}

func placeOf(rec *kgo.Record) Place { return Place{rec.Topic, rec.Partition, rec.Offset} }

func (r *reader) take(ctx context.Context, rec *kgo.Record) error {
	if name, ok := r.names.CommandOf(rec.Topic); ok {
		return r.command(ctx, name, rec)
	}
	switch rec.Topic {
	case r.names.DeadLetter():
		r.h.Letters = append(r.h.Letters, Letter{
			CommandID: Header(rec, "dlq-command-id"), Reason: Header(rec, "dlq-reason"), Code: Header(rec, "dlq-code"),
			Place: placeOf(rec), At: rec.Timestamp,
		})
		return nil
	case r.names.Attempts():
		a, err := r.events.DecodeAttempt(rec.Value)
		if err != nil {
			return err
		}
		r.h.Attempts = append(r.h.Attempts, Attempt{a, placeOf(rec), rec.Timestamp})
		return nil
	}
	name, ok := command.ParseName(strings.TrimSuffix(strings.TrimPrefix(rec.Topic, r.names.Prefix), ".result"))
	if !ok {
		return errors.New("a topic of no kind")
	}
	return r.outcome(ctx, name, rec)
}

// command reads a command. One whose id has been there before, in the same topic, is
// the same one.
func (r *reader) command(ctx context.Context, name command.Name, rec *kgo.Record) error {
	c, err := r.events.Decode(ctx, &command.Message{Topic: rec.Topic, Name: name, Value: rec.Value})
	if err != nil {
		return err
	}
	if known := r.ids[c.ID]; known != nil {
		known.Again = append(known.Again, placeOf(rec))
		return nil
	}
	made := &Command{
		Command: c, Place: placeOf(rec), At: rec.Timestamp, Key: string(rec.Key),
		Trace: TraceID(Header(rec, "traceparent")),
	}
	r.ids[c.ID] = made
	r.h.Commands = append(r.h.Commands, made)
	return nil
}

// outcome reads an outcome, and holds its headers to what it says itself.
func (r *reader) outcome(ctx context.Context, name command.Name, rec *kgo.Record) error {
	o, err := r.events.DecodeOutcome(ctx, name, rec.Value)
	if err != nil {
		return err
	}
	for header, want := range map[string]string{
		command.HeaderSubject: o.CommandID, "ce_status": string(o.Status), "ce_code": string(o.Code),
		"ce_id": codec.EventID(o.CommandID, o.Revision),
	} {
		if got := Header(rec, header); got != want {
			r.h.Unreadable = append(r.h.Unreadable, fmt.Sprintf("%s: header %s says %q, the event %q", placeOf(rec), header, got, want))
		}
	}
	r.h.Outcomes = append(r.h.Outcomes, Outcome{o, placeOf(rec), rec.Timestamp, Header(rec, "ce_id"), rec.Value})
	return nil
}

// Header is the value of a record's header, "" where it has none.
func Header(rec *kgo.Record, name string) string {
	for _, h := range rec.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}
