package console

import (
	"net/http"
	"net/url"
	"strings"
)

// refusedToken is the one answer to every token that is not taken.
const refusedToken = "This token is not taken. If it should be, wait a minute, for attempts are counted; " +
	"then look whether its line stands in console.tokens_file."

const signInPath = "/signin"

// signInFor leads back to a page once somebody has signed in.
func signInFor(r *http.Request) string {
	return signInPath + "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
}

// local is a path of this console, or "/" for anything that leads elsewhere.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

func (c *Console) signInRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+signInPath, c.showSignIn)
	mux.HandleFunc("POST "+signInPath, c.signIn)
	mux.HandleFunc("POST /signout", c.operatorOnly(c.signOut))
}

// signInPage is what signin.html shows.
type signInPage struct {
	Next    string
	Refused string // why the last attempt, or any, comes to nothing
	Open    bool   // a token can be given
}

func (c *Console) showSignIn(w http.ResponseWriter, r *http.Request) {
	c.renderSignIn(w, r, http.StatusOK, local(r.URL.Query().Get("next")), "")
}

func (c *Console) renderSignIn(w http.ResponseWriter, r *http.Request, status int, next, refused string) {
	page := signInPage{Next: next, Refused: refused}
	switch insecure := c.access.insecure(r); {
	case c.access.tokens == nil:
		page.Refused = ""
	case insecure != "":
		page.Refused = insecure
	default:
		page.Open = true
	}
	c.renderStatus(w, r, status, "signin", page)
}

func (c *Console) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		c.fail(w, r, http.StatusBadRequest, "The form cannot be read.")
		return
	}
	next := local(r.PostForm.Get("next"))
	token := strings.TrimSpace(r.PostForm.Get("token"))
	name := c.access.admit(r, token)
	if name == "" {
		c.renderSignIn(w, r, http.StatusForbidden, next, refusedToken)
		return
	}
	if old, err := r.Cookie(cookieName(r, c.access.secure(r))); err == nil {
		c.access.sessions.close(old.Value)
	}
	http.SetCookie(w, c.access.cookie(r, c.access.sessions.open(name, digestOf(token))))
	c.access.acted("sign_in", "done")
	c.deps.Logger.Info("an operator has signed in to the console", "operator", name)
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // G710: local has made next a path of this console
}

func (c *Console) signOut(w http.ResponseWriter, r *http.Request, by who) {
	if cookie, err := r.Cookie(cookieName(r, c.access.secure(r))); err == nil && !by.bearer {
		c.access.sessions.close(cookie.Value)
	}
	http.SetCookie(w, c.access.cookie(r, ""))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
