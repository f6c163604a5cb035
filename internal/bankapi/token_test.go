package bankapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/secret"
)

// tokenBank is a token endpoint in memory, so that the clock may be fake.
type tokenBank struct {
	mu     sync.Mutex
	calls  []url.Values
	basic  [][2]string
	answer func(n int) (status int, body string) // n counts from 1; status 0 breaks the connection
	took   time.Duration
}

func (b *tokenBank) RoundTrip(r *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(r.Context())
	trace.WroteHeaders()
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	user, password, _ := r.BasicAuth()
	b.mu.Lock()
	b.calls = append(b.calls, form)
	b.basic = append(b.basic, [2]string{user, password})
	n := len(b.calls)
	b.mu.Unlock()
	time.Sleep(b.took)
	status, answer := b.answer(n)
	if status == 0 {
		return nil, errors.New("reset by the test")
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(answer)),
	}, nil
}

// CloseIdleConnections has none.
func (b *tokenBank) CloseIdleConnections() {}

func (b *tokenBank) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.calls)
}

func grants(n int) (int, string) {
	return 200, `{"access_token":"token-` + string(rune('0'+n)) + `","token_type":"Bearer","expires_in":"100"}`
}

func newTokens(t *testing.T, b *tokenBank, adjust ...func(*TokenConfig)) (*Tokens, string) {
	t.Helper()
	path := writeFile(t, "first-secret")
	cfg := TokenConfig{Path: "/token", ClientID: "client", ClientSecret: secret.Source{File: path}, Scope: "loan"}
	for _, a := range adjust {
		a(&cfg)
	}
	c := &Client{base: "http://bank", cfg: HTTPConfig{Timeout: 10 * time.Second, MaxResponseBytes: 1 << 20}, http: b}
	tokens, err := NewTokens(cfg, c, GroupLoanToken, GroupConfig{}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tokens, path
}

func bearer(t Token) string { return t.Authorization().Value }

func mustToken(t *testing.T, tokens *Tokens, want string) {
	t.Helper()
	token, failure := tokens.Token(t.Context())
	if failure != nil || bearer(token) != "Bearer "+want {
		t.Fatalf("token %q, want %q; failure %+v", bearer(token), want, failure)
	}
}

func TestTokenRequest(t *testing.T) {
	t.Parallel()
	for name, basic := range map[string]bool{"form": false, "basic": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &tokenBank{answer: grants}
			tokens, _ := newTokens(t, b, func(c *TokenConfig) { c.BasicAuth, c.Resource = basic, "sandbox" })
			mustToken(t, tokens, "token-1")
			form := b.calls[0]
			if form.Get("grant_type") != "client_credentials" || form.Get("scope") != "loan" || form.Get("resource") != "sandbox" {
				t.Errorf("form %v", form)
			}
			inForm := form.Get("client_id") == "client" && form.Get("client_secret") == "first-secret"
			inHeader := b.basic[0] == [2]string{"client", "first-secret"}
			if inForm == basic || inHeader != basic {
				t.Errorf("form %v, basic %v", form, b.basic[0])
			}
		})
	}
}

func TestTokenIsSharedAndRenewedAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &tokenBank{answer: grants, took: time.Second}
		tokens, _ := newTokens(t, b)
		var callers sync.WaitGroup
		for range 50 {
			callers.Go(func() { mustToken(t, tokens, "token-1") })
		}
		callers.Wait()
		if b.count() != 1 {
			t.Fatalf("%d token calls for 50 callers", b.count())
		}
		time.Sleep(78 * time.Second) // the token was asked for a second ago and lives 101 s from then
		mustToken(t, tokens, "token-1")
		time.Sleep(2 * time.Second)
		var renewed atomic.Int32
		for range 50 { // one renews, the others go on with the old token
			callers.Go(func() {
				if token, _ := tokens.Token(t.Context()); bearer(token) == "Bearer token-2" {
					renewed.Add(1)
				}
			})
		}
		callers.Wait()
		if b.count() != 2 || renewed.Load() != 1 {
			t.Errorf("%d token calls, %d callers waited for the renewal", b.count(), renewed.Load())
		}
	})
}

func TestTokenThatCannotBeRenewedServesUntilItExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &tokenBank{answer: func(n int) (int, string) {
			if n == 1 {
				return grants(1)
			}
			return 503, "<html>"
		}}
		tokens, _ := newTokens(t, b)
		mustToken(t, tokens, "token-1")
		time.Sleep(81 * time.Second)
		for range 100 {
			mustToken(t, tokens, "token-1")
		}
		if b.count() != 2 {
			t.Errorf("%d token calls: a failing renewal is hammered", b.count())
		}
		time.Sleep(19 * time.Second)
		token, failure := tokens.Token(t.Context())
		if failure == nil {
			t.Fatalf("expired token %v served", token)
		}
		if failure.Status != command.Failed || failure.Delivery != command.NotSent || failure.Retry != command.RetryBackoff ||
			failure.BankFault || !failure.Uncounted || failure.DeadLetter {
			t.Errorf("failure %+v", failure)
		}
	})
}

func TestTokenWithoutExpiryServesUntilRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &tokenBank{answer: func(int) (int, string) { return 200, `{"access_token":"forever"}` }}
		tokens, _ := newTokens(t, b)
		mustToken(t, tokens, "forever")
		time.Sleep(1000 * time.Hour)
		mustToken(t, tokens, "forever")
		if b.count() != 1 {
			t.Errorf("%d token calls", b.count())
		}
	})
}

// The first 401s lead to one new token and one resend each; when that is refused
// too, the gate shuts. No loop.
func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &tokenBank{answer: grants}
		tokens, _ := newTokens(t, b)
		business := newGroup(t, GroupConfig{}, nil)
		var posts atomic.Int32
		post := func(_ context.Context, token Token) command.Verdict {
			posts.Add(1)
			time.Sleep(time.Second)
			if bearer(token) == "Bearer token-1" {
				return noAuth
			}
			return success
		}
		var callers sync.WaitGroup
		for range 10 {
			callers.Go(func() {
				if v := tokens.Call(t.Context(), business, post); v.Status != command.Succeeded {
					t.Errorf("verdict %+v", v)
				}
			})
		}
		callers.Wait()
		if posts.Load() != 20 || b.count() != 2 || business.Shut() {
			t.Errorf("%d posts, %d token calls, %+v", posts.Load(), b.count(), business.State())
		}

		posts.Store(0)
		v := tokens.Call(t.Context(), business, func(context.Context, Token) command.Verdict { posts.Add(1); return noAuth })
		if v.Retry != command.RetryPause || posts.Load() != 2 || b.count() != 3 || !business.Shut() {
			t.Errorf("verdict %+v after %d posts and %d token calls", v, posts.Load(), b.count())
		}
	})
}

func TestTokenEndpointAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		code   command.Code
		retry  command.Retry
		hold   HoldReason
	}{
		"invalid_client":    {401, `{"error":"invalid_client"}`, "gateway.secret_invalid", command.RetryPause, HoldSecretRefused},
		"400":               {400, `{"error":"unauthorized_client","error_description":"canary"}`, "gateway.secret_invalid", command.RetryPause, HoldSecretRefused},
		"error with 200":    {200, `{"error":"invalid_client"}`, "gateway.secret_invalid", command.RetryPause, HoldSecretRefused},
		"401 of a firewall": {401, `<html>canary`, "gateway.secret_invalid", command.RetryPause, HoldSecretRefused},
		"scope":             {400, `{"error":"invalid_scope"}`, "bank.endpoint_unknown", command.RetryPause, HoldPaused},
		"server_error":      {400, `{"error":"server_error"}`, "bank.http_error", command.RetryBackoff, ""},
		"503 with an error": {503, `{"error":"unavailable"}`, "bank.http_error", command.RetryBackoff, ""},
		"429":               {429, `{"error":"slow_down"}`, "gateway.throttled", command.RetryDelay, HoldDelayed},
		"403":               {403, `<html>canary`, "gateway.forbidden", command.RetryPause, HoldPaused},
		"404":               {404, ``, "bank.endpoint_unknown", command.RetryPause, HoldPaused},
		"302":               {302, ``, "bank.redirected", command.RetryBackoff, ""},
		"no token":          {200, `{"expires_in":100}`, "bank.answer_unreadable", command.RetryBackoff, ""},
		"not JSON":          {200, `canary`, "bank.answer_unreadable", command.RetryBackoff, ""},
		"reset":             {0, ``, "bank.no_answer", command.RetryBackoff, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := &tokenBank{answer: func(int) (int, string) { return tc.status, tc.body }}
				tokens, _ := newTokens(t, b)
				v := tokens.Call(t.Context(), newGroup(t, GroupConfig{}, nil), func(context.Context, Token) command.Verdict {
					t.Error("sent without a token")
					return success
				})
				if v.Status != command.Failed || v.Delivery != command.NotSent || v.Code != tc.code || v.Retry != tc.retry || !v.Uncounted {
					t.Errorf("verdict %+v", v)
				}
				if strings.Contains(v.Detail, "canary") {
					t.Errorf("detail %q", v.Detail)
				}
				if hold := tokens.Group().State().Hold; hold != tc.hold {
					t.Errorf("held by %q, want %q", hold, tc.hold)
				}
			})
		})
	}
}

// Five wrong secrets lock the application (contract section 1.3).
func TestRefusedSecretIsTriedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &tokenBank{answer: func(n int) (int, string) {
			if n == 1 {
				return 401, `{"error":"invalid_client"}`
			}
			return grants(n)
		}}
		tokens, secretFile := newTokens(t, b)
		business := newGroup(t, GroupConfig{}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var served atomic.Int32
		var callers sync.WaitGroup
		for range 20 {
			callers.Go(func() {
				for tokens.Wait(ctx) == nil {
					v := tokens.Call(ctx, business, func(context.Context, Token) command.Verdict { return success })
					if v.Status == command.Succeeded {
						served.Add(1)
						return
					}
				}
			})
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if b.count() != 1 || !tokens.Shut() || served.Load() != 0 {
			t.Errorf("%d token calls with one secret", b.count())
		}
		rewrite(t, secretFile, "second-secret")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if b.count() != 2 || served.Load() != 20 || b.calls[1].Get("client_secret") != "second-secret" {
			t.Errorf("%d token calls and %d commands with the new secret", b.count(), served.Load())
		}
		cancel()
		callers.Wait()
	})
}

// A business call can tell of a refused secret too; the token is then worthless.
func TestSecretRefusedOnABusinessCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &tokenBank{answer: grants}
		tokens, secretFile := newTokens(t, b)
		locked := noAuth
		locked.Code = command.CodeGatewayAppLocked
		v := tokens.Call(t.Context(), newGroup(t, GroupConfig{}, nil), func(context.Context, Token) command.Verdict { return locked })
		if v.Code != locked.Code || !tokens.Shut() || b.count() != 1 {
			t.Errorf("verdict %+v, %d token calls", v, b.count())
		}
		time.Sleep(time.Hour)
		if !tokens.Shut() {
			t.Error("opened by itself")
		}
		rewrite(t, secretFile, "second-secret")
		if err := tokens.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		mustToken(t, tokens, "token-2")
	})
}

func TestWaitingForATokenEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &tokenBank{answer: grants, took: 5 * time.Second}
		tokens, _ := newTokens(t, b)
		var leader sync.WaitGroup
		leader.Go(func() { mustToken(t, tokens, "token-1") })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, failure := tokens.Token(ctx); failure == nil || failure.Delivery != command.NotSent || failure.BankFault {
			t.Errorf("failure %+v", failure)
		}
		leader.Wait()
	})
}

func TestTokenConfig(t *testing.T) {
	t.Parallel()
	good := TokenConfig{Path: "/token", ClientID: "client", ClientSecret: secret.Source{File: writeFile(t, "s")}}
	for name, adjust := range map[string]func(*TokenConfig){
		"path": func(c *TokenConfig) { c.Path = "token" }, "client_id": func(c *TokenConfig) { c.ClientID = "" },
		"client_secret": func(c *TokenConfig) { c.ClientSecret = secret.Source{} },
		"file or env":   func(c *TokenConfig) { c.ClientSecret.Env = "E" },
		"refused_retry": func(c *TokenConfig) { c.RefusedRetry = -1 },
		"reading":       func(c *TokenConfig) { c.ClientSecret.File = "/nowhere/at/all" },
	} {
		cfg := good
		adjust(&cfg)
		if _, err := NewTokens(cfg, nil, GroupLoanToken, GroupConfig{}, nil, nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
