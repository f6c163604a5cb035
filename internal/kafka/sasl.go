package kafka

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

var mechanismNames = map[string]string{
	"plain":         plain.Mechanism{}.Name(),
	"scram-sha-256": scram.SHA256.Name(),
	"scram-sha-512": scram.SHA512.Name(),
}

// mechanism reads the password anew for every connection.
type mechanism struct{ SASL }

// mechanism returns nil when SASL is off.
func (s SASL) mechanism() sasl.Mechanism {
	if s.Mechanism == "" {
		return nil
	}
	return mechanism{s}
}

// Name returns the name that the broker knows.
func (m mechanism) Name() string { return mechanismNames[m.Mechanism] }

// Start begins one authentication.
func (m mechanism) Start(ctx context.Context) (sasl.StateMachine, []byte, error) {
	password, err := m.Password.read()
	if err != nil {
		return nil, nil, fmt.Errorf("starting sasl: %w", err)
	}
	var inner sasl.Mechanism
	switch m.Mechanism {
	case "scram-sha-256":
		inner, err = scram.Mechanism(scram.SHA256, m.Username, password)
	case "scram-sha-512":
		inner, err = scram.Mechanism(scram.SHA512, m.Username, password)
	default:
		inner = plain.Mechanism{Username: m.Username, Password: password}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("starting sasl: %w", err)
	}
	return inner.Start(ctx)
}
