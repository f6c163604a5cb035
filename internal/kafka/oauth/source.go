package oauth

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
)

const (
	// unsaid is how long a token is used whose end the endpoint did not say.
	unsaid = time.Minute
	// again is the pause after an endpoint that is away or ill, and the least
	// age at which a token that a broker refused is replaced.
	again = time.Second
)

// Source is the one token that all connections share. It is renewed when 80 % of
// its life is over, by one caller while the others go on with the old one;
// without a usable one all wait for that caller. It is safe for concurrent use.
type Source struct {
	cfg    Config
	secret *secret.Live
	tls    *tlsfile.Files
	client *http.Client
	now    func() time.Time
	turn   chan struct{} // held by who asks

	mu    sync.Mutex
	token Token
	ends  time.Time
	// failure is what the last asking came to, and stands until retryAt, or until
	// the files have changed.
	failure *Error
	retryAt time.Time
	changes uint64
}

// Open reads secret and certificates; it asks for nothing yet.
func Open(cfg Config) (*Source, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Source{cfg: cfg, now: time.Now, turn: make(chan struct{}, 1)}
	var err error
	if s.secret, err = cfg.ClientSecret.Open(); err != nil {
		return nil, fmt.Errorf("client_secret: %w", err)
	}
	if s.tls, err = cfg.TLS.Open(); err != nil {
		return nil, tlsfile.Under("tls", err)
	}
	dialer := &net.Dialer{Timeout: cfg.Timeout}
	s.client = &http.Client{
		Transport: &http.Transport{
			Proxy:                  nil, // never from the environment
			DialContext:            dialer.DialContext,
			DialTLSContext:         s.tls.Dialer(dialer.DialContext, cfg.Timeout, "http/1.1"),
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s, nil
}

// Format keeps the token out of every print.
func (s *Source) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "tokens of %s", s.cfg.TokenEndpoint)
}

// Token returns the shared token, asking for one if need be. The error is an
// *Error, or ctx's.
func (s *Source) Token(ctx context.Context) (Token, error) {
	if token, ok := s.fresh(); ok {
		return token, nil
	}
	if token, ok := s.usable(); ok {
		select {
		case s.turn <- struct{}{}:
		default: // somebody else renews it
			return token, nil
		}
	} else {
		select {
		case s.turn <- struct{}{}:
		case <-ctx.Done():
			return Token{}, fmt.Errorf("waiting for a token: %w", context.Cause(ctx))
		}
	}
	defer func() { <-s.turn }()
	if token, ok := s.fresh(); ok {
		return token, nil
	}
	err := s.renew(ctx)
	if token, ok := s.usable(); ok {
		return token, nil
	}
	return Token{}, err
}

// Refused tells that a broker did not take the token: the next one is asked for,
// unless this one is as good as new.
func (s *Source) Refused(t Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == t {
		s.token, s.ends = Token{}, time.Time{}
		s.failure, s.retryAt = refusedByBroker, s.now().Add(again)
	}
}

// AboutTokens are the keys that a token which a broker refuses speaks of.
const AboutTokens = "token_endpoint, scope, params"

var refusedByBroker = &Error{Key: AboutTokens, Problem: "the broker has refused the last token", Refused: true}

// Fault says why the last asking gave no token, also while the one before is good;
// nil when it gave one.
func (s *Source) Fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil {
		return nil
	}
	return s.failure
}

// fresh returns the token while it need not be renewed.
func (s *Source) fresh() (Token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token, s.token.Value != "" && s.now().Before(s.token.RenewAt)
}

// usable returns the token while it has not ended.
func (s *Source) usable() (Token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token, s.token.Value != "" && s.now().Before(s.ends)
}

// renew asks for a token, unless the last failure still stands.
func (s *Source) renew(ctx context.Context) error {
	changes := s.secret.Changes() + s.tls.Changes()
	s.mu.Lock()
	failure, until, same := s.failure, s.retryAt, s.changes == changes
	s.mu.Unlock()
	if failure != nil && same && s.now().Before(until) {
		return failure
	}
	asked := s.now()
	token, failure := s.ask(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure, s.changes = failure, changes
	if failure != nil {
		s.retryAt = s.pause(failure)
		return failure
	}
	s.token = token
	s.ends = token.Expires
	if s.ends.IsZero() {
		s.ends = asked.Add(unsaid)
	}
	s.token.RenewAt = asked.Add(s.ends.Sub(asked) / 5 * 4)
	return nil
}

// pause is when to ask again after a failure, though no file has changed.
func (s *Source) pause(failure *Error) time.Time {
	if !failure.Refused {
		return s.now().Add(again)
	}
	return s.now().Add(s.cfg.RefusedRetry)
}
