package kafka

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
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// authority is a certificate authority that exists for one test.
type authority struct {
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	caFile string
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key, write(t, "CERTIFICATE", der)}
}

// issue returns a certificate's and its key's files.
func (a authority) issue(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"broker.example.com"},
	}, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "CERTIFICATE", der), write(t, "EC PRIVATE KEY", keyDER)
}

func write(t *testing.T, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func ping(t *testing.T, cfg Config) error {
	t.Helper()
	client, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	return client.Ping(testContext(t))
}

func TestTLSWithClientCertificates(t *testing.T) {
	t.Parallel()
	ca, foreign := newAuthority(t), newAuthority(t)
	certFile, keyFile := ca.issue(t)
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AddCert(ca.cert)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "a"), kfake.TLS(&tls.Config{
		Certificates: []tls.Certificate{cert}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert,
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	ours, oursKey := ca.issue(t)
	theirs, theirsKey := foreign.issue(t)
	for name, tt := range map[string]struct {
		tls  TLS
		want ErrorClass
	}{
		"good":                {TLS{Enabled: true, CAFile: ca.caFile, CertFile: ours, KeyFile: oursKey}, ClassNone},
		"server name":         {TLS{Enabled: true, CAFile: ca.caFile, CertFile: ours, KeyFile: oursKey, ServerName: "broker.example.com"}, ClassNone},
		"wrong server name":   {TLS{Enabled: true, CAFile: ca.caFile, CertFile: ours, KeyFile: oursKey, ServerName: "other.example.com"}, ClassAuth},
		"foreign broker":      {TLS{Enabled: true, CAFile: foreign.caFile, CertFile: ours, KeyFile: oursKey}, ClassAuth},
		"foreign certificate": {TLS{Enabled: true, CAFile: ca.caFile, CertFile: theirs, KeyFile: theirsKey}, ClassAuth},
		"no certificate":      {TLS{Enabled: true, CAFile: ca.caFile}, ClassAuth},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := ping(t, Config{Brokers: cluster.ListenAddrs(), TLS: tt.tls}); Class(err) != tt.want {
				t.Errorf("got class %v of %v", Class(err), err)
			}
		})
	}
	// The group's own connections are secured alike.
	client, err := New(Config{Brokers: cluster.ListenAddrs(), TLS: TLS{Enabled: true, CAFile: ca.caFile, CertFile: ours, KeyFile: oursKey}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	g, err := client.NewGroup(GroupConfig{ID: "g", Topics: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	next(t, g).Start(untilEnd)
	if err := g.Close(testContext(t)); err != nil {
		t.Error(err)
	}
}

func TestARenewedCertificateNeedsNoRestart(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	certFile, keyFile := ca.issue(t)
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{cert}}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	stale := newAuthority(t)
	client, err := New(Config{Brokers: cluster.ListenAddrs(), TLS: TLS{Enabled: true, CAFile: stale.caFile}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.Ping(testContext(t)); Class(err) != ClassAuth {
		t.Fatalf("got %v", err)
	}
	renewed, err := os.ReadFile(ca.caFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stale.caFile, renewed, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := client.Ping(testContext(t)); err != nil {
		t.Error(err)
	}
}

func TestSASL(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "a"), kfake.EnableSASL(),
		kfake.Superuser("PLAIN", "plain", "secret"),
		kfake.Superuser("SCRAM-SHA-256", "scram256", "secret"),
		kfake.Superuser("SCRAM-SHA-512", "scram512", "secret"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	right, wrong := filepath.Join(t.TempDir(), "right"), filepath.Join(t.TempDir(), "wrong")
	for path, text := range map[string]string{right: "secret\n", wrong: "canary"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		mechanism, username, file string
		want                      ErrorClass
	}{
		{"plain", "plain", right, ClassNone},
		{"scram-sha-256", "scram256", right, ClassNone},
		{"scram-sha-512", "scram512", right, ClassNone},
		{"plain", "plain", wrong, ClassAuth},
		{"scram-sha-512", "scram512", wrong, ClassAuth},
		{"plain", "nobody", right, ClassAuth},
	} {
		t.Run(tt.mechanism+" "+tt.username+" "+filepath.Base(tt.file), func(t *testing.T) {
			t.Parallel()
			cfg := Config{Brokers: cluster.ListenAddrs(), SASL: SASL{
				Mechanism: tt.mechanism, Username: tt.username, Password: Secret{File: tt.file},
			}}
			err := ping(t, cfg)
			if Class(err) != tt.want {
				t.Errorf("got class %v of %v", Class(err), err)
			}
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Error("the password is in the error")
			}
			if tt.want != ClassNone {
				return
			}
			client, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			g, err := client.NewGroup(GroupConfig{ID: tt.username, Topics: []string{"a"}})
			if err != nil {
				t.Fatal(err)
			}
			next(t, g).Start(untilEnd)
			if err := g.Close(testContext(t)); err != nil {
				t.Error(err)
			}
		})
	}
}
