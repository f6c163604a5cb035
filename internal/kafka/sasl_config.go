package kafka

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"bankprocessor/internal/tlsfile"
)

// showsSecret says whether the mechanism sends its secret as it is.
func (s SASL) showsSecret() bool {
	return s.Mechanism == mechanismPlain || s.Mechanism == mechanismOAuth
}

// validate returns every fault, joined. It reads the files.
func (s SASL) validate() error {
	var errs []error
	bad := func(key, problem string) { errs = append(errs, fmt.Errorf("kafka.sasl.%s: %s", key, problem)) }
	switch s.Mechanism {
	case "":
		if s.Username != "" || !s.Password.IsZero() || !s.OAuth.IsZero() || len(s.Extensions) > 0 || s.AllowPlaintext {
			bad("mechanism", "want one, as other keys of kafka.sasl are set")
		}
	case mechanismPlain, mechanismSHA256, mechanismSHA512:
		if s.Username == "" {
			bad("username", "want a name")
		}
		if _, err := s.Password.Open(); err != nil {
			errs = append(errs, fmt.Errorf("kafka.sasl.password: %w", err))
		}
		if !s.OAuth.IsZero() {
			bad("oauth", "is of mechanism oauthbearer alone")
		}
		if len(s.Extensions) > 0 {
			bad("extensions", "are of mechanism oauthbearer alone")
		}
	case mechanismOAuth:
		errs = append(errs, s.validateOAuth())
	default:
		bad("mechanism", fmt.Sprintf("%q is none of plain, scram-sha-256, scram-sha-512, oauthbearer", s.Mechanism))
	}
	return errors.Join(errs...)
}

func (s SASL) validateOAuth() error {
	errs := []error{tlsfile.Under("kafka.sasl.oauth", s.OAuth.Validate())}
	if s.Username != "" {
		errs = append(errs, errors.New("kafka.sasl.username: is not of mechanism oauthbearer: see kafka.sasl.oauth.client_id"))
	}
	if !s.Password.IsZero() {
		errs = append(errs, errors.New("kafka.sasl.password: is not of mechanism oauthbearer: see kafka.sasl.oauth.client_secret"))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Extensions)) {
		if !validExtension(name, s.Extensions[name]) {
			errs = append(errs, fmt.Errorf("kafka.sasl.extensions.%s: want a name of letters, not auth, and a printable value", name))
		}
	}
	return errors.Join(errs...)
}
