// Package certs issues the certificates of tests: each test has an authority of
// its own, and no key outlives it.
package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority is a certificate authority that exists for one test.
type Authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// New makes an authority.
func New(t testing.TB) *Authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := template("test authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return &Authority{t, cert, key}
}

// PEM is the authority's own certificate.
func (a *Authority) PEM() string { return block("CERTIFICATE", a.cert.Raw) }

// File is a new file with the authority's certificate.
func (a *Authority) File() string { return write(a.t, a.PEM()) }

// Pool trusts the authority alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// Issued is a certificate with its key (PKCS #8), in PEM.
type Issued struct {
	Cert, Key string
	t         testing.TB
}

// Issue makes a certificate for servers and clients, valid for an hour, for
// localhost, 127.0.0.1 and the further names given. change may be nil.
func (a *Authority) Issue(name string, change func(*x509.Certificate), dnsNames ...string) Issued {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(a.t, err)
	c := template(name)
	c.DNSNames = append([]string{"localhost"}, dnsNames...)
	c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	if change != nil {
		change(c)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &key.PublicKey, a.key)
	must(a.t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	must(a.t, err)
	return Issued{block("CERTIFICATE", der), block("PRIVATE KEY", keyDER), a.t}
}

// Files are new files with the certificate and its key.
func (i Issued) Files() (certFile, keyFile string) { return write(i.t, i.Cert), write(i.t, i.Key) }

// Pair is the certificate as a server or client takes it.
func (i Issued) Pair() tls.Certificate {
	i.t.Helper()
	pair, err := tls.X509KeyPair([]byte(i.Cert), []byte(i.Key))
	must(i.t, err)
	return pair
}

// Replace exchanges a file's content as a mounted secret is exchanged: at once,
// by another file.
func Replace(t testing.TB, path, content string) {
	t.Helper()
	must(t, os.Rename(write(t, content), path))
}

func template(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		panic(err) // the system's randomness does not fail
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func write(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.pem")
	must(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
