package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/saslauthenticate"
	"github.com/segmentio/kafka-go/protocol/saslhandshake"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"bankprocessor/internal/kafka/oauth"
	"bankprocessor/internal/secret"
)

// The mechanisms, as configured.
const (
	mechanismPlain  = "plain"
	mechanismSHA256 = "scram-sha-256"
	mechanismSHA512 = "scram-sha-512"
	mechanismOAuth  = "oauthbearer"
)

// mechanismNames are the brokers' names of them.
var mechanismNames = map[string]string{
	mechanismPlain:  plain.Mechanism{}.Name(),
	mechanismSHA256: scram.SHA256.Name(),
	mechanismSHA512: scram.SHA512.Name(),
	mechanismOAuth:  "OAUTHBEARER",
}

// credentials authenticate every connection with the password or the token as it
// is then. They are a sasl.Mechanism.
type credentials struct {
	SASL
	password *secret.Live  // nil with tokens
	tokens   *oauth.Source // nil with a password
}

// newCredentials returns nil when SASL is off.
func newCredentials(cfg SASL) (*credentials, error) {
	c := &credentials{SASL: cfg}
	var err error
	switch cfg.Mechanism {
	case "":
		return nil, nil
	case mechanismOAuth:
		if c.tokens, err = oauth.Open(cfg.OAuth); err != nil {
			return nil, fmt.Errorf("kafka.sasl.oauth: %w", err)
		}
	default:
		if c.password, err = cfg.Password.Open(); err != nil {
			return nil, fmt.Errorf("kafka.sasl.password: %w", err)
		}
	}
	return c, nil
}

// Name returns the name that the broker knows.
func (c *credentials) Name() string { return mechanismNames[c.Mechanism] }

// Start begins one authentication.
func (c *credentials) Start(ctx context.Context) (sasl.StateMachine, []byte, error) {
	if c.tokens != nil {
		return c.startOAuth(ctx)
	}
	password := c.password.Get().Reveal()
	var inner sasl.Mechanism
	var err error
	switch c.Mechanism {
	case mechanismSHA256:
		inner, err = scram.Mechanism(scram.SHA256, c.Username, password)
	case mechanismSHA512:
		inner, err = scram.Mechanism(scram.SHA512, c.Username, password)
	default:
		inner = plain.Mechanism{Username: c.Username, Password: password}
	}
	if err != nil {
		return nil, nil, &SettingError{Setting: "kafka.sasl.username, kafka.sasl.password", Problem: "cannot be used with " + c.Name(), Err: err}
	}
	return inner.Start(ctx)
}

// changes counts what would authenticate otherwise than before. A token goes on
// until its end, whatever becomes of the client's secret.
func (c *credentials) changes() uint64 {
	if c.password == nil {
		return 0
	}
	return c.password.Changes()
}

// fault says why no newer token is to be had; nil when one is.
func (c *credentials) fault() error {
	if c == nil || c.tokens == nil {
		return nil
	}
	return tokenless(c.tokens.Fault())
}

// saslVersions are those that carry the broker's word on how long a session
// lasts; kafka-go's own authentication drops it.
var saslVersions = map[protocol.ApiKey]int16{protocol.SaslHandshake: 1, protocol.SaslAuthenticate: 1}

// authenticate authenticates a new connection.
func (c *credentials) authenticate(ctx context.Context, conn net.Conn, clientID string) (session, error) {
	pc := protocol.NewConn(conn, clientID)
	pc.SetVersions(saslVersions)
	if err := c.handshake(pc); err != nil {
		return session{}, err
	}
	conversation, message, err := c.Start(ctx)
	if err != nil {
		return session{}, err
	}
	var begun time.Time
	var lifetime time.Duration
	for done := false; !done; {
		begun = time.Now()
		answer, err := pc.RoundTrip(&saslauthenticate.Request{AuthBytes: message})
		if err == nil {
			res := answer.(*saslauthenticate.Response)
			err = brokerError(res.ErrorCode)
			lifetime = time.Duration(res.SessionLifetimeMs) * time.Millisecond
			message = res.AuthBytes
		}
		if err != nil {
			return session{}, c.refused(err, conversation)
		}
		if done, message, err = conversation.Next(ctx, message); err != nil {
			return session{}, &SettingError{Setting: "kafka.sasl.password", Problem: "the broker does not prove that it knows it", Err: err}
		}
	}
	var s session
	if lifetime > 0 {
		s = newSession(begun, begun.Add(lifetime))
	}
	if b, ok := conversation.(*bearerConversation); ok {
		s = s.within(b.token, begun)
	}
	return s, nil
}

// handshake agrees on the mechanism.
func (c *credentials) handshake(pc *protocol.Conn) error {
	answer, err := pc.RoundTrip(&saslhandshake.Request{Mechanism: c.Name()})
	if err != nil {
		return fmt.Errorf("agreeing on kafka.sasl.mechanism: %w", err)
	}
	res := answer.(*saslhandshake.Response)
	problem := "the broker refuses it"
	switch code := kafkago.Error(res.ErrorCode); code {
	case 0:
		return nil
	case kafkago.UnsupportedSASLMechanism:
		problem = "the listener takes " + strings.Join(res.Mechanisms, ", ") + ", not " + c.Name()
	case kafkago.IllegalSASLState:
		problem = "the listener does not authenticate by SASL"
	}
	return &SettingError{Setting: "kafka.sasl.mechanism", Problem: problem, Err: kafkago.Error(res.ErrorCode)}
}

// refused names the settings that the broker has refused. Some say no by closing
// the connection.
func (c *credentials) refused(err error, conversation sasl.StateMachine) error {
	closed := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if !closed && !errors.Is(err, kafkago.SASLAuthenticationFailed) {
		return fmt.Errorf("authenticating by kafka.sasl: %w", err)
	}
	if closed {
		err = fmt.Errorf("it closed the connection: %w: %w", kafkago.SASLAuthenticationFailed, err)
	}
	e := &SettingError{Setting: "kafka.sasl.username, kafka.sasl.password", Problem: "the broker refuses them", Err: err}
	if token, ok := conversation.(*bearerConversation); ok {
		if !closed { // a broker that stops closes, too, and the token is everybody's
			c.tokens.Refused(token.token)
		}
		e.Setting, e.Problem = oauthKeys(oauth.AboutTokens), "the broker refuses the token"+token.verdict()
	}
	return e
}

func brokerError(code int16) error {
	if code == 0 {
		return nil
	}
	return kafkago.Error(code)
}
