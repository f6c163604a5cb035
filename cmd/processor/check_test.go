package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/sandbox"
	"bankprocessor/test/certs"
)

// brokenFile has each section at fault in its own way.
func brokenFile(t *testing.T) string {
	t.Helper()
	junk := write(t, "no PEM")
	ca := certs.New(t)
	cert, key := ca.Issue("late", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }).Files()
	return write(t, `kafka:
  brokers: ["127.0.0.1:1"]
  client_idd: x
  tls: {enabled: true, ca_file: /nowhere/ca.pem}
  sasl:
    mechanism: scram-sha-1
    username: u
    password: {file: /nowhere/password}
topics: {partitions: -2}
registry:
  urls: ["http://127.0.0.1:2"]
intake: {session_timeout: 30}
output: {batch_bytes: 0B}
dead_letters:
  encryption: {public_keyset_file: `+junk+`}
processing: {settle: []}
banks:
  interapi:
    http:
      base_url: https://127.0.0.1:3
      tls: {cert_file: `+cert+`}
    subscription_key: {file: /nowhere/subscription-key}
    app_key: canary
    user_code: 'DOMAIN\user'
  loanapi:
    http:
      base_url: https://127.0.0.1:4
      tls: {ca_file: `+ca.File()+`, cert_file: `+cert+`, key_file: `+key+`}
    token: {client_id: c, client_secret: {env: SET_NOWHERE}}
admin: {address: nowhere}
log: {level: loud}
`)
}

// One run says all that is wrong with the file and all that is wrong with the
// world, as far as the file tells where to look.
func TestCheckSaysEveryFaultAtOnce(t *testing.T) {
	t.Parallel()
	file := brokenFile(t)
	r := begin(t, "", []string{"PROCESSOR_NOPE=canary"}, "check", "--config", file)
	if code := r.end(t); code != exitUsage {
		t.Errorf("got %d, want %d", code, exitUsage)
	}
	lines := strings.Split(r.out.String(), "\n")
	for _, want := range []string{
		`FAIL  configuration: line 3: kafka.client_idd: unknown key; did you mean "kafka.client_id"?`,
		"FAIL  configuration: line 4: kafka.tls.ca_file: ",
		"FAIL  configuration: line 6: kafka.sasl.mechanism: ",
		"FAIL  configuration: line 9: topics.partitions: want at least 1",
		"FAIL  configuration: line 12: intake.session_timeout: want a duration",
		"FAIL  configuration: line 16: processing.settle: want at least one wait",
		"FAIL  configuration: line 21: banks.interapi.http.tls.cert_file: want ",
		"FAIL  configuration: line 23: banks.interapi.app_key: a secret must not stand in the configuration",
		"FAIL  configuration: line 30: admin.address: want host:port",
		"FAIL  configuration: line 31: log.level: want ",
		"FAIL  configuration: environment variable PROCESSOR_NOPE: no key has this variable",
		"FAIL  kafka: kafka.brokers: dial tcp 127.0.0.1:1: ",
		"skip  topics: not looked at: ",
		"skip  kafka permissions: not looked at: ",
		"FAIL  registry: ",
		"FAIL  dead_letters.encryption: dead_letters.encryption.public_keyset_file: ",
		"FAIL  banks.interapi.subscription_key: ",
		"FAIL  banks.loanapi.http.tls.cert_file: has expired at ",
		"FAIL  banks.loanapi.token.client_secret: ",
		"FAIL  banks.interapi address: banks.interapi.http.base_url: dial tcp 127.0.0.1:3: ",
		"FAIL  banks.loanapi address: ",
	} {
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, want) }) {
			t.Errorf("no line begins with %q", want)
		}
	}
	if n := strings.Count(r.out.String(), "kafka.sasl.password"); n != 1 {
		t.Errorf("the missing password file is told %d times", n)
	}
	if strings.Contains(r.out.String()+r.err.String(), "canary") {
		t.Error("a secret is in the answer")
	}
	wantAll(t, r.err.String(), "the configuration has ", " of the other checks failed")
	if t.Failed() {
		t.Logf("%s%s", r.out, r.err)
	}
}

// A server's certificate may be for any name, and is read before it is trusted.
func TestAFindingDoesNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	f := finding{Check: "banks.x address", Status: "fail", text: "is for \x1b[2Jx\rok\nand \u009b1m"}
	const want = "FAIL  banks.x address: is for \uFFFD[2Jx\uFFFDok\n        and \uFFFD1m"
	if got := f.line(false); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCheckInJSON(t *testing.T) {
	t.Parallel()
	file := brokenFile(t)
	code, out, _ := execute(t, "", "check", "--config", file, "--output", "json")
	var found []finding
	if err := json.Unmarshal([]byte(out), &found); err != nil || code != exitUsage {
		t.Fatalf("got %d, %v:\n%s", code, err, out)
	}
	count := map[string]int{}
	for _, f := range found {
		count[f.Check+" "+f.Status]++
		if f.Key == "kafka.client_idd" && (f.Line != 3 || f.Status != "fail" || f.Check != "configuration") {
			t.Errorf("got %+v", f)
		}
	}
	if count["configuration fail"] < 9 || count["topics skipped"] != 1 || count["registry fail"] != 1 || count["schemas ok"] != 1 {
		t.Errorf("got %v", count)
	}
	if code, _, errs := execute(t, "", "check", "--config", file, "--output", "xml"); code != exitUsage || !strings.Contains(errs, "want table or json") {
		t.Errorf("got %d, %s", code, errs)
	}
}

// The file is right, and everything that it relies on is wrong: exit code 1.
func TestCheckOfAWrongWorld(t *testing.T) {
	t.Parallel()
	box, _ := startSandbox(t, sandbox.Options{NoTopics: true})
	ours, foreign := certs.New(t), certs.New(t)
	bank := httptest.NewUnstartedServer(http.NotFoundHandler())
	bank.TLS = &tls.Config{
		Certificates: []tls.Certificate{ours.Issue("bank", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(12*24*time.Hour + time.Hour) }).Pair()},
		ClientCAs:    ours.Pool(), ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	}
	bank.Config.ErrorLog = log.New(io.Discard, "", 0)
	bank.StartTLS()
	t.Cleanup(bank.Close)
	file := configFile(t, box, "")
	check := func(ca string, identity certs.Issued, want int) string {
		t.Helper()
		cert, key := identity.Files()
		r := begin(t, "", []string{
			"PROCESSOR_BANKS_INTERAPI_HTTP_BASE_URL=" + bank.URL,
			"PROCESSOR_BANKS_INTERAPI_HTTP_TLS_CA_FILE=" + ca,
			"PROCESSOR_BANKS_INTERAPI_HTTP_TLS_CERT_FILE=" + cert,
			"PROCESSOR_BANKS_INTERAPI_HTTP_TLS_KEY_FILE=" + key,
			"PROCESSOR_BANKS_LOANAPI_HTTP_BASE_URL=https://127.0.0.1:1",
			"PROCESSOR_REGISTRY_URLS=http://127.0.0.1:2",
		}, "check", "--config", file)
		if code := r.end(t); code != want {
			t.Errorf("got %d, want %d: %s%s", code, want, r.out, r.err)
		}
		return r.out.String()
	}
	soon := ours.Issue("us", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(12*24*time.Hour + time.Hour) })
	wantAll(t, check(ours.File(), soon, exitFailed),
		"ok    configuration", "ok    kafka\n", "FAIL  topics: topics are missing", "FAIL  registry: ",
		"ok    banks.interapi.http.tls.cert_file (expires in 12 days, at ",
		"ok    banks.interapi address (TLS 1.3; the bank's certificate expires in 12 days, at ",
		"FAIL  banks.loanapi address: banks.loanapi.http.base_url: ")
	wantAll(t, check(foreign.File(), soon, exitFailed),
		"FAIL  banks.interapi address: banks.interapi.http.tls.ca_file: the server's certificate is signed by an authority that is not in ")
	wantAll(t, check(ours.File(), foreign.Issue("stranger", nil), exitFailed),
		"FAIL  banks.interapi address: banks.interapi.http.tls.cert_file: the server refuses the certificate of ")
}

// A mistake near the security of a section keeps every credential in it at home:
// "enabled" misspelt would otherwise send the password in clear.
func TestCheckShowsNoCredentialsToAFaultySection(t *testing.T) {
	t.Parallel()
	var seen bytes.Buffer
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = seen.ReadFrom(conn)
	}()
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := write(t, fmt.Sprintf(`kafka:
  brokers: [%q]
  tls: {enabledd: true}
  sasl: {mechanism: plain, username: u, password: {file: %s}}
`, listener.Addr(), password))
	code, out, _ := execute(t, "", "check", "--config", file)
	<-heard
	if code != exitUsage || seen.Len() > 0 {
		t.Errorf("got %d, and the broker heard %d bytes", code, seen.Len())
	}
	wantAll(t, out, "ok    kafka (accepts connections; nothing was said")
}

// Without a network the configuration and its files are looked at, and nobody hears
// from us.
func TestCheckOffline(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	heard := make(chan struct{})
	go func() {
		if conn, err := listener.Accept(); err == nil {
			_ = conn.Close()
			close(heard)
		}
	}()
	box, _ := startSandbox(t, sandbox.Options{NoTopics: true})
	file := configFile(t, box, "")
	at := listener.Addr().String()
	environ := []string{
		"PROCESSOR_KAFKA_BROKERS=" + at, "PROCESSOR_REGISTRY_URLS=http://" + at,
		"PROCESSOR_BANKS_INTERAPI_HTTP_BASE_URL=http://" + at, "PROCESSOR_BANKS_LOANAPI_HTTP_BASE_URL=http://" + at,
	}
	offline := func(want int, more ...string) map[string]string {
		t.Helper()
		r := begin(t, "", append(slices.Clone(environ), more...), "check", "--offline", "--output", "json", "--config", file)
		if code := r.end(t); code != want {
			t.Errorf("got %d, want %d: %s", code, want, r.err)
		}
		var found []finding
		must(t, json.Unmarshal([]byte(r.out.String()), &found))
		became := map[string]string{}
		for _, f := range found {
			became[f.Check] = f.Status
		}
		return became
	}
	became := offline(exitDone)
	for check, want := range map[string]string{
		"configuration": "ok", "schemas": "ok", "banks.interapi.app_key": "ok", "dead_letters.encryption": "ok",
		"kafka": "skipped", "topics": "skipped", "kafka permissions": "skipped", "registry": "skipped",
		"banks.interapi address": "skipped", "banks.loanapi address": "skipped",
	} {
		if became[check] != want {
			t.Errorf("%s: got %q, want %q", check, became[check], want)
		}
	}
	if became := offline(exitFailed, "PROCESSOR_BANKS_INTERAPI_APP_KEY_FILE=/nowhere/key"); became["banks.interapi.app_key"] != "fail" {
		t.Errorf("a secret that is not there: %v", became)
	}
	// A section with a fault is not dialled either.
	if became := offline(exitUsage, "PROCESSOR_KAFKA_CLIENT_IDD=x", "PROCESSOR_LOG_LEVEL=loud"); became["kafka"] != "skipped" || became["configuration"] != "fail" {
		t.Errorf("with faults: %v", became)
	}
	select {
	case <-heard:
		t.Error("somebody was called")
	default:
	}
}
