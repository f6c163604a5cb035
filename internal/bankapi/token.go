package bankapi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/secret"
)

// TokenConfig is how to obtain tokens by OAuth 2.0 client credentials (contract
// section 1.3).
type TokenConfig struct {
	Path         string        `yaml:"path"` // behind the client's base URL
	ClientID     string        `yaml:"client_id"`
	ClientSecret secret.Source `yaml:"client_secret"`
	Scope        string        `yaml:"scope"`
	// Resource is the extra parameter that names the plan; empty leaves it out.
	Resource string `yaml:"resource"`
	// BasicAuth sends the credentials as HTTP Basic instead of in the form.
	BasicAuth bool `yaml:"basic_auth"`
	// RefusedRetry is when a refused secret is tried again though it has not
	// changed; 0 means never: five wrong secrets lock the application.
	RefusedRetry time.Duration `yaml:"refused_retry"`
}

// Validate returns every fault of the config, joined.
func (c TokenConfig) Validate() error {
	var errs []error
	if c.Path == "" || c.Path[0] != '/' {
		errs = append(errs, errors.New("path: want a path that begins with a slash"))
	}
	if c.ClientID == "" {
		errs = append(errs, errors.New("client_id: want a value"))
	}
	if c.ClientSecret.IsZero() {
		errs = append(errs, errors.New("client_secret: want file or env"))
	} else if err := c.ClientSecret.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("client_secret: %w", err))
	}
	if c.RefusedRetry < 0 {
		errs = append(errs, errors.New("refused_retry: want a positive duration, or 0 for never"))
	}
	return errors.Join(errs...)
}

// Token is one bearer token. It prints as "***".
type Token struct {
	value  secret.Value
	serial uint64 // which refresh it came from
}

// Authorization is the header field that shows it.
func (t Token) Authorization() Field { return Field{"Authorization", "Bearer " + t.value.Reveal()} }

// Format masks the token under every verb.
func (t Token) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(masked)) }

// TokenJudge reads a token endpoint's own envelope; ok is false when the answer
// holds none.
type TokenJudge func(Exchange) (v command.Verdict, ok bool)

// Tokens is the one token that all calls of a (bank, scope) share. It is renewed
// when 80 % of its life is over, by one caller while the others go on with the
// old one; without a usable one all wait for that caller. It is safe for
// concurrent use and owns no goroutine.
type Tokens struct {
	cfg    TokenConfig
	client *Client
	group  *Group
	secret *secret.Live
	judge  TokenJudge

	mu       sync.Mutex
	token    Token
	renewAt  time.Time // zero: only when it is refused
	expires  time.Time // zero: the endpoint did not say
	renewing *renewal
}

// renewal is one call for a token that others may wait for.
type renewal struct {
	done    chan struct{}
	failure *command.Verdict // set before done is closed
}

// renewPause keeps a token that is still good from being renewed again at once
// when its renewal has failed.
const renewPause = time.Second

// NewTokens returns a source that has no token yet; its error names the keys. Its calls run in a group of
// their own, with one probe at a time. judge and o may be nil.
func NewTokens(cfg TokenConfig, client *Client, groupName string, group GroupConfig, judge TokenJudge, o Observer) (*Tokens, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	live, err := cfg.ClientSecret.Open()
	if err != nil {
		return nil, fmt.Errorf("client_secret: %w", err)
	}
	group.HalfOpenCalls = 1 // one token serves everybody: a second probe would find nothing to do
	g, err := NewGroup(groupName, group, o)
	if err != nil {
		return nil, err
	}
	g.lenient = true // and of those who wait for it one calls
	return &Tokens{cfg: cfg, client: client, group: g.Over(client), secret: live, judge: judge}, nil
}

// Group returns the group that the token calls run in.
func (t *Tokens) Group() *Group { return t.group }

// Format keeps the token out of every print.
func (t *Tokens) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "tokens of %s", t.group.name) }

// Wait returns nil once a token is at hand or may be asked for, or ctx's cause.
func (t *Tokens) Wait(ctx context.Context) error {
	if t.usable() {
		return context.Cause(ctx)
	}
	return t.group.Wait(ctx)
}

// Shut says whether Wait would block for longer than it takes a call to end.
func (t *Tokens) Shut() bool { return !t.usable() && t.group.Shut() }

func (t *Tokens) usable() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.usableAt(time.Now())
}

func (t *Tokens) usableAt(now time.Time) bool {
	return t.token.value != "" && (t.expires.IsZero() || now.Before(t.expires))
}

// Call runs post in group g with a token. A token that the bank refuses is
// replaced once and post repeated once, within the same admission; a second
// refusal is the verdict. Without a token nothing is sent.
func (t *Tokens) Call(ctx context.Context, g *Group, post func(context.Context, Token) command.Verdict) command.Verdict {
	token, failure := t.Token(ctx)
	if failure != nil {
		return *failure
	}
	return g.Do(ctx, func(ctx context.Context) command.Verdict {
		v := post(ctx, token)
		if tokenRefused(v) {
			t.drop(token)
			fresh, failure := t.Token(ctx)
			if failure != nil {
				return *failure
			}
			v = post(ctx, fresh)
		}
		if secretRefused(v) {
			t.refuse()
		}
		return v
	})
}

// Token returns the shared token, asking for one if need be. The failure, nil
// when there is a token, is the business call's verdict: it was not sent.
func (t *Tokens) Token(ctx context.Context) (Token, *command.Verdict) {
	t.mu.Lock()
	now := time.Now()
	usable, current := t.usableAt(now), t.token
	if usable && (t.renewing != nil || t.renewAt.IsZero() || now.Before(t.renewAt)) {
		t.mu.Unlock()
		return current, nil
	}
	r, leads := t.renewing, false
	if r == nil {
		r, leads = &renewal{done: make(chan struct{})}, true
		t.renewing = r
	}
	t.mu.Unlock()

	if leads {
		t.renew(ctx, r)
	} else {
		select {
		case <-r.done:
		case <-ctx.Done():
			return Token{}, unsent(VerdictOfHTTP(Exchange{Delivery: command.NotSent, Err: context.Canceled}, false))
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.usableAt(time.Now()) {
		return t.token, nil
	}
	if r.failure == nil { // renewed, and dropped again meanwhile
		return Token{}, unsent(httpRows[caseUnauthorized].read)
	}
	return Token{}, r.failure
}

// renew asks for a token and ends r, also when the asking panics.
func (t *Tokens) renew(ctx context.Context, r *renewal) {
	r.failure = unsent(httpRows[caseUnreadable].read)
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.renewing = nil
		if r.failure != nil {
			t.renewAt = time.Now().Add(renewPause)
		}
		close(r.done)
	}()
	v := t.group.Do(ctx, t.fetch)
	r.failure = nil
	if v.Status != command.Succeeded {
		r.failure = unsent(v)
	}
}

// drop forgets a token that the bank refused, unless it has been replaced.
func (t *Tokens) drop(refused Token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token.serial == refused.serial {
		t.token.value = ""
	}
}

// refuse stops everything until the secret is another one.
func (t *Tokens) refuse() {
	t.mu.Lock()
	t.token.value = ""
	t.mu.Unlock()
	t.holdSecret(t.secret.Get())
}

func (t *Tokens) holdSecret(refused secret.Value) {
	t.group.HoldSecret(func() bool { return t.secret.Get() != refused }, t.cfg.RefusedRetry)
}

func (t *Tokens) store(value secret.Value, asked, expires time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.token = Token{value: value, serial: t.token.serial + 1}
	t.expires, t.renewAt = expires, time.Time{}
	if !expires.IsZero() {
		t.renewAt = asked.Add(expires.Sub(asked) / 5 * 4)
	}
}

func tokenRefused(v command.Verdict) bool {
	return v.Code == command.CodeGatewayUnauthorized || v.Code == command.CodeGatewayTokenInvalid
}

func secretRefused(v command.Verdict) bool {
	return v.Code == command.CodeGatewaySecretInvalid || v.Code == command.CodeGatewayAppLocked
}

// unsent turns a token call's failure into the verdict of the business call
// that could not be made.
func unsent(v command.Verdict) *command.Verdict {
	v.Status, v.Delivery, v.Result = command.Failed, command.NotSent, nil
	v.BankFault, v.Uncounted, v.DeadLetter = false, true, false
	if v.Retry != command.RetryPause && v.Retry != command.RetryDelay {
		v.Retry, v.Resends = command.RetryBackoff, resends
	}
	v.Detail = "no token: " + v.Detail
	return &v
}
