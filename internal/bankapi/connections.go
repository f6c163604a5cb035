package bankapi

import (
	"context"
	"net"
	"sync"
	"time"

	"bankprocessor/internal/tlsfile"
)

// pool are the connections of HTTP/1.1 to one bank that no call uses, under one
// identity and one trust. Once a followed file has changed, calls that begin open
// connections of their own; a connection of before closes with its call. It owns no
// goroutine: a connection belongs to the call that has taken it.
type pool struct {
	max   int
	idles time.Duration // how long a connection is kept
	files *tlsfile.Files
	plain tlsfile.DialContext
	tls   tlsfile.DialContext

	mu      sync.Mutex
	changes uint64             // of the files, as of the last call
	idle    map[origin][]*link // in the order of their last use
	sweeper *time.Timer        // nil while nothing idles
	closing bool               // what comes back is closed
}

// origin is where connections go to.
type origin struct {
	secure  bool
	address string // host:port
}

func newPool(cfg HTTPConfig, files *tlsfile.Files) *pool {
	dialer := &net.Dialer{Timeout: cfg.DialTimeout, KeepAlive: 30 * time.Second}
	return &pool{
		max: cfg.MaxIdleConns, idles: cfg.IdleTimeout, files: files, changes: files.Changes(),
		plain: wired(dialer.DialContext),
		tls:   overTLS(dialer.DialContext, files, cfg.DialTimeout, "http/1.1"),
		idle:  map[origin][]*link{},
	}
}

// take returns the connection that was used last and is still good, nil for none. It
// has the call's deadline already.
func (p *pool) take(to origin, now, deadline time.Time) *link {
	for {
		l := p.pop(to)
		if l == nil {
			return nil
		}
		if now.Sub(l.since) < p.idles && l.SetDeadline(deadline) == nil && l.silent() {
			return l
		}
		l.close()
	}
}

func (p *pool) pop(to origin) *link {
	changes := p.files.RecentChanges()
	p.mu.Lock()
	var retired []*link
	if changes > p.changes {
		p.changes = changes
		retired = p.empty()
	}
	p.closing = false
	var l *link
	if last := len(p.idle[to]) - 1; last >= 0 {
		l = p.idle[to][last]
		p.idle[to][last] = nil
		p.idle[to] = p.idle[to][:last]
	}
	p.mu.Unlock()
	closeAll(retired)
	return l
}

// dial opens a connection that has the call's deadline.
func (p *pool) dial(ctx context.Context, to origin, deadline time.Time) (*link, error) {
	p.mu.Lock()
	changes := p.changes
	p.mu.Unlock()
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	dial := p.plain
	if to.secure {
		dial = p.tls
	}
	conn, err := dial(ctx, "tcp", to.address)
	if err != nil {
		return nil, err
	}
	l := newLink(conn, to, changes)
	if err := l.SetDeadline(deadline); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// put takes a connection back that may carry another call, or closes it.
func (p *pool) put(l *link) {
	l.since = time.Now()
	p.mu.Lock()
	kept := !p.closing && l.changes == p.changes && len(p.idle[l.to]) < p.max
	if kept {
		p.idle[l.to] = append(p.idle[l.to], l)
		if p.sweeper == nil {
			p.sweeper = time.AfterFunc(p.idles, p.sweep)
		}
	}
	p.mu.Unlock()
	if !kept {
		l.close()
	}
}

// sweep closes what has idled for too long. The rest is looked at again when the
// first of it has.
func (p *pool) sweep() {
	p.mu.Lock()
	var old []*link
	next := time.Duration(-1)
	for to, idle := range p.idle {
		n := 0
		for n < len(idle) && time.Since(idle[n].since) >= p.idles {
			n++
		}
		old = append(old, idle[:n]...)
		p.idle[to] = append([]*link(nil), idle[n:]...)
		if n < len(idle) {
			if left := p.idles - time.Since(idle[n].since); next < 0 || left < next {
				next = max(left, 0)
			}
		}
	}
	p.sweeper = nil
	if next >= 0 {
		p.sweeper = time.AfterFunc(next, p.sweep)
	}
	p.mu.Unlock()
	closeAll(old)
}

// closeIdle closes the connections that no call uses, and those that come back before
// the next call.
func (p *pool) closeIdle() {
	p.mu.Lock()
	idle := p.empty()
	p.closing = true
	p.mu.Unlock()
	closeAll(idle)
}

// empty returns what idles, which is the caller's to close.
func (p *pool) empty() []*link {
	var all []*link
	for _, idle := range p.idle {
		all = append(all, idle...)
	}
	clear(p.idle)
	if p.sweeper != nil {
		p.sweeper.Stop() // a sweep that has begun finds nothing
		p.sweeper = nil
	}
	return all
}

func closeAll(links []*link) {
	for _, l := range links {
		l.close()
	}
}
