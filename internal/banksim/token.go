package banksim

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// tokens is what the token endpoint has given out.
type tokens struct {
	mu     sync.Mutex
	live   map[string]*token
	wrong  int // secrets in a row
	locked bool
}

type token struct {
	expires time.Time
	revoked bool
}

func newTokens() *tokens { return &tokens{live: map[string]*token{}} }

const (
	tokenInvalid = "ACBG000001"
	tokenRevoked = "ACBG000002"
	secretWrong  = "ACBG000005"
	appLocked    = "ACBG000006"
)

// check returns the code that a token is refused with, "" for a live one.
func (t *tokens) check(text string, now time.Time) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.live[text]
	switch {
	case t.locked:
		return appLocked
	case known == nil:
		return tokenInvalid
	case known.revoked:
		return tokenRevoked
	case !now.Before(known.expires):
		return tokenInvalid
	}
	return ""
}

func (t *tokens) issue(expires, now time.Time) string {
	text := newUUID()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrong = 0
	for old, known := range t.live {
		if now.Sub(known.expires) > time.Hour {
			delete(t.live, old)
		}
	}
	t.live[text] = &token{expires: expires}
	return text
}

// expire and revoke end all tokens.
func (t *tokens) expire() {
	t.each(func(known *token) { known.expires = time.Time{} })
}

func (t *tokens) revoke() {
	t.each(func(known *token) { known.revoked = true })
}

func (t *tokens) each(change func(*token)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, known := range t.live {
		change(known)
	}
}

// refuseSecret counts a wrong secret and returns its code.
func (t *tokens) refuseSecret(tries int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.locked {
		return appLocked
	}
	t.wrong++
	t.locked = t.wrong >= tries
	return secretWrong
}

func (t *tokens) isLocked() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.locked
}

func (t *tokens) unlock() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.locked, t.wrong = false, 0
}

// tokenData is a granted token; a refusal has the name of its OAuth 2.0 error.
type tokenData struct {
	text    string
	seconds int64
	scope   string
}

// grantToken is the token endpoint (contract section 1.3): client credentials,
// in the form or as HTTP Basic.
func grantToken(b *Bank, q *request) reply {
	form, err := url.ParseQuery(string(q.body))
	if err != nil || !strings.HasPrefix(q.http.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return loanRefusal(http.StatusBadRequest, loanMalformed)
	}
	id, secret, basic := q.http.BasicAuth()
	if basic {
		id, secret = unescape(id), unescape(secret)
	} else {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	scope := form.Get("scope")
	switch {
	case b.tokens.isLocked():
		return loanRefusal(http.StatusUnauthorized, appLocked)
	case !equalSecret(id, b.cfg.ClientID):
		return loanRefusal(http.StatusUnauthorized, secretWrong)
	case !equalSecret(secret, b.cfg.ClientSecret):
		return loanRefusal(http.StatusUnauthorized, b.tokens.refuseSecret(b.cfg.SecretTries))
	case form.Get("grant_type") != "client_credentials", !slices.Contains(strings.Fields(scope), "loan"):
		return loanRefusal(http.StatusBadRequest, loanMalformed)
	}
	now := b.now()
	text := b.tokens.issue(now.Add(b.cfg.TokenLifetime), now)
	return reply{applied: true, data: tokenData{text: text, seconds: int64(b.cfg.TokenLifetime / time.Second), scope: scope}}
}

// unescape undoes the form encoding that RFC 6749 asks for in HTTP Basic.
func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

func renderToken(o *out, r *reply) {
	o.object(func() {
		if d, ok := r.data.(tokenData); ok {
			o.text("access_token", d.text)
			o.text("token_type", "bearer")
			o.number("expires_in", d.seconds)
			o.text("scope", d.scope)
			return
		}
		// Neither bank documents the form of a refused token: this one is both
		// the gateway's and RFC 6749's.
		o.header(r)
		oauth := "invalid_client"
		if r.httpStatus() == http.StatusBadRequest {
			oauth = "invalid_request"
		}
		o.text("error", oauth)
		o.text("error_description", loanText[r.code][1])
	})
}

// bearer returns the bearer token of a request, "" for none.
func bearer(r *http.Request) string {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(text)
}

// bearerOK judges the optional bearer token of inter-API calls.
func (b *Bank) bearerOK(r *http.Request) bool {
	text := bearer(r)
	return equalSecret(text, b.cfg.BearerToken) || b.tokens.check(text, b.now()) == ""
}

func equalSecret(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func newUUID() string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	h := hex.EncodeToString(u[:])
	return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}
