package main

import (
	"crypto/tls"
	"net/http"
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
