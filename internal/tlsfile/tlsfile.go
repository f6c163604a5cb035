// Package tlsfile is TLS whose trust and identity stand in files and follow
// them: a renewed certificate or authority counts from the next connection on.
package tlsfile

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"bankprocessor/internal/follow"
)

// Config is trust and identity. All files are PEM.
type Config struct {
	// CAFile replaces the system's roots; empty keeps them.
	CAFile string `yaml:"ca_file"`
	// CertFile and KeyFile are the client's certificate, both or neither.
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
	// ServerName replaces the host's name in the check of the server's
	// certificate.
	ServerName string `yaml:"server_name"`
}

// IsZero says whether nothing is set.
func (c Config) IsZero() bool { return c == Config{} }

// Validate refuses half a key pair. It reads no file.
func (c Config) Validate() error {
	if (c.CertFile == "") != (c.KeyFile == "") {
		return errors.New("cert_file: want it together with key_file, or neither")
	}
	return nil
}

// Open reads every file a first time, so that a wrong one shows at the start.
// Its error has every fault.
func (c Config) Open() (*Files, error) {
	f := &Files{serverName: c.ServerName}
	errs := []error{c.Validate()}
	var err error
	if c.CAFile != "" {
		f.roots, err = follow.Open(c.readRoots, c.CAFile)
		errs = append(errs, err)
	}
	if c.CertFile != "" && c.KeyFile != "" {
		f.pair, err = follow.Open(c.readPair, c.CertFile, c.KeyFile)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return f, nil
}

func (c Config) readRoots() (roots, error) {
	text, err := os.ReadFile(c.CAFile)
	if err != nil {
		return roots{}, fmt.Errorf("ca_file: %w", err)
	}
	r := roots{pool: x509.NewCertPool()}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			continue // as the standard library does
		}
		r.pool.AddCert(cert)
		r.ends = append(r.ends, cert.NotAfter)
	}
	if len(r.ends) == 0 {
		return roots{}, fmt.Errorf("ca_file: %s holds no certificate", c.CAFile)
	}
	return r, nil
}

func (c Config) readPair() (*tls.Certificate, error) {
	cert, err := os.ReadFile(c.CertFile)
	if err != nil {
		return nil, fmt.Errorf("cert_file: %w", err)
	}
	key, err := os.ReadFile(c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("key_file: %w", err)
	}
	if block, _ := pem.Decode(cert); block == nil || block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("cert_file: %s does not begin with a certificate", c.CertFile)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("key_file: %s does not fit cert_file: %w", c.KeyFile, err)
	}
	return &pair, nil
}

// roots is trust, with the ends of its certificates.
type roots struct {
	pool *x509.CertPool
	ends []time.Time
}

// next is the end of the certificate that runs out next, or of the last that did:
// a bundle keeps an old authority for a while beside its successor.
func (r roots) next(now time.Time) time.Time {
	var past, coming time.Time
	for _, end := range r.ends {
		switch {
		case end.After(now):
			if coming.IsZero() || end.Before(coming) {
				coming = end
			}
		case end.After(past):
			past = end
		}
	}
	if coming.IsZero() {
		return past
	}
	return coming
}

// Files are a Config's files. While they are being exchanged and do not fit each
// other, what they last held stays. Files is safe for concurrent use.
type Files struct {
	serverName string
	roots      *follow.Files[roots]            // nil for the system's
	pair       *follow.Files[*tls.Certificate] // nil for none
}

// Client returns the settings for one connection to a host. The protocols are
// offered by ALPN.
func (f *Files) Client(host string, protocols ...string) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, NextProtos: protocols}
	if f.serverName != "" {
		c.ServerName = f.serverName
	}
	if f.roots != nil {
		c.RootCAs = f.roots.Get().pool
	}
	if f.pair != nil {
		pair := f.pair.Get()
		// Not Certificates: those are left out, silently, where the server's
		// wishes do not fit them, and the refusal that follows names nothing.
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair, nil }
	}
	return c
}

// ExpiredError says that our own certificate has run out. No server would take
// it, and with TLS 1.3 that would show only after a request has been written.
type ExpiredError struct{ NotAfter time.Time }

// Error names the setting.
func (e *ExpiredError) Error() string {
	return "cert_file: our certificate has expired at " + e.NotAfter.UTC().Format(time.RFC3339) + ": renew it and its key"
}

func (f *Files) expired(now time.Time) error {
	if end := f.identityEnds(); !end.IsZero() && now.After(end) {
		return &ExpiredError{end}
	}
	return nil
}

// identityEnds is when our certificate runs out, zero without one.
func (f *Files) identityEnds() time.Time {
	if f.pair == nil {
		return time.Time{}
	}
	return f.pair.Get().Leaf.NotAfter
}

// Followed are the files as settings to watch over; section is the Config's key.
func (f *Files) Followed(section string) []follow.Setting {
	var all []follow.Setting
	if f.roots != nil {
		all = append(all, follow.Setting{
			Path: section + ".ca_file", Look: f.roots.Look,
			NotAfter: func() time.Time { return f.roots.Get().next(time.Now()) },
		})
	}
	if f.pair != nil {
		all = append(all, follow.Setting{Path: section + ".cert_file", Look: f.pair.Look, NotAfter: f.identityEnds})
	}
	return all
}

// Handshake does a client's handshake over a connection to address, host:port,
// and closes the connection when that fails. An identity that has run out is not
// shown: *ExpiredError.
func (f *Files) Handshake(ctx context.Context, raw net.Conn, address string, protocols ...string) (*tls.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err == nil {
		err = f.expired(time.Now())
	}
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	conn := tls.Client(raw, f.Client(host, protocols...))
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("tls handshake with %s: %w", address, err), raw.Close())
	}
	return conn, nil
}

// DialContext opens connections below TLS.
type DialContext func(ctx context.Context, network, address string) (net.Conn, error)

// Dialer returns what opens connections with TLS, each handshake bounded by
// timeout; it fits http.Transport.DialTLSContext.
func (f *Files) Dialer(dial DialContext, timeout time.Duration, protocols ...string) DialContext {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		raw, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		conn, err := f.Handshake(ctx, raw, address, protocols...)
		if err != nil {
			return nil, err
		}
		return conn, nil
	}
}

// Changes returns how often trust or identity have changed, as of a look now.
func (f *Files) Changes() uint64 {
	var n uint64
	if f.roots != nil {
		n += f.roots.Changes()
	}
	if f.pair != nil {
		n += f.pair.Changes()
	}
	return n
}

// RecentChanges is Changes as of at most 20 ms ago, for what asks with every call.
func (f *Files) RecentChanges() uint64 {
	var n uint64
	if f.roots != nil {
		n += f.roots.RecentChanges()
	}
	if f.pair != nil {
		n += f.pair.RecentChanges()
	}
	return n
}

// Fault says why what the files hold now is not in use; nil when it is.
func (f *Files) Fault() error {
	var errs []error
	if f.roots != nil {
		errs = append(errs, f.roots.Fault())
	}
	if f.pair != nil {
		errs = append(errs, f.pair.Fault())
	}
	return errors.Join(errs...)
}
