package console

import (
	"crypto/tls"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// bench is a console without dead letters, and a browser before it.
type bench struct {
	t       *testing.T
	c       *Console
	h       http.Handler
	file    string // of the tokens
	token   string // alice's
	jar     []*http.Cookie
	remote  string
	host    string
	headers map[string]string
	tls     bool
	acted   []string
}

func setupAuth(t *testing.T, mutate ...func(*Config)) *bench {
	t.Helper()
	b := &bench{t: t, file: filepath.Join(t.TempDir(), "tokens"), remote: "127.0.0.1:50000", host: "127.0.0.1:9464", headers: map[string]string{}}
	token, line, err := NewToken("alice")
	if err != nil {
		t.Fatal(err)
	}
	b.token = token.Reveal()
	b.write("# operators\n" + line + "\n")
	cfg := Config{Access: Access{TokensFile: b.file}}
	for _, m := range mutate {
		m(&cfg)
	}
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	b.c, err = New(cfg, Deps{
		Read: func() Reading { return Reading{} }, AdminAddress: "admin.example.com:9464",
		Acted: func(action, result string) { b.acted = append(b.acted, action+" "+result) },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.h = b.c.Handler()
	return b
}

// write puts the tokens' file in the other's place, as a renewal does.
func (b *bench) write(text string) {
	b.t.Helper()
	next := b.file + ".next"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Rename(next, b.file); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) do(method, target string, form url.Values) *http.Response {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, "http://"+b.host+target, strings.NewReader(form.Encode()))
	if b.tls {
		r.TLS = &tls.ConnectionState{}
	}
	r.RemoteAddr = b.remote
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range b.headers {
		r.Header.Set(name, value)
	}
	for _, c := range b.jar {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	return w.Result()
}

// signIn keeps the cookie, if there is one.
func (b *bench) signIn(token string) *http.Response {
	b.t.Helper()
	answer := b.do(http.MethodPost, "/signin", url.Values{"token": {token}, "next": {"/letters?reason=in-doubt"}})
	if cookies := answer.Cookies(); len(cookies) > 0 {
		b.jar = cookies
	}
	return answer
}

// name is whom the pages take the browser for.
func (b *bench) name() string {
	b.t.Helper()
	found := regexp.MustCompile(`class="who">([^<]*)<`).FindStringSubmatch(text(b.t, b.do(http.MethodGet, "/signin", nil)))
	if found == nil {
		return ""
	}
	return found[1]
}

func text(t *testing.T, answer *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestATokenOpensASession(t *testing.T) {
	t.Parallel()
	b := setupAuth(t)
	if b.name() != "" {
		t.Fatal("somebody is signed in")
	}
	answer := b.signIn(b.token)
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/letters?reason=in-doubt" {
		t.Fatalf("got %d to %s", answer.StatusCode, answer.Header.Get("Location"))
	}
	c := b.jar[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Secure || c.Name != "processor_console_9464" || len(c.Value) < 43 {
		t.Errorf("got cookie %+v", c)
	}
	if strings.Contains(c.Value, b.token) || b.name() != "alice" {
		t.Errorf("the pages take us for %q", b.name())
	}
	if got := strings.Join(b.acted, ","); got != "sign_in done" {
		t.Errorf("told %s", got)
	}
}

func TestTLSMakesTheCookieSecure(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]*bench{
		"our own":   setupAuth(t),
		"a proxy's": setupAuth(t, func(c *Config) { c.BehindTLS = true }),
	} {
		b.tls, b.remote = name == "our own", "192.0.2.1:4000"
		b.signIn(b.token)
		if len(b.jar) != 1 || !b.jar[0].Secure || b.jar[0].Name != "__Host-processor_console_9464" || b.name() != "alice" {
			t.Errorf("%s: got %+v", name, b.jar)
		}
	}
}

// A token does not cross a network in clear.
func TestSigningInWantsTLSOrLoopback(t *testing.T) {
	t.Parallel()
	behind := func(c *Config) { c.BehindTLS = true }
	for name, tt := range map[string]struct {
		remote  string
		headers map[string]string
		mutate  []func(*Config)
		open    bool
		says    string
	}{
		"loopback":                      {remote: "127.0.0.1:1", open: true},
		"loopback, IPv6":                {remote: "[::1]:1", open: true},
		"loopback, mapped":              {remote: "[::ffff:127.0.0.1]:1", open: true},
		"the network":                   {remote: "192.0.2.1:1", says: "must not cross a network in clear"},
		"a proxy on this host":          {remote: "127.0.0.1:1", headers: map[string]string{"X-Forwarded-For": "192.0.2.1"}, says: "console.behind_tls"},
		"behind TLS":                    {remote: "192.0.2.1:1", mutate: []func(*Config){behind}, open: true},
		"behind TLS, and in clear":      {remote: "192.0.2.1:1", headers: map[string]string{"X-Forwarded-Proto": "http"}, mutate: []func(*Config){behind}, says: "https"},
		"behind TLS, the proxy says so": {remote: "192.0.2.1:1", headers: map[string]string{"X-Forwarded-Proto": "https"}, mutate: []func(*Config){behind}, open: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupAuth(t, tt.mutate...)
			b.remote = tt.remote
			maps.Copy(b.headers, tt.headers)
			page := text(t, b.do(http.MethodGet, "/signin", nil))
			if strings.Contains(page, `name="token"`) != tt.open || !strings.Contains(page, tt.says) {
				t.Errorf("got the page %s", page)
			}
			if answer := b.signIn(b.token); (answer.StatusCode == http.StatusSeeOther) != tt.open {
				t.Errorf("got %d", answer.StatusCode)
			}
			b.jar = nil
			b.headers["Authorization"] = "Bearer " + b.token
			if got := b.name(); (got == "alice") != tt.open {
				t.Errorf("as a bearer: %q", got)
			}
		})
	}
}

func TestWrongTokensAreAnsweredAlikeAndSlowly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupAuth(t)
		var first string
		for i := range attemptsInRow {
			answer := b.signIn([]string{"", "x", b.token + "x", b.token[1:], "Bearer"}[i])
			if said := text(t, answer); first == "" {
				first = said
			} else if answer.StatusCode != http.StatusForbidden || said != first || len(b.jar) > 0 {
				t.Errorf("attempt %d: %d\n%s", i, answer.StatusCode, said)
			}
		}
		if answer := b.signIn(b.token); answer.StatusCode != http.StatusForbidden || text(t, answer) != first {
			t.Errorf("too many attempts, and the right token is told apart: %d", answer.StatusCode)
		}
		b.remote = "127.0.0.2:1"
		if answer := b.signIn(b.token); answer.StatusCode != http.StatusSeeOther {
			t.Errorf("somebody else is kept out: %d", answer.StatusCode)
		}
		b.remote, b.jar = "127.0.0.1:2", nil
		time.Sleep(attemptEvery)
		if answer := b.signIn(b.token); answer.StatusCode != http.StatusSeeOther {
			t.Errorf("a while later: %d", answer.StatusCode)
		}
	})
}

func TestAttemptsAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	a := newAttempts(func() time.Time { return now })
	place := func(i int) string { return "10." + itoa(i>>16) + "." + itoa(i>>8&255) + "." + itoa(i&255) + ":1" }
	for i := range 2 * maxPlaces {
		a.failed(place(i))
	}
	if len(a.free) > maxPlaces+1 {
		t.Errorf("%d places", len(a.free))
	}
	if a.allowed("[2001:db8::1]:1") {
		t.Error("who comes when there is no room shares a place, and that is spent")
	}
	for range attemptsInRow {
		a.failed(place(1))
	}
	if a.allowed(place(1)) || !a.allowed(place(2)) {
		t.Error("places are not told apart")
	}
	now = now.Add(time.Hour * 24)
	if !a.allowed(place(1)) || !a.allowed("[2001:db8::1]:1") {
		t.Error("attempts are never forgotten")
	}
	for range attemptsInRow {
		a.failed("[2001:db8::1]:1")
	}
	if a.allowed("[2001:db8::ffff:1]:9") || !a.allowed("[2001:db8:0:1::1]:9") {
		t.Error("a network of one customer is not one place")
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

// The file of the tokens is followed, and whatever cannot be read of it lets nobody in.
func TestTheTokensFileIsFollowed(t *testing.T) {
	t.Parallel()
	b := setupAuth(t)
	other, line, err := NewToken("bob")
	if err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(b.file)
	if err != nil {
		t.Fatal(err)
	}
	look := b.c.cfg.Followed("console")[0]
	if look.Path != "console.tokens_file" {
		t.Errorf("follows %s", look.Path)
	}
	for _, step := range []struct {
		what, text string
		alice, bob bool
		fault      string
	}{
		{"one more", string(good) + line + "\n", true, true, ""},
		{"one less", line + "\r\n", false, true, ""},
		{"both again", string(good) + line, true, true, ""},
		{"a slip in a line", string(good) + strings.Replace(line, "sha256", "sha1", 1), true, false, "line 3: want sha256: and 64 hex digits"},
		{"a token in the file", string(good) + "bob " + other.Reveal(), true, false, "never the token"},
		{"a token in two lines", string(good) + "eve" + line[3:] + "\n" + line, true, false, "two names"},
		{"nobody", "", false, false, ""},
		{"a new name", strings.Replace(string(good), "alice", "alison", 1), false, false, ""},
	} {
		b.write(string(good))
		b.jar = nil
		b.signIn(b.token)
		b.write(step.text)
		if got := b.name() == "alice"; got != step.alice {
			t.Errorf("%s: alice's session: %t", step.what, got)
		}
		b.jar = nil
		b.headers["Authorization"] = "Bearer " + other.Reveal()
		if got := b.name() == "bob"; got != step.bob {
			t.Errorf("%s: bob: %t", step.what, got)
		}
		delete(b.headers, "Authorization")
		b.c.access.attempts = newAttempts(time.Now)
		if err := look.Look(); (err == nil) != (step.fault == "") || err != nil && (!strings.Contains(err.Error(), step.fault) || strings.Contains(err.Error(), other.Reveal())) {
			t.Errorf("%s: fault %v, want %q", step.what, err, step.fault)
		}
	}
	b.write(string(good))
	b.signIn(b.token)
	if err := os.Chmod(b.file, 0o622); err != nil {
		t.Fatal(err)
	}
	// What others may write is not believed; a change of mode alone shows when the file is read.
	if err := b.c.cfg.Check(); err == nil || !strings.Contains(err.Error(), "mode 0622") {
		t.Errorf("others may write it: %v", err)
	}
	if err := os.Remove(b.file); err != nil {
		t.Fatal(err)
	}
	if b.name() != "" || look.Look() == nil {
		t.Error("the file is gone, and its tokens are not")
	}
}

func TestWithoutTokensNobodySignsIn(t *testing.T) {
	t.Parallel()
	b := setupAuth(t, func(c *Config) { c.TokensFile = "" })
	if page := text(t, b.do(http.MethodGet, "/signin", nil)); !strings.Contains(page, "console.tokens_file") || strings.Contains(page, `name="token"`) {
		t.Errorf("the page does not say how to switch it on: %s", page)
	}
	if answer := b.signIn(b.token); answer.StatusCode != http.StatusForbidden {
		t.Errorf("got %d", answer.StatusCode)
	}
	if _, err := New(Config{Access: Access{TokensFile: "/nowhere/tokens"}}, Deps{Read: func() Reading { return Reading{} }}); err == nil || !strings.Contains(err.Error(), "tokens_file") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestHostsAreOurs(t *testing.T) {
	t.Parallel()
	b := setupAuth(t, func(c *Config) { c.Hosts = []string{"Console.Example.com"} })
	for host, want := range map[string]int{
		"127.0.0.1:9464": 200, "[::1]:9464": 200, "10.0.0.5:9464": 200, "localhost:9464": 200, "Localhost": 200, "ops.localhost:1": 200,
		"admin.example.com:9464": 200, "console.example.com": 200, "console.example.com.": 200, "CONSOLE.example.com:443": 200,
		"evil.example.com:9464": 421, "console.example.com.evil.example": 421, "localhost.evil.example": 421, "": 421,
	} {
		b.host = host
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		b.h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: got %d, want %d", host, w.Code, want)
		}
	}
}

func TestOtherSitesChangeNothing(t *testing.T) {
	t.Parallel()
	b := setupAuth(t, func(c *Config) { c.Hosts = []string{"console.example.com"} })
	for name, tt := range map[string]struct {
		headers map[string]string
		ok      bool
	}{
		"another site":             {map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, false},
		"a neighbour":              {map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:8080"}, false},
		"an old browser elsewhere": {map[string]string{"Origin": "https://evil.example"}, false},
		"ourselves":                {map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:9464"}, true},
		"by the proxy's name":      {map[string]string{"Origin": "https://console.example.com"}, true},
		"no browser":               {nil, true},
	} {
		b.headers, b.jar = tt.headers, nil
		if answer := b.signIn(b.token); (answer.StatusCode == http.StatusSeeOther) != tt.ok {
			t.Errorf("%s: got %d", name, answer.StatusCode)
		}
	}
}

func TestNextStaysHere(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/letters?a=b": "/letters?a=b", "": "/", "//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/",
		"javascript:alert(1)": "/", "letters": "/", "/\t/evil.example": "/", "/a\r\nSet-Cookie: x": "/",
	} {
		if got := local(next); got != want {
			t.Errorf("%q: got %q, want %q", next, got, want)
		}
	}
}

func TestAccessFaults(t *testing.T) {
	t.Parallel()
	if err := (Access{}).WithDefaults().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	for want, a := range map[string]Access{
		"session_idle: ":        {SessionIdle: time.Second},
		"session_limit: ":       {SessionLimit: 48 * time.Hour},
		"at most session_limit": {SessionIdle: 2 * time.Hour, SessionLimit: time.Hour},
		"hosts: ":               {Hosts: []string{"https://console.example.com/"}},
	} {
		if err := a.WithDefaults().Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
