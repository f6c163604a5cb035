package main

import (
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bankprocessor/test/certs"
)

func TestBanksimWithClientCertificates(t *testing.T) {
	t.Parallel()
	ca := certs.New(t)
	identity := ca.Issue("test", nil)
	certFile, keyFile := identity.Files()
	r := begin(t, "", nil, "banksim", "--address", "127.0.0.1:0",
		"--tls-cert", certFile, "--tls-key", keyFile, "--tls-client-ca", ca.File())
	url := strings.TrimSpace(strings.TrimPrefix(r.out.Await(t, "\n"), "bank simulator at "))
	if !strings.HasPrefix(url, "https://") {
		t.Fatalf("got %s", url)
	}
	pair := identity.Pair()
	ask := func(own ...tls.Certificate) error {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), Certificates: own}}
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

// TestBanksimGoesOnWithItsLedger runs the command twice on one file, whose end is
// torn in between.
func TestBanksimGoesOnWithItsLedger(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ledger.ndjson")
	start := func() *ran {
		r := begin(t, "", nil, "banksim", "--address", "127.0.0.1:0", "--ledger", file)
		r.out.Await(t, "\n")
		return r
	}
	r := start()
	r.stop()
	if code := r.end(t); code != exitDone {
		t.Fatalf("got %d", code)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(whole, `{"event":"arr`...), 0o600); err != nil {
		t.Fatal(err)
	}
	r = start()
	r.stop()
	r.end(t)
	wantAll(t, r.err.String(), file, "is left out")
	text, err := os.ReadFile(file)
	if err != nil || strings.Count(string(text), "\n") != 2 {
		t.Errorf("%s %v", text, err)
	}

	if err := os.WriteFile(file, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := execute(t, "", "banksim", "--address", "127.0.0.1:0", "--ledger", file)
	if code != exitFailed {
		t.Errorf("got %d", code)
	}
	wantAll(t, errs, file, "line 1")
	code, _, errs = execute(t, "", "banksim", "--duplicates", "ignored")
	if code != exitUsage {
		t.Errorf("got %d", code)
	}
	wantAll(t, errs, `--duplicates is "ignored": want refused or recorded`)
}
