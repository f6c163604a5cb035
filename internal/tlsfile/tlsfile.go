// Package tlsfile is TLS whose trust and identity stand in files and follow
// them: a renewed certificate or authority counts from the next connection on.
package tlsfile

import (
	"context"
	"crypto/tls"
	"crypto/x509"
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
		return errors.New("want cert_file and key_file, or neither")
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

func (c Config) readRoots() (*x509.CertPool, error) {
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reading ca_file: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("reading ca_file: %s holds no certificate", c.CAFile)
	}
	return roots, nil
}

func (c Config) readPair() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("reading cert_file and key_file: %w", err)
	}
	return &pair, nil
}

// Files are a Config's files. While they are being exchanged and do not fit each
// other, what they last held stays. Files is safe for concurrent use.
type Files struct {
	serverName string
	roots      *follow.Files[*x509.CertPool]   // nil for the system's
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
		c.RootCAs = f.roots.Get()
	}
	if f.pair != nil {
		pair := f.pair.Get()
		// Not Certificates: those are left out, silently, where the server's
		// wishes do not fit them, and the refusal that follows names nothing.
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair, nil }
	}
	return c
}

// Handshake does a client's handshake over a connection to address, host:port,
// and closes the connection when that fails.
func (f *Files) Handshake(ctx context.Context, raw net.Conn, address string, protocols ...string) (*tls.Conn, error) {
	host, _, err := net.SplitHostPort(address)
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
