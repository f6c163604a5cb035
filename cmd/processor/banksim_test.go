package main

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
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate writes a self-signed pair for loopback, which is its own root.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestBanksimWithClientCertificates(t *testing.T) {
	t.Parallel()
	certFile, keyFile := certificate(t)
	r := begin(t, "", nil, "banksim", "--address", "127.0.0.1:0",
		"--tls-cert", certFile, "--tls-key", keyFile, "--tls-client-ca", certFile)
	url := strings.TrimSpace(strings.TrimPrefix(r.out.await(t, "\n"), "bank simulator at "))
	if !strings.HasPrefix(url, "https://") {
		t.Fatalf("got %s", url)
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(pair.Leaf)
	ask := func(own ...tls.Certificate) error {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: own}}
		defer transport.CloseIdleConnections()
		answer, err := (&http.Client{Transport: transport}).Get(url + "/_sim/ledger")
		if err == nil {
			_ = answer.Body.Close()
		}
		return err
	}
	if err := ask(pair); err != nil {
		t.Errorf("with a certificate: %v", err)
	}
	if ask() == nil {
		t.Error("want a caller without a certificate turned away")
	}
	for flags, want := range map[string]string{
		"--tls-cert /nowhere --tls-key /nowhere":                                           "reading certificate",
		"--tls-cert " + certFile + " --tls-key " + keyFile + " --tls-client-ca " + keyFile: "no certificate in",
	} {
		code, _, errs := execute(t, "", append([]string{"banksim", "--address", "127.0.0.1:0"}, strings.Fields(flags)...)...)
		if code != exitFailed {
			t.Errorf("%s: got %d", flags, code)
		}
		wantAll(t, errs, want)
	}
}
