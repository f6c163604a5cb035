package console

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// access knows who asks, and what they may do.
type access struct {
	cfg      Access
	hosts    []string // names under which the console may be asked for
	tokens   *tokens  // nil where nobody can sign in
	sessions *sessions
	attempts *attempts
	cross    *http.CrossOriginProtection
	// acted is told of what people do.
	acted func(action, result string)
}

// newAccess reads the tokens' file. adminHost is the host of the admin port's address.
func newAccess(cfg Access, adminHost string, now func() time.Time, acted func(action, result string)) (*access, error) {
	a := &access{
		cfg: cfg, sessions: newSessions(cfg.SessionIdle, cfg.SessionLimit, now), attempts: newAttempts(now),
		cross: http.NewCrossOriginProtection(), acted: acted,
	}
	for _, h := range append([]string{adminHost}, cfg.Hosts...) {
		if name := hostName(h); name != "" {
			a.hosts = append(a.hosts, name)
		}
	}
	// A proxy may have written another Host than the one that the browser asked for.
	for _, h := range cfg.Hosts {
		if err := a.cross.AddTrustedOrigin("https://" + strings.ToLower(h)); err != nil {
			return nil, err
		}
	}
	a.cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "The request came from a page of another site, and changes nothing.", http.StatusForbidden)
	}))
	var err error
	if cfg.TokensFile != "" {
		a.tokens, err = openTokens(cfg.TokensFile)
	}
	return a, err
}

// who is whoever asks. Its zero value is nobody.
type who struct {
	Name string // "" for nobody
	// Form goes into every form of the session; "" for a bearer, whose requests no other
	// site can make.
	Form string
	// CanSignIn says that somebody could.
	CanSignIn bool
	bearer    bool
}

type whoKey struct{}

// whoAsks is who a request comes from.
func whoAsks(r *http.Request) who {
	w, _ := r.Context().Value(whoKey{}).(who)
	return w
}

// guard lets requests through to next that come under one of our names and from no
// other site, and tells it who asks.
func (a *access) guard(next http.Handler) http.Handler {
	checked := a.cross.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asks, ok := a.identify(r)
		if !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="console"`)
			http.Error(w, refusedToken, http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, asks)))
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.ours(r.Host) {
			http.Error(w, "This is no name of the console's: open it by an IP address or as localhost, or add the name to console.hosts.", http.StatusMisdirectedRequest)
			return
		}
		checked.ServeHTTP(w, r)
	})
}

// ours says whether a Host header is one of ours. A page of another site can have its
// own name lead here (DNS rebinding), but neither an address nor localhost.
func (a *access) ours(host string) bool {
	name := hostName(host)
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || slices.Contains(a.hosts, name)
}

// identify is not ok where a request shows a token that is not taken.
func (a *access) identify(r *http.Request) (asks who, ok bool) {
	asks.CanSignIn = a.tokens != nil
	if shown := r.Header.Values("Authorization"); len(shown) > 0 {
		scheme, token, _ := strings.Cut(shown[0], " ")
		if len(shown) > 1 || !strings.EqualFold(scheme, "Bearer") {
			return who{}, false
		}
		asks.Name, asks.bearer = a.admit(r, token), true
		return asks, asks.Name != ""
	}
	if cookie, err := r.Cookie(cookieName(r, a.secure(r))); err == nil && a.tokens != nil && a.insecure(r) == "" {
		if s, ok := a.sessions.find(cookie.Value, !looksByItself(r), a.tokens.holder); ok {
			asks.Name, asks.Form = s.operator, s.form
		}
	}
	return asks, true
}

// admit is the name that goes with a token, "" for none, and for any while there were
// too many attempts.
func (a *access) admit(r *http.Request, token string) string {
	if a.tokens == nil || a.insecure(r) != "" || !a.attempts.allowed(r.RemoteAddr) {
		return ""
	}
	name := a.tokens.holder(digestOf(strings.TrimSpace(token)))
	if name == "" {
		a.attempts.failed(r.RemoteAddr)
		a.acted("sign_in", "refused")
	}
	return name
}

// insecure says why a token must not be sent over this connection; "" where it may.
func (a *access) insecure(r *http.Request) string {
	switch {
	case r.TLS != nil:
		return ""
	case a.cfg.BehindTLS && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "http"):
		return "The proxy says that your connection to it has no TLS: open the console by https."
	case a.cfg.BehindTLS:
		return ""
	case forwarded(r):
		return "A proxy has passed this request on without TLS: if it ends TLS itself, and nothing else reaches this port, set console.behind_tls."
	case loopback(r.RemoteAddr):
		return ""
	}
	return "A token must not cross a network in clear: set admin.tls.cert_file and key_file, or console.behind_tls where a proxy ends TLS, " +
		"or come from this host (ssh -L, kubectl port-forward)."
}

func (a *access) secure(r *http.Request) bool { return r.TLS != nil || a.cfg.BehindTLS }

func forwarded(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-Ip"} {
		if r.Header.Get(name) != "" {
			return true
		}
	}
	return false
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip, err2 := netip.ParseAddr(host)
	return err == nil && err2 == nil && ip.Unmap().IsLoopback()
}

// looksByItself says that no person is behind a request: an open page looks again.
func looksByItself(r *http.Request) bool {
	return r.URL.Path == progressPart || strings.HasPrefix(r.URL.Path, "/live")
}

// operatorOnly asks for a sign-in, and of what changes something for the session's own form.
func (c *Console) operatorOnly(handle func(w http.ResponseWriter, r *http.Request, by who)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		by := whoAsks(r)
		reading := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch {
		case by.Name == "" && reading:
			http.Redirect(w, r, signInFor(r), http.StatusSeeOther)
		case by.Name == "":
			c.fail(w, r, http.StatusUnauthorized, "You are not signed in, or your session has ended: nothing was changed. Sign in and order it again.")
		case reading:
			handle(w, r, by)
		default:
			c.changing(w, r, by, handle)
		}
	}
}

// maxForm bounds what a form may hold: a command, and a page's selection.
const maxForm = 2 << 20

func (c *Console) changing(w http.ResponseWriter, r *http.Request, by who, handle func(w http.ResponseWriter, r *http.Request, by who)) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		c.fail(w, r, http.StatusBadRequest, "The form cannot be read, or is larger than 2 MiB: nothing was changed.")
		return
	}
	if !by.bearer && !(session{form: by.Form}).owns(r.PostForm.Get("form")) {
		c.fail(w, r, http.StatusForbidden, "This form is not of your present session: nothing was changed. Go back, load the page anew, and order it again.")
		return
	}
	handle(w, r, by)
}

// fail answers with a page that says what is wrong and what to do.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, status int, text string) {
	c.renderStatus(w, r, status, "failure", text)
}
