package console

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"bankprocessor/internal/deadletters"
)

// Deps are a Console's collaborators.
type Deps struct {
	Version string
	// Instance tells this processor from its peers: the host's name.
	Instance string
	// Read says how the processor stands now. It must not block, and is called by one
	// goroutine at a time.
	Read func() Reading
	// Desk is where people act upon dead letters; nil leaves those pages out.
	Desk *deadletters.Desk
	// AdminAddress is the admin port's, as it is configured: its host is one of the
	// console's names.
	AdminAddress string
	// Acted is told what people do, and what becomes of it, in words of our own; may be
	// nil.
	Acted func(action, result string)
	// Clients is told how many pages follow; may be nil.
	Clients func(n int)
	Now     func() time.Time // nil takes time.Now
	Logger  *slog.Logger     // nil discards
}

// Console serves the operator's pages.
type Console struct {
	cfg    Config
	deps   Deps
	assets assets
	pages  pages
	live   *live

	access *access
	index  *deadletters.Index // nil without a Desk
	jobs   *jobs
}

// New returns a Console that does not sample yet. cfg must have passed Validate.
func New(cfg Config, d Deps) (*Console, error) {
	if d.Read == nil {
		return nil, errors.New("building console: nothing to read")
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Acted == nil {
		d.Acted = func(string, string) {}
	}
	c := &Console{cfg: cfg.WithDefaults(), deps: d, live: newLive(d), jobs: &jobs{now: d.Now}}
	if d.Desk != nil {
		c.index = d.Desk.NewIndex(maxLetters)
	}
	var err error
	if c.access, err = newAccess(c.cfg.Access, d.AdminAddress, d.Now, d.Acted); err != nil {
		return nil, err
	}
	if c.assets, err = newAssets(); err != nil {
		return nil, err
	}
	if c.pages, err = newPages(c.assets); err != nil {
		return nil, err
	}
	return c, nil
}

// Start samples until Stop. It is called once.
func (c *Console) Start(ctx context.Context) { c.live.start(ctx) }

// Stop ends sampling and every page's stream, so that the port can be closed. It may
// come before Start, and twice.
func (c *Console) Stop(ctx context.Context) error {
	return errors.Join(c.jobs.stop(ctx), c.live.stop(ctx))
}

// Handler serves every page of the console, from `/` on.
func (c *Console) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, routes := range []func(*http.ServeMux){
		c.assets.routes,
		c.overviewRoutes,
		c.liveRoutes,
		c.letterRoutes,
	} {
		routes(mux)
	}
	return secured(c.access.guard(mux))
}
