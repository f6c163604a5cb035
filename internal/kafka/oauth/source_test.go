package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bankprocessor/internal/secret"
	"bankprocessor/test/certs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const canary = "canary-secret"

// endpoint answers token requests as its fields say.
type endpoint struct {
	mu     sync.Mutex
	asked  int
	status int
	body   string
	secret string // the one that it wants; "" for any
	hold   chan struct{}
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	e.asked++
	n, status, body, hold := e.asked, e.status, e.body, e.hold
	if e.secret != "" && r.FormValue("client_secret") != e.secret {
		status, body = http.StatusUnauthorized, `{"error":"invalid_client","error_description":"`+r.FormValue("client_secret")+`"}`
	}
	e.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if body == "" {
		body = fmt.Sprintf(`{"access_token":"%s-%d","token_type":"Bearer","expires_in":100}`, canary, n)
	}
	w.Header().Set("Content-Type", "application/json")
	if status/100 == 3 {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

func (e *endpoint) answer(status int, body string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status, e.body = status, body
}

func (e *endpoint) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.asked
}

// bench is a source at an endpoint, on a clock of its own.
type bench struct {
	*Source
	t      *testing.T
	at     *endpoint
	secret string // its file
	clock  time.Time
}

func setup(t *testing.T, change func(*Config)) *bench {
	t.Helper()
	b := &bench{t: t, at: &endpoint{status: http.StatusOK}, clock: time.Now(), secret: filepath.Join(t.TempDir(), "secret")}
	if err := os.WriteFile(b.secret, []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(b.at)
	t.Cleanup(server.Close)
	cfg := Config{TokenEndpoint: server.URL, ClientID: "us", ClientSecret: secret.Source{File: b.secret}}
	if change != nil {
		change(&cfg)
	}
	var err error
	if b.Source, err = Open(cfg); err != nil {
		t.Fatal(err)
	}
	b.now = func() time.Time { return b.clock }
	return b
}

func (b *bench) want(value string, asked int) {
	b.t.Helper()
	token, err := b.Token(b.t.Context())
	if token.Value.Reveal() != value || (err == nil) != (value != "") || b.at.count() != asked {
		b.t.Errorf("got %q, %v after %d requests; want %q after %d", token.Value.Reveal(), err, b.at.count(), value, asked)
	}
}

func TestATokenIsRenewedAheadOfItsEnd(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.want(canary+"-1", 1)
	b.clock = b.clock.Add(79 * time.Second)
	b.want(canary+"-1", 1)
	b.clock = b.clock.Add(2 * time.Second)
	b.want(canary+"-2", 2)
	b.clock = b.clock.Add(85 * time.Second)
	b.at.answer(http.StatusServiceUnavailable, "down")
	b.want(canary+"-2", 3) // it is still good
	b.want(canary+"-2", 3) // and the endpoint has a pause
	b.clock = b.clock.Add(again)
	b.want(canary+"-2", 4)
	b.clock = b.clock.Add(20 * time.Second)
	b.want("", 5)
	b.at.answer(http.StatusOK, "")
	b.clock = b.clock.Add(again)
	b.want(canary+"-6", 6)
}

func TestARefusedSecretIsTriedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.at.secret = "second"
	b.want("", 1)
	b.clock = b.clock.Add(defaultRefusedRetry - time.Second)
	b.want("", 1)
	certs.Replace(t, b.secret, "third")
	b.want("", 2)
	certs.Replace(t, b.secret, "second")
	b.want(canary+"-3", 3)

	b = setup(t, func(c *Config) { c.RefusedRetry = time.Minute })
	b.at.secret = "second"
	b.want("", 1)
	b.clock = b.clock.Add(59 * time.Second)
	b.want("", 1)
	b.clock = b.clock.Add(time.Second)
	b.want("", 2)
}

func TestATokenThatABrokerRefusesIsReplaced(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	token, _ := b.Token(t.Context())
	b.Refused(token)
	b.want("", 1) // not in a loop
	b.clock = b.clock.Add(again)
	b.want(canary+"-2", 2)
	b.Refused(token) // another one has been fetched since
	b.want(canary+"-2", 2)
}

func TestATokenOfUnknownLifeIsGoodForAMinute(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.at.answer(http.StatusOK, `{"access_token":"x","token_type":"Bearer"}`)
	b.want("x", 1)
	b.clock = b.clock.Add(47 * time.Second)
	b.want("x", 1)
	b.clock = b.clock.Add(2 * time.Second)
	b.want("x", 2)
}

func TestOneRequestServesAll(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.at.hold = make(chan struct{})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if token, err := b.Token(t.Context()); token.Value.Reveal() != canary+"-1" {
				t.Errorf("got %q, %v", token.Value.Reveal(), err)
			}
		})
	}
	close(b.at.hold)
	all.Wait()
	if b.at.count() != 1 {
		t.Errorf("%d requests", b.at.count())
	}
}

func TestWaitingForATokenEndsWithItsContext(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.turn <- struct{}{} // somebody asks, for long
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Token(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestRefusalsNameTheirKeyAndNothingOfTheAnswer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status    int
		body      string
		key, want string
		refused   bool
	}{
		"client":       {401, `{"error":"invalid_client","error_description":"` + canary + `"}`, aboutClient, "(invalid_client)", true},
		"unregistered": {400, `{"error":"` + canary + `"}`, aboutClient, "HTTP 400", true},
		"no reason":    {401, canary, aboutClient, "HTTP 401", true},
		"scope":        {400, `{"error":"invalid_scope"}`, "scope", "(invalid_scope)", true},
		"target":       {400, `{"error":"invalid_target"}`, "params", "(invalid_target)", true},
		"path":         {404, canary, "token_endpoint", "HTTP 404", false},
		"redirect":     {307, canary, "token_endpoint", "none is followed", false},
		"throttled":    {429, canary, "token_endpoint", "HTTP 429", false},
		"ill":          {400, `{"error":"temporarily_unavailable"}`, "token_endpoint", "(temporarily_unavailable)", false},
		"down":         {503, canary, "token_endpoint", "HTTP 503", false},
		"no token":     {200, `{"token_type":"` + canary + `"}`, "token_endpoint", "without a token", false},
		"no JSON":      {200, canary, "token_endpoint", "without a token", false},
		"too long":     {200, `{"access_token":"` + strings.Repeat("x", 2<<20) + `"}`, "token_endpoint", "without a token", false},
		"not a token":  {200, `{"access_token":"a\u0001auth=` + canary + `"}`, "token_endpoint", "no bearer token", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			b.at.answer(tt.status, tt.body)
			_, err := b.Token(t.Context())
			refusal, ok := errors.AsType[*Error](err)
			if !ok || refusal.Key != tt.key || refusal.Refused != tt.refused || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), canary) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNothingPrintsItsSecret(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	token, err := b.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if printed := fmt.Sprintf(verb+verb+verb, token, b.Source, struct{ T Token }{token}); strings.Contains(printed, canary) {
			t.Errorf("%s prints %s", verb, printed)
		}
	}
}

func TestNoSecretStandsInTheConfiguration(t *testing.T) {
	t.Parallel()
	good := setup(t, nil).cfg
	for want, change := range map[string]func(*Config){
		"params.client_assertion": func(c *Config) { c.Params = map[string]string{"client_assertion": canary} },
		"params.scope":            func(c *Config) { c.Params = map[string]string{"scope": "x"} },
		"token_endpoint: want no user, query or fragment": func(c *Config) { c.TokenEndpoint += "?key=" + canary },
	} {
		c := good
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
