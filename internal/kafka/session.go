package kafka

import (
	"math/rand/v2"
	"time"

	"bankprocessor/internal/kafka/oauth"
)

// session is how long a connection may be used. The zero value is for ever.
type session struct {
	// renewAt is when to replace the connection, and ends is a little before the
	// broker will end it.
	renewAt, ends time.Time
}

// newSession is renewed when 65 to 80 % of it are over, so that a crowd of
// sessions that began together does not end together. It ends 3 % early: a request
// is on its way for a while.
func newSession(begun, ends time.Time) session {
	percent := max(0, ends.Sub(begun)) / 100
	return session{
		renewAt: begun.Add(65*percent + rand.N(15*percent+1)),
		ends:    ends.Add(-3 * percent),
	}
}

// within bounds the session by its token, and renews one that ends with the token
// when there is another one to be had.
func (s session) within(token oauth.Token, begun time.Time) session {
	if token.Expires.IsZero() {
		return s
	}
	if own := newSession(begun, token.Expires); s.ends.IsZero() || own.ends.Before(s.ends) {
		s = own
	}
	// What is bound by the token, if only by the broker's word, ends about with it.
	if bound := token.Expires.Sub(s.ends) < token.Expires.Sub(token.RenewAt); bound && s.renewAt.Before(token.RenewAt) {
		left := token.Expires.Sub(token.RenewAt)
		s.renewAt = token.RenewAt.Add(rand.N(left/4 + 1))
	}
	return s
}

func (s session) over(now time.Time) bool { return !s.ends.IsZero() && !now.Before(s.ends) }

func (s session) due(now time.Time) bool { return !s.renewAt.IsZero() && !now.Before(s.renewAt) }

// outlives says whether s is worth having in the place of old: a token that could
// not be renewed gives a session that ends with the old one.
func (s session) outlives(old session, now time.Time) bool {
	return s.ends.IsZero() || s.ends.Sub(old.ends) > old.ends.Sub(now)/2
}
