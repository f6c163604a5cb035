package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"bankprocessor/internal/tlsfile"
)

// Deps are what the server shows. Logger may be nil.
type Deps struct {
	Version string
	Checks  []Check
	Metrics http.Handler
	// Console serves whatever is at no path of the server's own, from / on; nil leaves a
	// page at / that tells the readiness.
	Console http.Handler
	Logger  *slog.Logger
}

// Server is the admin port.
type Server struct {
	cfg     Config
	deps    Deps
	http    *http.Server
	started time.Time

	mu       sync.Mutex
	listener net.Listener
	stopped  bool
	done     chan struct{} // closed when serving has ended; nil before Start
}

// New returns a server that does not listen yet. cfg must have passed Validate.
func New(cfg Config, d Deps) *Server {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg.WithDefaults(), deps: d}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", serveHealth)
	mux.HandleFunc("GET /readyz", s.serveReadiness)
	mux.Handle("GET /metrics", d.Metrics)
	if d.Console != nil {
		mux.Handle("/", d.Console)
	} else {
		mux.HandleFunc("GET /{$}", s.servePage)
	}
	if cfg.Profiling {
		profile(mux)
	}
	s.http = &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(d.Logger.Handler(), slog.LevelWarn),
	}
	return s
}

// Start listens, and serves until Stop.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.done != nil {
		return errors.New("starting admin port: it has been started or stopped before")
	}
	if err := s.readTLS(); err != nil {
		return fmt.Errorf("starting admin port: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Address)
	if err != nil {
		return fmt.Errorf("starting admin port (admin.address): %w", err)
	}
	s.listener, s.started, s.done = listener, time.Now(), make(chan struct{})
	go func() {
		defer close(s.done)
		if err := s.serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.deps.Logger.Error("admin port has stopped serving", "error", err)
		}
	}()
	return nil
}

// readTLS reads the certificate where there is one.
func (s *Server) readTLS() error {
	if s.cfg.TLS.isZero() {
		return nil
	}
	files, err := s.cfg.TLS.Files().Open()
	if err != nil {
		return tlsfile.Under("admin.tls", err)
	}
	s.http.TLSConfig = files.Server()
	return nil
}

func (s *Server) serve(l net.Listener) error {
	if s.http.TLSConfig != nil {
		return s.http.ServeTLS(l, "", "")
	}
	return s.http.Serve(l)
}

// Address is where the server listens, "" before Start.
func (s *Server) Address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Stop lets requests end until ctx does, and closes the port. It may come before
// Start, which then fails, and more than once.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	s.stopped = true
	done := s.done
	s.mu.Unlock()
	if done == nil {
		return nil
	}
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	<-done
	if err != nil {
		return fmt.Errorf("stopping admin port: %w", err)
	}
	return nil
}

func serveHealth(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n")
}
