package tlsfile

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// Blame says which key of the Config, or "" for none of them, a failed handshake
// speaks of, and what is wrong. ok is false for an error that is not TLS's, such
// as a broken network. In TLS 1.3 a server judges a client's certificate after
// the handshake: its word arrives with the first read.
func (c Config) Blame(err error) (key, problem string, ok bool) {
	var (
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		clear     tls.RecordHeaderError
		remote    *net.OpError
		failed    *tls.CertificateVerificationError
		expired   *ExpiredError
	)
	switch {
	case errors.As(err, &expired):
		return "cert_file", strings.TrimPrefix(expired.Error(), "cert_file: "), true
	case errors.As(err, &authority):
		return "ca_file", c.unknownAuthority(), true
	case errors.As(err, &hostname):
		return "server_name", "the server's certificate is for " + names(hostname.Certificate) + ", not for " + hostname.Host, true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "", "the server's certificate is not valid now: " + validity(invalid.Cert), true
	case errors.As(err, &failed):
		return "ca_file", "the server's certificate is refused: " + failed.Err.Error(), true
	case errors.As(err, &clear):
		return "", "the server does not speak TLS", true
	case errors.As(err, &remote) && remote.Op == "remote error":
		return c.refused(remote.Err.Error())
	}
	return "", "", false
}

func (c Config) unknownAuthority() string {
	if c.CAFile == "" {
		return "is not set, and the server's certificate is signed by no authority of the system's"
	}
	return "the server's certificate is signed by an authority that is not in " + c.CAFile
}

// aboutCertificates are the alerts by which a server refuses a client's
// certificate: bad, unsupported, revoked, expired, unknown, of an unknown
// authority, not allowed, missing.
var aboutCertificates = []tls.AlertError{42, 43, 44, 45, 46, 48, 49, 116}

// protocolVersion is the alert of a server that speaks nothing as new as TLS 1.2.
const protocolVersion = tls.AlertError(70)

// refused reads a server's alert. Its type is hidden; its words are AlertError's.
func (c Config) refused(alert string) (key, problem string, ok bool) {
	if alert == protocolVersion.Error() {
		return "", "the server speaks no TLS 1.2, which is the least that is spoken here", true
	}
	about := slices.ContainsFunc(aboutCertificates, func(a tls.AlertError) bool { return a.Error() == alert })
	alert = strings.TrimPrefix(alert, "tls: ")
	switch {
	case about && c.CertFile == "":
		return "cert_file", "is not set, and the server wants a client certificate (" + alert + ")", true
	case about:
		return "cert_file", "the server refuses the certificate of " + c.CertFile + " (" + alert + ")", true
	}
	return "", "the server ends the handshake (" + alert + ")", true
}

func names(c *x509.Certificate) string {
	all := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	if len(all) == 0 {
		return "no name"
	}
	return strings.Join(all, ", ")
}

func validity(c *x509.Certificate) string {
	return fmt.Sprintf("from %s to %s", c.NotBefore.UTC().Format(time.RFC3339), c.NotAfter.UTC().Format(time.RFC3339))
}
