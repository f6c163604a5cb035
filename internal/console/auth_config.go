package console

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"
)

// Access says who may do what on the console, and from where.
type Access struct {
	// TokensFile names the operators, a line each: NAME sha256:HEX, as `processor console
	// token` prints it. Without one nobody can sign in, and nothing can be changed.
	TokensFile string `yaml:"tokens_file"`
	// BehindTLS says that a proxy ends TLS in front of the admin port, and that nothing
	// else reaches it.
	BehindTLS bool `yaml:"behind_tls"`
	// Hosts are the names under which browsers reach the console, beside those of
	// loopback, IP addresses and admin.address; with a port or without.
	Hosts []string `yaml:"hosts"`
	// SessionIdle ends a session that nobody has used for so long, SessionLimit one that
	// is so old.
	SessionIdle  time.Duration `yaml:"session_idle"`  // default 30m
	SessionLimit time.Duration `yaml:"session_limit"` // default 12h
}

// WithDefaults fills in what is not set.
func (a Access) WithDefaults() Access {
	if a.SessionIdle == 0 {
		a.SessionIdle = 30 * time.Minute
	}
	if a.SessionLimit == 0 {
		a.SessionLimit = 12 * time.Hour
	}
	return a
}

// The limits of the limits: a session that outlives a shift is somebody else's.
const (
	minSessionIdle  = time.Minute
	maxSessionLimit = 24 * time.Hour
)

// Validate returns every fault of an Access that has its defaults. It reads no file.
func (a Access) Validate() error {
	var errs []error
	if a.SessionLimit < minSessionIdle || a.SessionLimit > maxSessionLimit {
		errs = append(errs, fmt.Errorf("session_limit: want %s to %s", minSessionIdle, maxSessionLimit))
	}
	if a.SessionIdle < minSessionIdle || a.SessionIdle > a.SessionLimit {
		errs = append(errs, fmt.Errorf("session_idle: want at least %s, and at most session_limit", minSessionIdle))
	}
	for _, h := range a.Hosts {
		if !hostForm.MatchString(h) {
			errs = append(errs, errors.New("hosts: want names such as console.example.com, without scheme and path"))
			break
		}
	}
	return errors.Join(errs...)
}

var hostForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?$`)

// hostName is the name in a Host header: lower case, without port, brackets or a dot at
// the end.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
