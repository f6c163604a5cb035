package console

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"testing/synctest"
	"time"
)

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupAuth(t, func(c *Config) { c.SessionIdle, c.SessionLimit = 10*time.Minute, time.Hour })
		b.signIn(b.token)
		for range 6 {
			time.Sleep(9 * time.Minute)
			if b.name() != "alice" {
				t.Fatal("a session that is used has ended")
			}
		}
		time.Sleep(7 * time.Minute)
		if b.name() != "" {
			t.Error("a session goes on past its limit")
		}
		b.signIn(b.token)
		time.Sleep(9 * time.Minute)
		b.do(http.MethodGet, progressPart, nil) // an open page is nobody at work
		time.Sleep(time.Minute)
		if b.name() != "" {
			t.Error("an idle session goes on")
		}
	})
}

func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	s := newSessions(time.Hour, time.Hour, func() time.Time { return now })
	first := s.open("alice", digest{1})
	for i := range sessionsPerToken {
		now = now.Add(time.Second)
		s.open("alice", digest{1})
		if _, ok := s.find(first, false, func(digest) string { return "alice" }); ok != (i < sessionsPerToken-1) {
			t.Errorf("after %d more sessions: %t", i+1, ok)
		}
	}
	for i := range 2 * maxSessions {
		s.open("o", digest{2, byte(i), byte(i >> 8)})
	}
	if len(s.all) != maxSessions {
		t.Errorf("%d sessions", len(s.all))
	}
}

func TestSigningOut(t *testing.T) {
	t.Parallel()
	b := setupAuth(t)
	b.signIn(b.token)
	kept := b.jar
	form := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(text(t, b.do(http.MethodGet, "/signin", nil)))[1]
	if answer := b.do(http.MethodPost, "/signout", url.Values{"form": {form + "x"}}); answer.StatusCode != http.StatusForbidden || b.name() != "alice" {
		t.Errorf("another's form signs out: %d", answer.StatusCode)
	}
	answer := b.do(http.MethodPost, "/signout", url.Values{"form": {form}})
	if answer.StatusCode != http.StatusSeeOther || answer.Cookies()[0].MaxAge != -1 {
		t.Errorf("got %d, %v", answer.StatusCode, answer.Cookies())
	}
	if b.jar = kept; b.name() != "" {
		t.Error("the cookie of before is good")
	}
}
