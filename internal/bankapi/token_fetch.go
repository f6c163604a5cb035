package bankapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"bankprocessor/internal/command"
	"bankprocessor/internal/secret"
)

// fetch makes one token call. A refused secret holds the group before anybody
// else can try it.
func (t *Tokens) fetch(ctx context.Context) command.Verdict {
	current := t.secret.Get()
	asked := time.Now()
	token, e, err := t.ask(ctx, current)
	v := t.judgeToken(e, err)
	if secretRefused(v) {
		t.holdSecret(current)
	}
	if err == nil && v.Status == command.Succeeded {
		t.store(secret.Value(token.AccessToken), asked, token.Expiry)
	}
	return v
}

// ask lets x/oauth2 write the request and read the answer over a round trip of
// the bank client's. The error may hold the answer's body: it is never wrapped.
func (t *Tokens) ask(ctx context.Context, clientSecret secret.Value) (*oauth2.Token, Exchange, error) {
	trip := &tokenTrip{client: t.client}
	cfg := clientcredentials.Config{
		ClientID:     t.cfg.ClientID,
		ClientSecret: clientSecret.Reveal(),
		TokenURL:     t.client.URL(t.cfg.Path),
		AuthStyle:    oauth2.AuthStyleInParams, // set either way: finding out by trial would spend tries
	}
	if t.cfg.BasicAuth {
		cfg.AuthStyle = oauth2.AuthStyleInHeader
	}
	if t.cfg.Scope != "" {
		cfg.Scopes = []string{t.cfg.Scope}
	}
	if t.cfg.Resource != "" {
		cfg.EndpointParams = url.Values{"resource": {t.cfg.Resource}}
	}
	token, err := cfg.Token(context.WithValue(ctx, oauth2.HTTPClient, &http.Client{
		Transport:     trip,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}))
	return token, trip.exchange, err
}

// tokenTrip is a round tripper over a Client that keeps the exchange.
type tokenTrip struct {
	client   *Client
	exchange Exchange
}

// RoundTrip posts req and hands out an answer that arrived whole.
func (t *tokenTrip) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, fmt.Errorf("reading token request: %w", err)
	}
	_ = req.Body.Close() // it is in memory
	t.exchange = t.client.Post(req.Context(), Request{URL: req.URL.String(), Header: fieldsOf(req.Header), Body: body})
	if t.exchange.Delivery != command.Answered {
		return nil, t.exchange.Err
	}
	return &http.Response{
		StatusCode: t.exchange.Status,
		Header:     http.Header{"Content-Type": {t.exchange.ContentType}},
		Body:       io.NopCloser(bytes.NewReader(t.exchange.Body)),
		Request:    req,
	}, nil
}

// judgeToken judges a token call. Whatever looks like a refused secret is one:
// trying again could lock the application.
func (t *Tokens) judgeToken(e Exchange, err error) command.Verdict {
	if e.Delivery != command.Answered {
		return VerdictOfHTTP(e, false)
	}
	if t.judge != nil && err != nil {
		if v, ok := t.judge(e); ok && v.Status != command.Succeeded {
			return v
		}
	}
	if err == nil {
		return command.Verdict{Status: command.Succeeded, Category: command.CategoryOK, Delivery: command.Answered}
	}
	var refusal *oauth2.RetrieveError
	errors.As(err, &refusal)
	switch {
	case refusal == nil: // 200 without a token
		return VerdictOfHTTP(e, false)
	case e.Status >= 300 && e.Status != http.StatusBadRequest && e.Status != http.StatusUnauthorized:
		v := VerdictOfHTTP(e, false)
		if v.Code == command.CodeBankMisconfigured {
			v.Detail = "the bank does not know the token endpoint: see token.path"
		}
		return v
	}
	switch refusal.ErrorCode {
	case "invalid_scope", "invalid_request", "unsupported_grant_type":
		return tokenRequestRefused
	case "server_error", "temporarily_unavailable":
		return httpRows[caseBankFault].read
	}
	return secretInvalid
}

var (
	secretInvalid = command.Verdict{
		Status: command.Failed, Code: command.CodeGatewaySecretInvalid, Category: command.CategoryAuth,
		Retry: command.RetryPause, Uncounted: true, Delivery: command.Answered,
		Detail: "the token endpoint refuses the client secret (token.client_secret) or the client (token.client_id): not tried again before the secret changes",
	}
	tokenRequestRefused = command.Verdict{
		Status: command.Failed, Code: command.CodeBankMisconfigured, Category: command.CategoryConfiguration,
		Retry: command.RetryPause, Uncounted: true, Delivery: command.Answered,
		Detail: "the token endpoint refuses the token request: see token.scope, token.resource and token.path",
	}
)
