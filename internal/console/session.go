package console

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// maxSessions bounds memory, sessionsPerToken what one operator takes of it. The one
	// unused for longest makes room.
	maxSessions      = 256
	sessionsPerToken = 8
)

// session is a browser that has shown a token. It lives in memory alone: a restart
// signs everybody out.
type session struct {
	operator    string
	token       digest // by which it was opened; without it in the file the session ends
	form        string // what every form of it holds
	began, used time.Time
}

// sessions is safe for concurrent use.
type sessions struct {
	idle, limit time.Duration
	now         func() time.Time

	mu  sync.Mutex
	all map[digest]*session // by the digest of the cookie
}

func newSessions(idle, limit time.Duration, now func() time.Time) *sessions {
	return &sessions{idle: idle, limit: limit, now: now, all: map[digest]*session{}}
}

func randomText() string {
	random := make([]byte, tokenBytes)
	_, _ = rand.Read(random) // it never fails: the program ends before
	return base64.RawURLEncoding.EncodeToString(random)
}

// open begins a session and returns what its cookie holds.
func (s *sessions) open(operator string, token digest) (cookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	s.makeRoom(func(o *session) bool { return o.token == token }, sessionsPerToken)
	s.makeRoom(func(*session) bool { return true }, maxSessions)
	cookie = randomText()
	now := s.now()
	s.all[digestOf(cookie)] = &session{operator: operator, token: token, form: randomText(), began: now, used: now}
	return cookie
}

// makeRoom leaves fewer than limit of those that which picks.
func (s *sessions) makeRoom(which func(*session) bool, limit int) {
	n := 0
	var oldest digest
	var last *session
	for id, one := range s.all {
		if !which(one) {
			continue
		}
		n++
		if last == nil || one.used.Before(last.used) {
			oldest, last = id, one
		}
	}
	if n >= limit {
		delete(s.all, oldest)
	}
}

func (s *sessions) sweep() {
	for id, one := range s.all {
		if s.over(one) {
			delete(s.all, id)
		}
	}
}

func (s *sessions) over(one *session) bool {
	now := s.now()
	return now.Sub(one.used) >= s.idle || now.Sub(one.began) >= s.limit
}

// find returns the session of a cookie, a copy, as long as known says that its token
// lets the same operator in. touch says that a person is at work, and not a page that
// looks by itself.
func (s *sessions) find(cookie string, touch bool, known func(digest) string) (session, bool) {
	if cookie == "" {
		return session{}, false
	}
	id := digestOf(cookie)
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[id]
	if one == nil {
		return session{}, false
	}
	if s.over(one) || known(one.token) != one.operator {
		delete(s.all, id)
		return session{}, false
	}
	if touch {
		one.used = s.now()
	}
	return *one, true
}

func (s *sessions) close(cookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, digestOf(cookie))
}

// owns says whether a form came from a page of this session.
func (s session) owns(form string) bool {
	return s.form != "" && subtle.ConstantTimeCompare([]byte(s.form), []byte(form)) == 1
}

// cookieName has the port in it: cookies do not tell ports of a host apart, and an
// operator may have forwarded several processors to one machine.
func cookieName(r *http.Request, secure bool) string {
	name := "processor_console"
	if _, port, err := net.SplitHostPort(r.Host); err == nil && digits(port) {
		name += "_" + port
	}
	if secure {
		return "__Host-" + name
	}
	return name
}

func digits(s string) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 5
}

// cookie holds value, or with "" takes it away.
func (a *access) cookie(r *http.Request, value string) *http.Cookie {
	secure := a.secure(r)
	c := &http.Cookie{ //nolint:gosec // G124: Secure wherever the connection is: from this host it may be in clear
		Name: cookieName(r, secure), Value: value, Path: "/",
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}
