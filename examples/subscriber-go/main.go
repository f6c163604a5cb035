// Subscriber-go is a whole subscriber to the outcomes of all seven commands, to be
// copied and changed: docs/subscribers.md walks through it. It books every outcome
// once, into a file, whatever kills it in between:
//
//	go run ./examples/subscriber-go --brokers 127.0.0.1:9092 --store outcomes.ndjson
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		slog.Error("the subscriber has ended; nothing is committed that is not stored", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	brokers := flag.String("brokers", "127.0.0.1:9092", "brokers, host:port, separated by commas")
	group := flag.String("group", "subscriber-go", "consumer group")
	prefix := flag.String("prefix", "", "prefix of the topics (topics.prefix of the processor)")
	schemas := flag.String("schemas", "schemas", "directory of the .avsc files")
	registry := flag.String("registry", "", "schema registry, where results are in Confluent's wire format")
	path := flag.String("store", "outcomes.ndjson", "file that the outcomes are booked in")
	flag.Parse()

	values, err := newValues(*schemas, *registry)
	if err != nil {
		return err
	}
	book, err := openStore(*path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.file.Close()) }()
	consumer, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(*brokers, ",")...), kgo.ConsumerGroup(*group),
		kgo.ConsumeTopics(resultTopics(*prefix)...), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.DisableAutoCommit(),           // of what has been handed out, stored or not
		kgo.BlockRebalanceOnPoll(),        // nobody else is given what is being taken here
		kgo.FetchMaxBytes(8<<20),          // bounds what one round takes
		kgo.RebalanceTimeout(time.Minute), // longer than a round takes
	)
	if err != nil {
		return fmt.Errorf("configuring consumer: %w", err)
	}
	defer consumer.CloseAllowingRebalance()
	return consume(ctx, consumer, subscriber{*prefix, values, book})
}

// resultTopics are the seven commands' with ".result" behind them.
func resultTopics(prefix string) (topics []string) {
	for _, command := range []string{
		"customer.create", "customer.update", "customer.complete", "loan.income.submit",
		"dbs.limit.query", "dbs.invoice.upsert", "dbs.invoice.results.query",
	} {
		topics = append(topics, prefix+command+".result")
	}
	return topics
}

// consume commits records only once everything that follows from them is stored. An
// error ends it with the round uncommitted: whoever starts it again gets it again.
func consume(ctx context.Context, consumer *kgo.Client, s subscriber) error {
	for ctx.Err() == nil {
		fetches := consumer.PollFetches(ctx)
		if err := fetches.Err(); err != nil && ctx.Err() == nil {
			return fmt.Errorf("fetching: %w", err)
		}
		for record := range fetches.RecordsAll() {
			if err := s.take(ctx, record); err != nil {
				return fmt.Errorf("taking %s/%d@%d: %w", record.Topic, record.Partition, record.Offset, err)
			}
		}
		if err := s.book.file.Sync(); err != nil {
			return fmt.Errorf("storing: %w", err)
		}
		if err := consumer.CommitUncommittedOffsets(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("committing: %w", err)
		}
		consumer.AllowRebalance()
	}
	return nil
}
