package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed templates
var templateFiles embed.FS

// pages are the templates, each with the base around it, by name without extension.
type pages map[string]*template.Template

func newPages(a assets) (pages, error) {
	base, err := template.New("base.html").Funcs(template.FuncMap{"asset": a.path, "state": statusState}).ParseFS(templateFiles, "templates/base.html")
	if err != nil {
		return nil, fmt.Errorf("reading the console's templates: %w", err)
	}
	files, err := fs.ReadDir(templateFiles, "templates")
	if err != nil {
		return nil, fmt.Errorf("reading the console's templates: %w", err)
	}
	all := pages{}
	for _, f := range files {
		if f.Name() == "base.html" {
			continue
		}
		page, err := template.Must(base.Clone()).ParseFS(templateFiles, "templates/"+f.Name())
		if err != nil {
			return nil, fmt.Errorf("reading the console's templates: %w", err)
		}
		all[strings.TrimSuffix(f.Name(), path.Ext(f.Name()))] = page
	}
	return all, nil
}

// policy lets a page load this port's own files and nothing else, run none of its
// text, and be framed by nobody.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secured sets what holds for every answer of the console.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// frameOfPage is what base.html needs; Data is the page's own.
type frameOfPage struct {
	Here    string // the page's name, which the navigation marks
	Version string
	Letters bool // there are pages of dead letters
	Asks    who
	Data    any
}

// render writes a page of templates/ by its name. Its data is .Data there.
func (c *Console) render(w http.ResponseWriter, r *http.Request, name string, data any) {
	c.renderStatus(w, r, http.StatusOK, name, data)
}

// renderStatus is render with a status of its own.
func (c *Console) renderStatus(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	page, ok := c.pages[name]
	var out bytes.Buffer
	err := fmt.Errorf("no page %q", name)
	if ok {
		err = page.ExecuteTemplate(&out, "base.html", frameOfPage{name, c.deps.Version, c.deps.Desk != nil, whoAsks(r), data})
	}
	if err != nil { // nothing is written yet: half a page never is
		c.deps.Logger.Error("a page of the console cannot be made", "page", name, "error", err)
		http.Error(w, "the page cannot be made: see the log", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // the reader may be gone
}

// writePart writes a template of a page alone, for what is exchanged while it is open.
func (c *Console) writePart(w http.ResponseWriter, page, part string, data any) {
	var out bytes.Buffer
	if err := c.pages[page].ExecuteTemplate(&out, part, data); err != nil {
		c.deps.Logger.Error("a part of the console cannot be made", "page", page, "part", part, "error", err)
		http.Error(w, "the page cannot be made: see the log", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(out.Bytes()) // the reader may be gone
}
