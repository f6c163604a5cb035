package app

import (
	"context"
	"errors"
	"fmt"

	"bankprocessor/internal/command"
	"bankprocessor/internal/consumers"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/processing"
	"bankprocessor/internal/topics"
)

// commandHandler carries out one command; *processing.Processor is one.
type commandHandler interface {
	Handle(ctx context.Context, m *command.Message) error
}

// handler is the consumers' Handler over the processor: a record becomes a
// command's message, and what the processor gives back unspent the consumers may
// give to somebody else.
type handler struct {
	processor commandHandler
	topics    topics.Config
}

var errNoCommandTopic = errors.New("the topic carries no command")

func (h handler) Handle(ctx context.Context, r kafka.Record) error {
	name, ok := h.topics.CommandOf(r.Topic)
	if !ok {
		return fmt.Errorf("handling %s: %w", r.Topic, errNoCommandTopic)
	}
	m := &command.Message{
		Topic: r.Topic, Name: name, Partition: r.Partition, Offset: r.Offset,
		Time: r.Time, Key: r.Key, Value: r.Value, Headers: r.Headers,
	}
	err := h.processor.Handle(ctx, m)
	if errors.Is(err, processing.ErrReleased) {
		return fmt.Errorf("%w: %w", consumers.ErrReleased, err)
	}
	return err
}

// gate is the consumers' Gate over the banks' gates: a topic is shut while its
// command's group is.
type gate struct {
	bank   interface{ Shut(name command.Name) bool }
	topics topics.Config
}

func (g gate) Shut(topic string) bool {
	name, ok := g.topics.CommandOf(topic)
	return ok && g.bank.Shut(name)
}
