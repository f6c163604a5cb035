package admin_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"testing"

	"bankprocessor/internal/admin"
	"bankprocessor/test/certs"
)

// With a certificate the port speaks TLS alone, and a renewed one counts from the next
// connection on.
func TestACertificateIsShownAndFollowed(t *testing.T) {
	t.Parallel()
	ca := certs.New(t)
	host := func(c *x509.Certificate) { c.DNSNames = []string{"localhost"} }
	first, second := ca.Issue("first", host), ca.Issue("second", host)
	cert, key := first.Files()
	s := admin.New(admin.Config{Address: "127.0.0.1:0", TLS: admin.TLS{CertFile: cert, KeyFile: key}}, admin.Deps{Metrics: http.NotFoundHandler()})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop(context.Background()) }()
	shown := func() string {
		t.Helper()
		client := &http.Client{Transport: &http.Transport{
			DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), ServerName: "localhost", MinVersion: tls.VersionTLS12},
		}}
		answer, err := client.Get("https://" + s.Address() + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		return answer.TLS.PeerCertificates[0].Subject.CommonName
	}
	if got := shown(); got != "first" {
		t.Errorf("shows %s", got)
	}
	certs.Replace(t, cert, second.Cert)
	certs.Replace(t, key, second.Key)
	for range 1000 { // what was looked at counts for 20 ms
		if shown() == "second" {
			break
		}
	}
	if got := shown(); got != "second" {
		t.Errorf("still shows %s", got)
	}
	if answer, err := http.Get("http://" + s.Address() + "/healthz"); err == nil {
		if answer.StatusCode != http.StatusBadRequest {
			t.Errorf("plain HTTP is answered with %d", answer.StatusCode)
		}
		_ = answer.Body.Close()
	}

	half := admin.Config{Address: "127.0.0.1:0", TLS: admin.TLS{CertFile: cert}}
	if err := half.Validate(); err == nil || !strings.Contains(err.Error(), "tls.cert_file: want it together with key_file") {
		t.Errorf("half a pair: %v", err)
	}
	wrong := admin.New(admin.Config{Address: "127.0.0.1:0", TLS: admin.TLS{CertFile: key, KeyFile: key}}, admin.Deps{Metrics: http.NotFoundHandler()})
	if err := wrong.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "admin.tls.cert_file") {
		t.Errorf("a key for a certificate: %v", err)
	}
}
