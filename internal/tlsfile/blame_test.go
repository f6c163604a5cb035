package tlsfile_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/tlsfile"
	"bankprocessor/test/certs"
)

func TestARefusalNamesItsKey(t *testing.T) {
	t.Parallel()
	ours, foreign := certs.New(t), certs.New(t)
	cert, key := ours.Issue("caller", nil).Files()
	strange, strangeKey := foreign.Issue("stranger", nil).Files()
	expired, expiredKey := ours.Issue("late", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }).Files()
	mutual := serve(t, server(ours, ours, nil))
	old := serve(t, server(ours, ours, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11 }))
	stale := serve(t, server(ours, ours, func(c *tls.Config) {
		late := ours.Issue("server", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
		c.Certificates = []tls.Certificate{late.Pair()}
	}))
	for name, tt := range map[string]struct {
		config    tlsfile.Config
		address   string
		key, want string
	}{
		"foreign authority":  {tlsfile.Config{CAFile: foreign.File()}, mutual, "ca_file", "signed by an authority that is not in"},
		"system's authority": {tlsfile.Config{}, mutual, "ca_file", "is not set"},
		"name":               {tlsfile.Config{CAFile: ours.File(), ServerName: "other.example.com"}, mutual, "server_name", "is for localhost, server.example.com, 127.0.0.1, not for other.example.com"},
		"no certificate":     {tlsfile.Config{CAFile: ours.File()}, mutual, "cert_file", "is not set, and the server wants"},
		"strange":            {tlsfile.Config{CAFile: ours.File(), CertFile: strange, KeyFile: strangeKey}, mutual, "cert_file", "refuses the certificate of"},
		"expired":            {tlsfile.Config{CAFile: ours.File(), CertFile: expired, KeyFile: expiredKey}, mutual, "cert_file", "has expired at 2"},
		"server too old":     {tlsfile.Config{CAFile: ours.File(), CertFile: cert, KeyFile: key}, old, "", "speaks no TLS 1.2"},
		"server's expired":   {tlsfile.Config{CAFile: ours.File(), CertFile: cert, KeyFile: key}, stale, "", "is not valid now"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := call(t, open(t, tt.config), tt.address)
			key, problem, ok := tt.config.Blame(err)
			if !ok || key != tt.key || !strings.Contains(problem, tt.want) {
				t.Errorf("%v blames %q: %q, %t; want %q: %q", err, key, problem, ok, tt.key, tt.want)
			}
		})
	}
	if _, _, ok := (tlsfile.Config{}).Blame(io.ErrUnexpectedEOF); ok {
		t.Error("a broken connection is TLS's fault")
	}
}
