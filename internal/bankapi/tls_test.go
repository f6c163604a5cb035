package bankapi

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/tlsfile"
)

var discardLog = log.New(io.Discard, "", 0)

// authority is a certificate authority for one test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	certPEM, _, key := a.issue("test authority", func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	block, _ := pem.Decode([]byte(certPEM))
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	a.cert, a.key = cert, key
	return a
}

func (a *authority) issue(name string, adjust func(*x509.Certificate)) (certPEM, keyPEM string, key *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames:    []string{"bank.example.com"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if adjust != nil {
		adjust(template)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return pemOf("CERTIFICATE", der), pemOf("PRIVATE KEY", keyDER), key
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// tlsBank answers with the common name of its caller's certificate.
func tlsBank(t *testing.T, a *authority, adjust func(*httptest.Server)) *httptest.Server {
	t.Helper()
	certPEM, keyPEM, _ := a.issue("bank", nil)
	cert, err := tls.X509KeyPair([]byte(certPEM), []byte(keyPEM))
	if err != nil {
		t.Fatal(err)
	}
	callers := x509.NewCertPool()
	callers.AddCert(a.cert)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName+" "+r.Proto)
	}))
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: callers, ClientAuth: tls.RequireAndVerifyClientCert}
	srv.Config.ErrorLog = discardLog
	adjust(srv)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

func TestMutualTLS(t *testing.T) {
	t.Parallel()
	for proto, h2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t)
			srv := tlsBank(t, a, func(s *httptest.Server) { s.EnableHTTP2 = true })
			firstCert, firstKey, _ := a.issue("first", nil)
			tlsFiles := tlsfile.Config{
				CAFile: writeFile(t, pemOf("CERTIFICATE", a.cert.Raw)), ServerName: "bank.example.com",
				CertFile: writeFile(t, firstCert), KeyFile: writeFile(t, firstKey),
			}
			c := clientFor(t, srv.URL, func(c *HTTPConfig) { c.TLS, c.HTTP2 = tlsFiles, h2 })
			ask := func(want string) {
				t.Helper()
				e := c.Post(t.Context(), Request{URL: c.URL("/")})
				if string(e.Body) != want+" "+proto {
					t.Errorf("bank saw %q, want %q; %v", e.Body, want, e.Err)
				}
				c.CloseIdle()
			}
			ask("first")

			// While the two files do not fit each other, the old pair serves.
			secondCert, secondKey, _ := a.issue("second", nil)
			rewrite(t, tlsFiles.CertFile, secondCert)
			ask("first")
			rewrite(t, tlsFiles.KeyFile, secondKey)
			ask("second")
		})
	}
}

func TestTLSRefusals(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	ca := writeFile(t, pemOf("CERTIFICATE", a.cert.Raw))
	cert, key, _ := a.issue("caller", nil)
	files := tlsfile.Config{CAFile: ca, ServerName: "bank.example.com", CertFile: writeFile(t, cert), KeyFile: writeFile(t, key)}
	old := tlsBank(t, a, func(s *httptest.Server) { s.TLS.MaxVersion = tls.VersionTLS11 })
	current := tlsBank(t, a, func(*httptest.Server) {})

	for name, tc := range map[string]struct {
		url    string
		adjust func(*tlsfile.Config)
	}{
		"TLS 1.1":    {old.URL, func(*tlsfile.Config) {}},
		"other name": {current.URL, func(c *tlsfile.Config) { c.ServerName = "other.example.com" }},
		"other CA":   {current.URL, func(c *tlsfile.Config) { c.CAFile = "" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := files
			tc.adjust(&cfg)
			c := clientFor(t, tc.url, func(c *HTTPConfig) { c.TLS = cfg })
			if e := c.Post(t.Context(), Request{URL: c.URL("/")}); e.Delivery != command.NotSent || e.Err == nil {
				t.Errorf("exchange %+v", e)
			}
		})
	}
	if _, err := NewClient(HTTPConfig{BaseURL: current.URL, TLS: tlsfile.Config{CAFile: files.KeyFile}}); err == nil {
		t.Error("a CA file without a certificate was taken")
	}
}
