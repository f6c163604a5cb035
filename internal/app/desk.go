package app

import (
	"fmt"
	"time"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/kafka"
)

// newDesk is where the console's operators act upon dead letters. Its Kafka client is
// its own: the processor's writes nothing without the lease, and people act for
// themselves. Sealed values stay shut here: what opens them belongs on no processor's
// host.
func (a *App) newDesk(cfg config.Config, events *codec.Codec) (*deadletters.Desk, *kafka.Client, error) {
	client, err := kafka.New(a.kafkaConfig(nil))
	if err != nil {
		return nil, nil, fmt.Errorf("building the console's kafka client: %w", err)
	}
	key, err := cfg.DeadLetters.ReadDigestKey()
	if err != nil {
		client.Close()
		return nil, nil, err
	}
	return deadletters.New(deadletters.Deps{
		Kafka: client, Codec: events, Topics: cfg.Topics, DigestKey: key, Logger: a.log,
		Rules: func(now time.Time) command.Rules {
			return command.Rules{Now: now, Currencies: cfg.Processing.Currencies, MaxRangeDays: cfg.Processing.MaxRangeDays}
		},
	}), client, nil
}
