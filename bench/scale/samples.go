package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"bankprocessor/bench/drive"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/topics"
)

// busy is the command that all of the load is.
const busy = command.DBSInvoiceUpsert

var (
	names        = topics.Config{}.WithDefaults()
	commandTopic = names.Command(busy)
)

// samples are one command and what the processor itself writes for it, for their sizes.
type samples struct {
	codec                     *codec.Codec
	attempt                   command.Attempt
	command, attempted, ended kafka.Record
}

// sink is a producers.Writer that keeps the last record.
type sink struct{ last kafka.Record }

func (s *sink) Produce(_ context.Context, r kafka.Record) (int64, error) {
	s.last = r
	return 0, nil
}

func (s *sink) Partitions(context.Context, string) (int32, error) { return 1, nil }

func newSamples() (s samples, err error) {
	if s.codec, err = codec.New(codec.Options{}); err != nil {
		return s, fmt.Errorf("building the codec: %w", err)
	}
	if s.command, err = sampleCommand(); err != nil {
		return s, err
	}
	id := commandID(0, 0)
	s.attempt = command.Attempt{
		CommandID: id, Command: busy, Number: 1, ChannelRequestID: id,
		Operation: command.InsertInvoice, StartedAt: time.UnixMilli(1_700_000_000_000).UTC(),
	}
	var w sink
	p := producers.NewPublisher(&w, producers.PublisherConfig{
		Encoder: s.codec, Names: names, Observer: producers.NopObserver{}, Log: slog.New(slog.DiscardHandler),
	})
	m := &command.Message{
		Topic: commandTopic, Name: busy, Key: s.command.Key, Value: s.command.Value,
	}
	ctx := context.Background()
	if _, err = p.Attempt(ctx, m, &s.attempt); err != nil {
		return s, fmt.Errorf("writing the sample's attempt: %w", err)
	}
	s.attempted = w.last
	_, err = p.Outcome(ctx, m, &command.Outcome{
		CommandID: id, Command: busy, Status: command.Succeeded, Code: command.CodeInvoiceAccepted, Category: command.CategoryOK,
		Bank: "interapi", BankCode: "000", ChannelRequestID: id, Attempts: 1, Revision: 1,
		ReceivedAt: s.attempt.StartedAt, CompletedAt: s.attempt.StartedAt,
	})
	s.ended = w.last
	if err != nil {
		return s, fmt.Errorf("writing the sample's outcome: %w", err)
	}
	return s, nil
}

// size is how many bytes a record of the topic has.
func (s *samples) size(topic string) int64 {
	switch topic {
	case commandTopic:
		return sizeOf(s.command)
	case names.Attempts():
		return sizeOf(s.attempted)
	}
	return sizeOf(s.ended)
}

func sizeOf(r kafka.Record) int64 {
	const overhead = 20 // lengths, deltas and the batch's part
	size := overhead + len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		size += 2 + len(h.Key) + len(h.Value)
	}
	return int64(size)
}

// attemptOf is the value of the attempt at that command.
func (s *samples) attemptOf(partition int32, offset int64) []byte {
	a := s.attempt
	a.CommandID, a.Partition, a.Offset = commandID(partition, offset), partition, offset
	value, err := s.codec.EncodeAttempt(&a)
	if err != nil {
		panic(err) // the sample could be encoded
	}
	return value
}

// sampleCommand is one of those that the other benchmarks publish.
func sampleCommand() (kafka.Record, error) {
	invoices, err := drive.NewInvoices(1, 1)
	if err != nil {
		return kafka.Record{}, fmt.Errorf("making a command: %w", err)
	}
	drafts, err := invoices.Draft(names, 1)
	if err != nil {
		return kafka.Record{}, fmt.Errorf("making a command: %w", err)
	}
	r := kafka.Record{Key: drafts[0].Key, Value: drafts[0].Value}
	for _, h := range drafts[0].Headers {
		r.Headers = append(r.Headers, kafka.Header{Key: h.Key, Value: h.Value})
	}
	return r, nil
}
