package interapi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/command"
)

// tokenBank gives out tokens T1, T2, … and takes those in takes.
type tokenBank struct {
	mu     sync.Mutex
	issued int
	takes  []string
	away   bool // the token endpoint refuses our secret
	bodies []string
	seen   []string
}

func (b *tokenBank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.URL.Path == "/token" {
		if b.away {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		b.issued++
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":"T%d","token_type":"Bearer","expires_in":3600}`, b.issued)
		return
	}
	body, _ := io.ReadAll(r.Body)
	b.bodies, b.seen = append(b.bodies, string(body)), append(b.seen, r.Header.Get("Authorization"))
	if !slices.Contains(b.takes, r.Header.Get("Authorization")) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, platform(42, "token"))
		return
	}
	_, _ = io.WriteString(w, success[command.DBSInvoiceUpsert])
}

func withTokens(t *testing.T, b *tokenBank) map[command.Name]bankapi.Method {
	t.Helper()
	url := serve(t, b)
	tokens, err := bankapi.NewTokens(bankapi.TokenConfig{
		Path: "/token", ClientID: "client", ClientSecret: secretFile(t, "client-secret"), Scope: "dbs",
	}, newClient(t, url), "interapi.token", bankapi.GroupConfig{PauseInitial: time.Hour, PauseMax: time.Hour}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return methodsAt(t, url, func(_ *Config, d *Deps) { d.Tokens = tokens })
}

func TestBearerToken(t *testing.T) {
	t.Parallel()
	t.Run("accepted", func(t *testing.T) {
		t.Parallel()
		b := &tokenBank{takes: []string{"Bearer T1"}}
		methods := withTokens(t, b)
		for range 2 {
			if v := send(t, methods, invoiceCommand(t)); v.Status != command.Succeeded {
				t.Errorf("verdict %+v", v)
			}
		}
		if b.issued != 1 || len(b.bodies) != 2 {
			t.Errorf("%d tokens, %d calls", b.issued, len(b.bodies))
		}
	})
	t.Run("refused once, under an Error envelope", func(t *testing.T) {
		t.Parallel()
		b := &tokenBank{takes: []string{"Bearer T2"}}
		v := send(t, withTokens(t, b), invoiceCommand(t))
		if v.Status != command.Succeeded || !slices.Equal(b.seen, []string{"Bearer T1", "Bearer T2"}) || b.bodies[0] != b.bodies[1] {
			t.Errorf("verdict %+v, seen %v", v, b.seen)
		}
	})
	t.Run("refused for good", func(t *testing.T) {
		t.Parallel()
		b := &tokenBank{}
		v := send(t, withTokens(t, b), invoiceCommand(t))
		if v.Code != command.CodeGatewayUnauthorized || v.Retry != command.RetryPause || v.DeadLetter || len(b.seen) != 2 {
			t.Errorf("verdict %+v, seen %v", v, b.seen)
		}
	})
	t.Run("no token, nothing sent", func(t *testing.T) {
		t.Parallel()
		b := &tokenBank{away: true}
		methods := withTokens(t, b)
		v := send(t, methods, invoiceCommand(t))
		if v.Delivery != command.NotSent || v.Status != command.Failed || v.Retry != command.RetryPause || len(b.bodies) != 0 {
			t.Errorf("verdict %+v, %d calls", v, len(b.bodies))
		}
		gate := methods[command.DBSInvoiceUpsert].(bankapi.Gate)
		if !gate.Shut() {
			t.Error("the gate is open without a token")
		}
	})
}

type signer struct{}

func (signer) Sign(body []byte) (http.Header, error) {
	return http.Header{"Signature": {fmt.Sprintf("%d bytes", len(body))}}, nil
}

func TestBodySigner(t *testing.T) {
	t.Parallel()
	f := setup(t, []answer{{body: `{}`}}, func(_ *Config, d *Deps) { d.Client = d.Client.WithSigner(signer{}) })
	f.call(t, invoiceCommand(t))
	if got, want := f.bank.requests[0].Header.Get("Signature"), fmt.Sprintf("%d bytes", len(f.bank.bodies[0])); got != want {
		t.Errorf("signature %q, want one over the bytes sent: %q", got, want)
	}
}

func TestRotatedKeysAreTaken(t *testing.T) {
	t.Parallel()
	source := secretFile(t, "first")
	f := setup(t, []answer{{body: `{}`}}, func(c *Config, _ *Deps) { c.SubscriptionKey = source })
	f.call(t, limitCommand(t))
	writeFile(t, source.File, "second, longer")
	f.methods[command.DBSLimitQuery].(*dbsLimit).subscriptionKey.Get() // a look, which else comes within 20 ms
	f.call(t, limitCommand(t))
	for i, want := range []string{"first", "second, longer"} {
		if got := f.bank.requests[i].Header.Get("Ocp-Apim-Subscription-Key"); got != want {
			t.Errorf("key of call %d = %q, want %q", i, got, want)
		}
	}
}

// The resend after a refreshed token is a call of its own: it asks again.
func TestTheResendAsksItsPermit(t *testing.T) {
	t.Parallel()
	b := &tokenBank{takes: []string{"Bearer T2"}}
	methods := withTokens(t, b)
	lost := errors.New("the lease is lost")
	var seen atomic.Int32
	permit := func() error {
		b.mu.Lock()
		defer b.mu.Unlock()
		seen.Add(1)
		if len(b.seen) > 0 { // the bank has refused the first
			return lost
		}
		return nil
	}
	call := command.Call{RequestID: requestID, Operation: command.InsertInvoice, Permit: permit}
	v := methods[command.DBSInvoiceUpsert].Call(t.Context(), &command.Command{ID: commandID, Payload: invoiceCommand(t)}, call)
	if v.Delivery != command.NotSent || v.Retry != command.RetryPause || !v.Uncounted || v.BankFault {
		t.Errorf("verdict %+v", v)
	}
	if len(b.bodies) != 1 || b.issued != 2 || seen.Load() < 2 {
		t.Errorf("%d calls, %d tokens, asked %d times", len(b.bodies), b.issued, seen.Load())
	}
}

func TestEveryMethodAsksItsPermit(t *testing.T) {
	t.Parallel()
	for name, p := range payloads(t) {
		f := setup(t, []answer{{body: `{}`}})
		call := command.Call{RequestID: requestID, Operation: command.InsertInvoice, Permit: func() error { return errors.New("lost") }}
		v := f.methods[name].Call(t.Context(), &command.Command{ID: commandID, Payload: p}, call)
		if v.Delivery != command.NotSent || v.Retry != command.RetryPause || v.DeadLetter || len(f.bank.bodies) > 0 {
			t.Errorf("%s: verdict %+v, %d calls", name, v, len(f.bank.bodies))
		}
		if f.methods[name].(bankapi.Gate).Shut() {
			t.Errorf("%s: the gate is shut, as if the bank had refused us", name)
		}
	}
}
