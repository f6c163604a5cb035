package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/config"
	"bankprocessor/internal/sandbox"
	"bankprocessor/test/certs"
	matrix "bankprocessor/test/settings"
)

// settingsBench is a processor's environment in which every security setting of
// both banks is set, rightly.
type settingsBench struct {
	t       *testing.T
	ca      *certs.Authority
	foreign *certs.Authority
	box     *sandbox.Sandbox
	file    string
	environ map[string]string // by key
}

func setupSettings(t *testing.T) *settingsBench {
	t.Helper()
	b := &settingsBench{t: t, ca: certs.New(t), foreign: certs.New(t)}
	b.box, _ = startSandbox(t, sandbox.Options{
		Bank: banksim.Config{BearerToken: "given to nobody"}, // a live token does as well
		BankTLS: &tls.Config{
			MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{b.ca.Issue("bank", nil, "bank.example.com").Pair()},
			ClientCAs: b.ca.Pool(), ClientAuth: tls.RequireAndVerifyClientCert,
		},
	})
	b.file = configFile(t, b.box, "")
	cert, key := b.ca.Issue("us", nil).Files()
	b.environ = map[string]string{
		"banks.interapi.token.client_id":          banksim.DefaultClientID,
		"banks.interapi.token.client_secret.file": b.box.ClientSecretFile(),
		"banks.interapi.token.scope":              "loan",
		"banks.interapi.token.resource":           "plan",
		"banks.interapi.token.basic_auth":         "true",
		"banks.interapi.signing_key_file":         b.secret(rsaKey(t)),
	}
	for _, bank := range []string{"banks.interapi", "banks.loanapi"} {
		maps.Copy(b.environ, map[string]string{
			bank + ".http.tls.ca_file": b.ca.File(), bank + ".http.tls.server_name": "bank.example.com",
			bank + ".http.tls.cert_file": cert, bank + ".http.tls.key_file": key, bank + ".http.http2": "true",
		})
	}
	return b
}

func (b *settingsBench) secret(content string) (file string) {
	b.t.Helper()
	file = filepath.Join(b.t.TempDir(), "secret")
	must(b.t, os.WriteFile(file, []byte(content), 0o600))
	return file
}

// variables are the environment with changes; a value "-" unsets.
func (b *settingsBench) variables(changes map[string]string) []string {
	all := maps.Clone(b.environ)
	maps.Copy(all, changes)
	var environ []string
	for key, value := range all {
		if value != "-" {
			environ = append(environ, "PROCESSOR_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))+"="+value)
		}
	}
	return environ
}

// The right values, all at once: a command to each bank succeeds, over h2 and over
// HTTP/1.1.
func TestRightBankSettingsWork(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string]map[string]string{
		"h2": nil,
		"HTTP 1.1, credentials in the form": {
			"banks.interapi.http.http2": "false", "banks.loanapi.http.http2": "false",
			"banks.interapi.token.basic_auth": "false", "banks.loanapi.token.basic_auth": "true",
			"banks.loanapi.token.resource": "plan", "banks.loanapi.token.refused_retry": "10m", "banks.interapi.token.refused_retry": "10m",
			"banks.loanapi.http.max_response_bytes": "1MiB", "banks.interapi.http.max_response_bytes": "1MiB",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupSettings(t)
			b.works(b.variables(changes))
		})
	}
}

// works runs a processor and sends a command to each bank.
func (b *settingsBench) works(environ []string) {
	b.t.Helper()
	brokers := strings.Join(b.box.Brokers(), ",")
	r := begin(b.t, "", environ, "run", "--config", b.file)
	r.err.Await(b.t, "processor started")
	watch := begin(b.t, "", nil, "watch", "--count", "2", "--output", "json", "--brokers", brokers)
	watch.err.Await(b.t, "watching")
	b.send()
	if code := watch.end(b.t); code != exitDone || strings.Count(watch.out.String(), `"SUCCEEDED"`) != 2 {
		b.t.Errorf("got %d, %s\n%s", code, watch.out, r.err)
	}
}

func (b *settingsBench) send() {
	b.t.Helper()
	brokers := strings.Join(b.box.Brokers(), ",")
	for command, in := range map[string]string{
		"dbs.limit.query": query, "loan.income.submit": text(b.t, "../../schemas/examples/loan.income.submit.json"),
	} {
		if code, _, errs := execute(b.t, in, "send", command, "--new-id", "--brokers", brokers); code != exitDone {
			b.t.Fatalf("sending: %d, %s", code, errs)
		}
	}
}

// wrong is one wrong value: what refuses it, and what its message must say.
type wrong struct {
	changes func(b *settingsBench) map[string]string
	// runs says that only the bank can tell: the message is in the running
	// processor's log; else it is in the answer of check.
	runs bool
	want []string
}

func to(key, value string) func(*settingsBench) map[string]string {
	return func(*settingsBench) map[string]string { return map[string]string{key: value} }
}

func toFile(key string, content func(b *settingsBench) string) func(*settingsBench) map[string]string {
	return func(b *settingsBench) map[string]string { return map[string]string{key: b.secret(content(b))} }
}

func rsaKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

func canary(*settingsBench) string { return "canary" }

// wrongSettings is the matrix of both banks' and the admin port's settings.
func wrongSettings() map[string]wrong {
	all := map[string]wrong{
		"admin.address": {to("admin.address", "nowhere"), false, []string{"admin.address: want host:port"}},
		"banks.interapi.user_code": {to("banks.interapi.user_code", ""), false,
			[]string{`banks.interapi.user_code: want the DOMAIN\user`}},
		"banks.interapi.signing_key_file": {toFile("banks.interapi.signing_key_file", canary), false,
			[]string{"FAIL  banks.interapi.signing_key_file: ", "holds no PEM"}},
	}
	for _, key := range []string{"banks.interapi.subscription_key", "banks.interapi.app_key"} {
		_, name, _ := strings.Cut(key, "interapi.")
		all[key+".file"] = wrong{toFile(key+".file", canary), true, []string{`"settings":"banks.interapi"`, "gateway.unauthorized", name}}
		all[key+".env"] = wrong{env(key), false, []string{"FAIL  " + key + ": ", "SET_NOWHERE is empty"}}
	}
	for _, bank := range []string{"banks.interapi", "banks.loanapi"} {
		maps.Copy(all, wrongHTTP(bank))
		maps.Copy(all, wrongToken(bank))
	}
	return all
}

// env names a variable that is not set, in place of the file.
func env(key string) func(*settingsBench) map[string]string {
	return func(*settingsBench) map[string]string {
		return map[string]string{key + ".file": "", key + ".env": "SET_NOWHERE"}
	}
}

func wrongHTTP(bank string) map[string]wrong {
	http, address := bank+".http", "FAIL  "+bank+" address: "+bank+".http."
	return map[string]wrong{
		http + ".base_url":           {to(http+".base_url", "http://bank.example.com"), false, []string{http + ".base_url: want https, or allow_plaintext"}},
		http + ".allow_plaintext":    {to(http+".allow_plaintext", "maybe"), false, []string{http + ".allow_plaintext: is \"maybe\"; want true or false"}},
		http + ".http2":              {to(http+".http2", "2"), false, []string{http + ".http2: is \"2\"; want true or false"}},
		http + ".max_response_bytes": {to(http+".max_response_bytes", "8"), false, []string{http + ".max_response_bytes: is \"8\"; want a size"}},
		http + ".tls.ca_file": {func(b *settingsBench) map[string]string {
			return map[string]string{http + ".tls.ca_file": b.foreign.File()}
		}, false, []string{address + "tls.ca_file: the server's certificate is signed by an authority that is not in "}},
		http + ".tls.server_name": {to(http+".tls.server_name", "other.example.com"), false,
			[]string{address + "tls.server_name: the server's certificate is for ", "not for other.example.com"}},
		http + ".tls.cert_file": {func(b *settingsBench) map[string]string {
			cert, key := b.foreign.Issue("stranger", nil).Files()
			return map[string]string{http + ".tls.cert_file": cert, http + ".tls.key_file": key}
		}, false, []string{address + "tls.cert_file: the server refuses the certificate of "}},
		http + ".tls.key_file": {func(b *settingsBench) map[string]string {
			_, key := b.ca.Issue("another", nil).Files()
			return map[string]string{http + ".tls.key_file": key}
		}, false, []string{"FAIL  " + http + ".tls.key_file: ", "does not fit"}},
	}
}

func wrongToken(bank string) map[string]wrong {
	token, settings := bank+".token", `"settings":"`+bank+`"`
	return map[string]wrong{
		token + ".path":               {to(token+".path", "/elsewhere"), true, []string{settings, "see token.path"}},
		token + ".client_id":          {to(token+".client_id", "nobody"), true, []string{settings, "the client (token.client_id)"}},
		token + ".client_secret.file": {toFile(token+".client_secret.file", canary), true, []string{settings, "the client secret (token.client_secret)"}},
		token + ".client_secret.env":  {env(token + ".client_secret"), false, []string{"FAIL  " + token + ".client_secret: ", "SET_NOWHERE is empty"}},
		token + ".scope":              {to(token+".scope", "other"), true, []string{settings, "see token.scope"}},
		token + ".basic_auth":         {to(token+".basic_auth", "yes"), false, []string{token + ".basic_auth: is \"yes\"; want true or false"}},
		token + ".refused_retry":      {to(token+".refused_retry", "-1s"), false, []string{token + ".refused_retry: want a positive duration"}},
	}
}

func TestWrongBankSettingsAreRefusedByName(t *testing.T) {
	t.Parallel()
	for key, w := range wrongSettings() {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			b := setupSettings(t)
			environ := b.variables(w.changes(b))
			var said string
			if w.runs {
				r := begin(t, "", environ, "run", "--config", b.file)
				r.err.Await(t, "processor started")
				b.send()
				said = r.err.Await(t, w.want[len(w.want)-1])
			} else {
				r := begin(t, "", environ, "check", "--config", b.file)
				if code := r.end(t); code == exitDone {
					t.Error("check finds nothing")
				}
				said = r.out.String()
			}
			wantAll(t, said, w.want...)
			if strings.Contains(said, "canary") {
				t.Errorf("the secret is told:\n%s", said)
			}
		})
	}
}

// The matrix has a row for each security setting of the banks and the admin port,
// but for those that the list gives to other tests.
func TestTheMatrixIsWhole(t *testing.T) {
	t.Parallel()
	rows, listed := wrongSettings(), matrix.Rows()
	const here = "cmd/processor.TestWrongBankSettingsAreRefusedByName"
	for _, key := range config.Keys() {
		_, has := rows[key]
		if want := slices.Contains(listed[key].Wrong, here); has != want {
			t.Errorf("%s: in the matrix %t, listed so %t", key, has, want)
		}
	}
}

// A host that is not loopback in name, and is one in truth.
func TestPlaintextIsAllowedWhereItIsAskedFor(t *testing.T) {
	t.Parallel()
	box, _ := startSandbox(t, sandbox.Options{})
	b := &settingsBench{t: t, box: box, file: configFile(t, box, "")}
	url := strings.Replace(box.BankURL(), "127.0.0.1", "0.0.0.0", 1)
	b.environ = map[string]string{
		"banks.interapi.http.base_url": url, "banks.loanapi.http.base_url": url,
		"banks.interapi.http.allow_plaintext": "true", "banks.loanapi.http.allow_plaintext": "true",
	}
	b.works(b.variables(nil))
	r := begin(t, "", b.variables(map[string]string{"banks.loanapi.http.allow_plaintext": "-"}), "run", "--config", b.file)
	if code := r.end(t); code != exitUsage {
		t.Errorf("got %d", code)
	}
	wantAll(t, r.err.String(), "banks.loanapi.http.base_url: want https, or allow_plaintext")
}

// Secrets that stand in the environment. Not parallel: it is the process's.
func TestSecretsFromTheEnvironmentWork(t *testing.T) {
	b := setupSettings(t)
	changes := map[string]string{}
	for key, value := range map[string]string{
		"banks.interapi.subscription_key": banksim.DefaultSubscriptionKey, "banks.interapi.app_key": banksim.DefaultAppKey,
		"banks.interapi.token.client_secret": banksim.DefaultClientSecret, "banks.loanapi.token.client_secret": banksim.DefaultClientSecret,
	} {
		name := "TEST_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		t.Setenv(name, value)
		changes[key+".file"], changes[key+".env"] = "", name
	}
	b.works(b.variables(changes))
}
