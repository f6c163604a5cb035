package admin

import (
	"errors"
	"net"
)

// Config is where the port is.
type Config struct {
	// Address is host:port; port 0 takes a free one.
	Address string `yaml:"address"` // default 127.0.0.1:9464
	// Profiling serves Go's profiles at /debug/pprof/: they cost what they measure,
	// and a heap profile or trace says more of the process than its metrics do.
	Profiling bool `yaml:"profiling"`
}

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	if c.Address == "" {
		c.Address = "127.0.0.1:9464"
	}
	return c
}

// Validate returns every fault of a config that has its defaults.
func (c Config) Validate() error {
	if _, port, err := net.SplitHostPort(c.Address); err != nil || port == "" {
		return errors.New("address: want host:port, such as 127.0.0.1:9464")
	}
	return nil
}
