package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"bankprocessor/internal/secret"
)

// ask makes one token request. The library reads at most 1 MiB of the answer.
func (s *Source) ask(ctx context.Context) (Token, *Error) {
	cfg := clientcredentials.Config{
		ClientID:       s.cfg.ClientID,
		ClientSecret:   s.secret.Get().Reveal(),
		TokenURL:       s.cfg.TokenEndpoint,
		Scopes:         strings.Fields(s.cfg.Scope),
		EndpointParams: url.Values{},
		AuthStyle:      oauth2.AuthStyleInParams,
	}
	if s.cfg.BasicAuth {
		cfg.AuthStyle = oauth2.AuthStyleInHeader
	}
	for name, value := range s.cfg.Params {
		cfg.EndpointParams.Set(name, value)
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	answer, err := cfg.Token(context.WithValue(ctx, oauth2.HTTPClient, s.client))
	if err != nil {
		return Token{}, s.read(err)
	}
	if !bearer(answer.AccessToken) {
		return Token{}, &Error{Key: "token_endpoint", Problem: "answers with something that is no bearer token"}
	}
	token := Token{Value: secret.Value(answer.AccessToken)}
	if !answer.Expiry.IsZero() {
		token.Expires = s.now().Add(time.Until(answer.Expiry))
	}
	return token, nil
}

// read turns the library's error into ours. What the endpoint wrote stays out:
// it may repeat what it was sent.
func (s *Source) read(err error) *Error {
	var (
		refusal *oauth2.RetrieveError
		trip    *url.Error
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Key: "token_endpoint, timeout", Problem: "no answer within " + s.cfg.Timeout.String()}
	case errors.As(err, &refusal) && refusal.Response != nil:
		return refused(refusal.Response.StatusCode, refusal.ErrorCode)
	case errors.As(err, &trip):
		if key, problem, ok := s.cfg.TLS.Blame(trip.Err); ok && key != "" {
			return &Error{Key: "tls." + key, Problem: problem, Err: trip.Err}
		}
		return &Error{Key: "token_endpoint", Problem: "cannot be asked", Err: trip.Err}
	}
	return &Error{Key: "token_endpoint", Problem: "answers without a token"}
}

// aboutClient are the keys that refused credentials speak of.
const aboutClient = "client_id, client_secret, basic_auth"

// codes are the error codes of RFC 6749 and RFC 8707, and the key that each
// speaks of.
var codes = map[string]string{
	"invalid_client": aboutClient, "unauthorized_client": aboutClient,
	"access_denied": aboutClient, "invalid_grant": aboutClient,
	"invalid_scope": "scope", "invalid_target": "params",
	"invalid_request": "token_endpoint, params, basic_auth", "unsupported_grant_type": "token_endpoint",
}

// passing are the codes and statuses of an endpoint that is ill.
var passing = []string{"server_error", "temporarily_unavailable"}

func refused(status int, code string) *Error {
	e := &Error{Key: "token_endpoint", Problem: fmt.Sprintf("answers HTTP %d", status)}
	key, registered := codes[code]
	if registered || slices.Contains(passing, code) {
		e.Problem += " (" + code + ")"
	}
	switch {
	case slices.Contains(passing, code), status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
	case registered:
		e.Key, e.Refused = key, true
		e.Problem = "the token endpoint refuses: it " + e.Problem
	case status == http.StatusBadRequest, status == http.StatusUnauthorized, status == http.StatusForbidden:
		// Whatever looks like refused credentials is: trying them in a loop may
		// lock the client.
		e.Key, e.Refused = aboutClient, true
		e.Problem = "the token endpoint refuses: it " + e.Problem
	case status >= 300 && status < 400:
		e.Problem += ", a redirect, and none is followed"
	}
	return e
}

// bearer says whether text is a token by RFC 6750: what else it held could end
// the message that carries it.
func bearer(text string) bool {
	body := strings.TrimRight(text, "=")
	return body != "" && strings.IndexFunc(body, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~+/", r)
	}) < 0
}
