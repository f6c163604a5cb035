package app_test

import (
	"crypto/tls"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/tlsfile"
	"bankprocessor/test/certs"
)

// mutualBench is a bench whose bank wants client certificates. What the bank
// shows and whom it trusts can be changed while it runs.
type mutualBench struct {
	*bench
	bank  atomic.Pointer[tls.Config]
	files tlsfile.Config // of both banks' clients
}

// setupMutual has protocol spoken, "h2" or "http/1.1", and no other.
func setupMutual(t *testing.T, protocol string, bank *tls.Config, ca *certs.Authority, identity certs.Issued) *mutualBench {
	t.Helper()
	m := &mutualBench{}
	m.bank.Store(bank)
	m.bench = setup(t, sandbox.Options{BankTLS: &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			c := m.bank.Load().Clone()
			c.NextProtos = []string{protocol}
			return c, nil
		},
	}})
	m.files = tlsfile.Config{CAFile: ca.File(), ServerName: "bank.example.com"}
	m.files.CertFile, m.files.KeyFile = identity.Files()
	inter, loan := &m.cfg.Banks.InterAPI, &m.cfg.Banks.LoanAPI
	inter.HTTP.TLS, loan.HTTP.TLS = m.files, m.files
	inter.HTTP.HTTP2, loan.HTTP.HTTP2 = protocol == "h2", protocol == "h2"
	return m
}

// bankOf shows a certificate of ours and takes callers of theirs.
func bankOf(ours, theirs *certs.Authority) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{ours.Issue("bank", nil, "bank.example.com").Pair()},
		ClientCAs:    theirs.Pool(), ClientAuth: tls.RequireAndVerifyClientCert,
	}
}

// exchange replaces the client's certificate and key, with a while in between in
// which they do not fit each other.
func (m *mutualBench) exchange(identity certs.Issued, between func()) {
	certs.Replace(m.t, m.files.CertFile, identity.Cert)
	between()
	certs.Replace(m.t, m.files.KeyFile, identity.Key)
}

// reconnect writes the authority's file anew as it is, whereupon calls that begin
// open connections of their own.
func (m *mutualBench) reconnect(authority string) { certs.Replace(m.t, m.files.CAFile, authority) }

// called waits until the bank has ended n calls in all.
func (m *mutualBench) called(n int) {
	m.t.Helper()
	if _, err := m.box.Bank().WaitForCalls(m.t.Context(), n, nil); err != nil {
		m.t.Fatal(err)
	}
}

func example(t *testing.T, name command.Name) string {
	t.Helper()
	text, err := os.ReadFile("../../schemas/examples/" + string(name) + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func invoice(t *testing.T, n int) string {
	t.Helper()
	text := example(t, command.DBSInvoiceUpsert)
	return strings.NewReplacer("888888888849635547", fmt.Sprintf("INV-%d", n), `"0222"`, fmt.Sprintf(`"%04d"`, 1000+n%50)).Replace(text)
}

func bothProtocols(t *testing.T, f func(t *testing.T, protocol string)) {
	for _, protocol := range []string{"http/1.1", "h2"} {
		t.Run(strings.ReplaceAll(protocol, "/", " "), func(t *testing.T) {
			t.Parallel()
			f(t, protocol)
		})
	}
}

func slowBank(t *testing.T, bank *banksim.Bank) {
	t.Helper()
	if err := bank.SetLatency("", banksim.Latency{Fixed: banksim.Duration(10 * time.Millisecond)}); err != nil {
		t.Fatal(err)
	}
}
