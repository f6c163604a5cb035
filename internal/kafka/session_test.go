package kafka

import (
	"testing"
	"time"

	"bankprocessor/internal/kafka/oauth"
)

func TestASessionIsRenewedInGoodTime(t *testing.T) {
	t.Parallel()
	begun := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	after := func(d time.Duration) time.Time { return begun.Add(d) }
	within := func(name string, got, from, to time.Time) {
		t.Helper()
		if got.Before(from) || got.After(to) {
			t.Errorf("%s: %v, want from %v to %v", name, got.Sub(begun), from.Sub(begun), to.Sub(begun))
		}
	}
	for range 100 {
		s := newSession(begun, after(100*time.Second))
		within("renewal", s.renewAt, after(65*time.Second), after(80*time.Second))
		within("end", s.ends, after(97*time.Second), after(97*time.Second))

		// A token ends long after the broker's bound: it changes nothing.
		if got := s.within(oauth.Token{Expires: after(time.Hour), RenewAt: after(48 * time.Minute)}, begun); got != s {
			t.Errorf("a long token makes %+v of %+v", got, s)
		}
		// It ends before, or at the broker's bound: not before there is another.
		token := oauth.Token{Expires: after(50 * time.Second), RenewAt: after(40 * time.Second)}
		bounded := s.within(token, begun)
		within("end with the token", bounded.ends, after(48*time.Second), after(49*time.Second))
		within("renewal with the token", bounded.renewAt, after(40*time.Second), after(43*time.Second))
		within("renewal of what only the token bounds", session{}.within(token, begun).renewAt, after(40*time.Second), after(43*time.Second))
	}
	if got := (session{}).within(oauth.Token{}, begun); got != (session{}) || got.due(after(time.Hour)) || got.over(after(time.Hour)) {
		t.Errorf("a session without end ends: %+v", got)
	}
	// Whatever a broker or an endpoint says: no overflow, no panic.
	for _, life := range []time.Duration{-time.Microsecond, 0, 1, 5 * 8766 * time.Hour, 68 * 8766 * time.Hour, 1<<63 - 1} {
		s := newSession(begun, after(life))
		if s.renewAt.Before(begun) || (life > 0 && s.renewAt.After(after(life))) || s.ends.After(after(life)) {
			t.Errorf("a life of %v: renewed after %v, ends after %v", life, s.renewAt.Sub(begun), s.ends.Sub(begun))
		}
		_ = session{}.within(oauth.Token{Expires: after(life), RenewAt: after(life / 5 * 4)}, begun)
	}
	old := newSession(begun, after(100*time.Second))
	now := after(80 * time.Second)
	if !newSession(now, now.Add(100*time.Second)).outlives(old, now) || !(session{}).outlives(old, now) {
		t.Error("a whole session is worth nothing")
	}
	if newSession(now, after(101*time.Second)).outlives(old, now) {
		t.Error("a session by the same token is worth having")
	}
}
