package kafka

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
	"bankprocessor/test/certs"
)

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
	ca, foreign := certs.New(t), certs.New(t)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "a"), kfake.TLS(&tls.Config{
		Certificates: []tls.Certificate{ca.Issue("broker", nil, "broker.example.com").Pair()}, ClientCAs: ca.Pool(), ClientAuth: tls.RequireAndVerifyClientCert,
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	ours, oursKey := ca.Issue("us", nil).Files()
	theirs, theirsKey := foreign.Issue("them", nil).Files()
	for name, tt := range map[string]struct {
		tls  TLS
		want ErrorClass
	}{
		"good":                {TLS{true, tlsfile.Config{CAFile: ca.File(), CertFile: ours, KeyFile: oursKey}}, ClassNone},
		"server name":         {TLS{true, tlsfile.Config{CAFile: ca.File(), CertFile: ours, KeyFile: oursKey, ServerName: "broker.example.com"}}, ClassNone},
		"wrong server name":   {TLS{true, tlsfile.Config{CAFile: ca.File(), CertFile: ours, KeyFile: oursKey, ServerName: "other.example.com"}}, ClassAuth},
		"foreign broker":      {TLS{true, tlsfile.Config{CAFile: foreign.File(), CertFile: ours, KeyFile: oursKey}}, ClassAuth},
		"foreign certificate": {TLS{true, tlsfile.Config{CAFile: ca.File(), CertFile: theirs, KeyFile: theirsKey}}, ClassAuth},
		"no certificate":      {TLS{true, tlsfile.Config{CAFile: ca.File()}}, ClassAuth},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := ping(t, Config{Brokers: cluster.ListenAddrs(), TLS: tt.tls}); Class(err) != tt.want {
				t.Errorf("got class %v of %v", Class(err), err)
			}
		})
	}
	// The group's own connections are secured alike.
	client, err := New(Config{Brokers: cluster.ListenAddrs(), TLS: TLS{true, tlsfile.Config{CAFile: ca.File(), CertFile: ours, KeyFile: oursKey}}})
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
	ca := certs.New(t)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{ca.Issue("broker", nil).Pair()}}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	stale := certs.New(t).File()
	client, err := New(Config{Brokers: cluster.ListenAddrs(), TLS: TLS{true, tlsfile.Config{CAFile: stale}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.Ping(testContext(t)); Class(err) != ClassAuth {
		t.Fatalf("got %v", err)
	}
	certs.Replace(t, stale, ca.PEM())
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
				Mechanism: tt.mechanism, Username: tt.username, Password: secret.Source{File: tt.file},
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
