package main

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// naive is the loop that everybody writes first, once per partition: read, call,
// write, commit.
func naive(ctx context.Context, o options, b *bank) error {
	partitions, err := partitionsOf(ctx, o)
	if err != nil {
		return err
	}
	return readers(ctx, o, b, partitions)
}

// naiveOne is that loop once.
func naiveOne(ctx context.Context, o options, b *bank) error { return readers(ctx, o, b, 1) }

func partitionsOf(ctx context.Context, o options) (int, error) {
	connection, err := kafka.DialContext(ctx, "tcp", o.broker)
	if err != nil {
		return 0, fmt.Errorf("connecting: %w", err)
	}
	defer func() { _ = connection.Close() }()
	found, err := connection.ReadPartitions(o.commands)
	return len(found), err
}

func readers(ctx context.Context, o options, b *bank, n int) error {
	writer := &kafka.Writer{
		Addr: kafka.TCP(o.broker), Topic: o.results, Balancer: kafka.Murmur2Balancer{}, RequiredAcks: kafka.RequireAll,
		BatchSize: 1, // one at a time: nothing to wait for
	}
	defer func() { _ = writer.Close() }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, n)
	for range n {
		reader := kafka.NewReader(kafka.ReaderConfig{
			Brokers: []string{o.broker}, GroupID: o.group, Topic: o.commands, StartOffset: kafka.FirstOffset,
			MinBytes: 1, MaxBytes: 1 << 20, MaxWait: 100 * time.Millisecond, JoinGroupBackoff: 250 * time.Millisecond,
		})
		go func() {
			err := loop(ctx, reader, writer, b)
			_ = reader.Close()
			ended <- err
		}()
	}
	err := <-ended
	cancel()
	for range n - 1 {
		<-ended
	}
	return err
}

func loop(ctx context.Context, reader *kafka.Reader, writer *kafka.Writer, b *bank) error {
	for {
		command, err := reader.FetchMessage(ctx)
		if err != nil {
			return fmt.Errorf("reading a command: %w", err)
		}
		answer, err := b.post(ctx, string(command.Key), string(header(command, headerNumber)))
		if err != nil {
			return err
		}
		if err := writer.WriteMessages(ctx, kafka.Message{Key: command.Key, Value: answer, Headers: []kafka.Header{
			{Key: headerSubject, Value: header(command, headerID)}, {Key: headerStatus, Value: []byte(succeeded)},
		}}); err != nil {
			return fmt.Errorf("writing an outcome: %w", err)
		}
		if err := reader.CommitMessages(ctx, command); err != nil {
			return fmt.Errorf("committing: %w", err)
		}
	}
}

func header(m kafka.Message, name string) []byte {
	for _, h := range m.Headers {
		if h.Key == name {
			return h.Value
		}
	}
	return nil
}
