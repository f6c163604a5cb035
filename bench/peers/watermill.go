package main

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"
)

// watermillRouter is Watermill's router with one handler. Its subscriber has one
// message of each partition under way; it commits once a second what is done.
func watermillRouter(ctx context.Context, o options, b *bank) error {
	in := sarama.NewConfig()
	in.Version = sarama.V2_1_0_0
	in.Consumer.Offsets.Initial = sarama.OffsetOldest
	in.Consumer.Return.Errors = true
	subscriber, err := kafka.NewSubscriber(kafka.SubscriberConfig{
		Brokers: []string{o.broker}, ConsumerGroup: o.group, Unmarshaler: keyed{}, OverwriteSaramaConfig: in,
	}, nil)
	if err != nil {
		return fmt.Errorf("subscribing: %w", err)
	}
	out := sarama.NewConfig()
	out.Version = sarama.V2_1_0_0
	out.Producer.RequiredAcks = sarama.WaitForAll
	out.Producer.Return.Successes = true
	publisher, err := kafka.NewPublisher(kafka.PublisherConfig{
		Brokers: []string{o.broker}, Marshaler: keyed{}, OverwriteSaramaConfig: out,
	}, nil)
	if err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{})
	if err != nil {
		return fmt.Errorf("building the router: %w", err)
	}
	router.AddHandler("bank", o.commands, subscriber, o.results, publisher, func(m *message.Message) ([]*message.Message, error) {
		answer, err := b.post(m.Context(), m.Metadata.Get(recordKey), m.Metadata.Get(headerNumber))
		if err != nil {
			return nil, err
		}
		outcome := message.NewMessage(m.UUID, answer)
		outcome.Metadata = message.Metadata{
			recordKey: m.Metadata.Get(recordKey), headerSubject: m.Metadata.Get(headerID), headerStatus: succeeded,
		}
		return []*message.Message{outcome}, nil
	})
	return router.Run(ctx)
}

// recordKey is the metadata that has a record's key.
const recordKey = "record-key"

// keyed is Watermill's marshaler with the record's key, which it leaves out.
type keyed struct{ kafka.DefaultMarshaler }

func (k keyed) Marshal(topic string, m *message.Message) (*sarama.ProducerMessage, error) {
	key := m.Metadata.Get(recordKey)
	delete(m.Metadata, recordKey)
	r, err := k.DefaultMarshaler.Marshal(topic, m)
	if err != nil {
		return nil, err
	}
	r.Key = sarama.StringEncoder(key)
	return r, nil
}

func (k keyed) Unmarshal(r *sarama.ConsumerMessage) (*message.Message, error) {
	m, err := k.DefaultMarshaler.Unmarshal(r)
	if err != nil {
		return nil, err
	}
	m.Metadata.Set(recordKey, string(r.Key))
	return m, nil
}
