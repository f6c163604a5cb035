package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"bankprocessor/internal/secret"
)

var mechanismNames = map[string]string{
	"plain":         plain.Mechanism{}.Name(),
	"scram-sha-256": scram.SHA256.Name(),
	"scram-sha-512": scram.SHA512.Name(),
}

// mechanism authenticates every connection with the password as it is then.
type mechanism struct {
	SASL
	password *secret.Live // nil when SASL is off
	// unfinished says that the last authentication that began did not end well
	// (yet).
	unfinished atomic.Bool
}

func newMechanism(cfg SASL) (*mechanism, error) {
	m := &mechanism{SASL: cfg}
	if cfg.Mechanism == "" {
		return m, nil
	}
	var err error
	if m.password, err = cfg.Password.Open(); err != nil {
		return nil, fmt.Errorf("kafka.sasl.password: %w", err)
	}
	return m, nil
}

// Name returns the name that the broker knows.
func (m *mechanism) Name() string { return mechanismNames[m.Mechanism] }

// Start begins one authentication.
func (m *mechanism) Start(ctx context.Context) (sasl.StateMachine, []byte, error) {
	m.unfinished.Store(true)
	password := m.password.Get().Reveal()
	var inner sasl.Mechanism
	var err error
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
	conversation, first, err := inner.Start(ctx)
	return &saslConversation{conversation, m}, first, err
}

type saslConversation struct {
	sasl.StateMachine
	of *mechanism
}

// Next continues the conversation and notes its good end.
func (c *saslConversation) Next(ctx context.Context, challenge []byte) (bool, []byte, error) {
	done, response, err := c.StateMachine.Next(ctx, challenge)
	if done && err == nil {
		c.of.unfinished.Store(false)
	}
	return done, response, err
}

// refusal tells a refused password from a broken network where the broker, or a
// proxy before it, says no by closing the connection.
func (m *mechanism) refusal(err error) error {
	closed := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if m.Mechanism == "" || !m.unfinished.Load() || !closed {
		return err
	}
	return fmt.Errorf("the broker closed the connection during authentication: %w: %w", kafkago.SASLAuthenticationFailed, err)
}

// orNil returns nil when SASL is off.
func (m *mechanism) orNil() sasl.Mechanism {
	if m.Mechanism == "" {
		return nil
	}
	return m
}
