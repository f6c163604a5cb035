package registry

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/twmb/franz-go/pkg/sr"
)

// AwayError says that a node has not answered as a registry does, and which
// setting to look at.
type AwayError struct {
	URL     string
	Setting string // its key in the configuration
	Problem string
	Err     error // may be nil
}

// Error names the node, the problem and the setting.
func (e *AwayError) Error() string {
	text := fmt.Sprintf("the schema registry at %s %s (%s)", e.URL, e.Problem, e.Setting)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns what went wrong below.
func (e *AwayError) Unwrap() error { return e.Err }

func isAway(err error) bool {
	_, away := errors.AsType[*AwayError](err)
	return away
}

// Away says whether err is the registry's absence, which passes or is mended.
func Away(err error) bool { return isAway(err) }

// A registry's own codes begin with the HTTP status: 40403 is its 404.
const codesPerStatus = 100

// notFound says whether a registry has answered that it does not have what was
// asked for.
func notFound(err error) bool {
	answer, ok := errors.AsType[*sr.ResponseError](err)
	return ok && answer.StatusCode == http.StatusNotFound
}

// refused says whether a registry has answered that a schema does not fit those
// that are registered.
func refused(err error) bool {
	answer, ok := errors.AsType[*sr.ResponseError](err)
	return ok && answer.StatusCode == http.StatusConflict
}

// classify tells the answers of a registry, which stay as they are, from
// everything else. A 409 is an answer whatever its code: one registry has none.
func (c *Client) classify(url string, err error) error {
	if err == nil {
		return nil
	}
	answer, answered := errors.AsType[*sr.ResponseError](err)
	if !answered {
		return c.unanswered(url, err)
	}
	away := func(setting, problem string) error {
		return &AwayError{URL: url, Setting: setting, Problem: problem}
	}
	ours := answer.ErrorCode/codesPerStatus == answer.StatusCode
	switch status := answer.StatusCode; {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return away(c.credentials(), fmt.Sprintf("refuses our credentials with %d", status))
	case status < http.StatusBadRequest:
		return away("registry.urls", fmt.Sprintf("answers %d, and no redirect is followed: give the address that it leads to", status))
	case status == http.StatusNotFound && !ours:
		return away("registry.urls", "answers 404 as no registry does: the path may be wrong")
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		return away("registry.urls", fmt.Sprintf("answers %d", status))
	case status == http.StatusConflict || ours:
		return err
	}
	return away("registry.urls", fmt.Sprintf("answers %d as no registry does", answer.StatusCode))
}

// credentials are the settings that a refusal is about.
func (c *Client) credentials() string {
	switch {
	case c.password != nil:
		return "registry.username, registry.password"
	case c.token != nil:
		return "registry.token"
	}
	return "registry.username or registry.token: none is set"
}

// unanswered finds the setting behind a failure below HTTP, or of what HTTP
// brought.
func (c *Client) unanswered(url string, err error) error {
	away := &AwayError{URL: url, Setting: "registry.urls", Problem: "does not answer", Err: below(err)}
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		expired   x509.CertificateInvalidError
		network   *net.OpError
		netErr    net.Error
	)
	switch {
	case errors.As(err, &authority):
		away.Setting, away.Problem = "registry.tls.ca_file", "has a certificate of an authority that we do not trust"
	case errors.As(err, &host):
		away.Setting, away.Problem = "registry.tls.server_name", "has a certificate for another name"
	case errors.As(err, &expired):
		away.Setting, away.Problem = "registry.urls", "has a certificate that does not count"
	case errors.As(err, &network) && network.Op == "remote error":
		away.Setting, away.Problem = "registry.tls.cert_file", "refuses our certificate, or that there is none"
	case errors.Is(err, errTooLarge):
		away.Setting, away.Problem = "registry.max_response_bytes", "answers with too many bytes"
	case errors.Is(err, context.DeadlineExceeded):
		away.Setting, away.Problem = "registry.urls, registry.timeout", "does not answer in time"
	case errors.As(err, &network), errors.As(err, &netErr):
	default:
		away.Problem, away.Err = "answers as no registry does", nil
	}
	return away
}

// below is the failure without the request that it is wrapped in, whose address
// the AwayError has already.
func below(err error) error {
	if network, ok := errors.AsType[*net.OpError](err); ok {
		return network
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
