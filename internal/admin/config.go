package admin

import (
	"errors"
	"net"

	"bankprocessor/internal/tlsfile"
)

// Config is where the port is.
type Config struct {
	// Address is host:port; port 0 takes a free one.
	Address string `yaml:"address"` // default 127.0.0.1:9464
	// Profiling serves Go's profiles at /debug/pprof/: they cost what they measure,
	// and a heap profile or trace says more of the process than its metrics do.
	Profiling bool `yaml:"profiling"`
	TLS       TLS
}

// TLS is the port's certificate. Without one it speaks plain HTTP.
type TLS struct {
	// CertFile and KeyFile are PEM, both or neither; read again when they change.
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

// Files are the files of the certificate.
func (t TLS) Files() tlsfile.Config {
	return tlsfile.Config{CertFile: t.CertFile, KeyFile: t.KeyFile}
}

func (t TLS) isZero() bool { return t == TLS{} }

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	if c.Address == "" {
		c.Address = "127.0.0.1:9464"
	}
	return c
}

// Validate returns every fault of a config that has its defaults.
func (c Config) Validate() error {
	var errs []error
	if _, port, err := net.SplitHostPort(c.Address); err != nil || port == "" {
		errs = append(errs, errors.New("address: want host:port, such as 127.0.0.1:9464"))
	}
	return errors.Join(append(errs, tlsfile.Under("tls", c.TLS.Files().Validate()))...)
}
