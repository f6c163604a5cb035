package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"bankprocessor/internal/sandbox"
	"bankprocessor/test/certs"
)

// faulty is a command line that cannot do its work.
type faulty struct {
	args    string
	in      string
	environ []string
	code    int
	want    []string // what is wrong, where, and what to do
}

func cluster(t *testing.T, options ...kfake.Opt) (brokers string) {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()[0]
}

// takenPort is the address of a listener.
func takenPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func refusingRegistry(t *testing.T, status int) (url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(s.Close)
	return s.URL
}

func secretFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func sasl(t *testing.T, user, password string) []string {
	return []string{
		"PROCESSOR_KAFKA_SASL_MECHANISM=scram-sha-512", "PROCESSOR_KAFKA_SASL_USERNAME=" + user,
		"PROCESSOR_KAFKA_SASL_PASSWORD_FILE=" + secretFile(t, password),
	}
}

// Every way in which a command line can meet the world and fail, really met.
func faultyLines(t *testing.T) map[string]faulty {
	box, brokers := startSandbox(t, sandbox.Options{})
	_, empty := startSandbox(t, sandbox.Options{NoTopics: true})
	ca, foreign := certs.New(t), certs.New(t)
	secure := cluster(t, kfake.TLS(&tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ca.Issue("broker", nil).Pair()}}))
	guarded := cluster(t, kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser("SCRAM-SHA-512", "admin", "right"), kfake.User("SCRAM-SHA-512", "guest", "right"))
	taken := takenPort(t)
	_, port, _ := net.SplitHostPort(taken)
	tlsOn := []string{"PROCESSOR_KAFKA_TLS_ENABLED=true", "PROCESSOR_KAFKA_TLS_CA_FILE=" + ca.File()}
	guest := sasl(t, "guest", "right")
	config := func(text string) string { return write(t, text) }
	whole := configFile(t, box, "")
	listens := "Something listens there already: end it, or take another port."
	return map[string]faulty{
		// The command line itself.
		"unknown command":    {args: "chek", code: exitUsage, want: []string{`unknown command "chek" for "processor"; did you mean check?`, "See: processor --help"}},
		"unknown subcommand": {args: "topics aply", code: exitUsage, want: []string{`unknown command "aply" for "processor topics"; did you mean apply?`, "See: processor topics --help"}},
		"unknown flag":       {args: "watch --broker x", code: exitUsage, want: []string{"unknown flag: --broker", "See: processor watch --help"}},
		// The configuration.
		"no configuration":   {args: "run --config /nowhere/p.yaml", code: exitUsage, want: []string{"/nowhere/p.yaml: no such file", "give another with --config"}},
		"a directory":        {args: "run --config " + t.TempDir(), code: exitUsage, want: []string{"is a directory", "give another with --config"}},
		"unknown key":        {args: "topics list --config " + config("kafka: {borkers: [a:1]}\n"), code: exitUsage, want: []string{`line 1: kafka.borkers: unknown key; did you mean "kafka.brokers"?`, "docs/reference/config.md"}},
		"no YAML":            {args: "topics list --config " + config("kafka: [a\n"), code: exitUsage, want: []string{"line 1: sequence end token ']' not found"}},
		"no broker named":    {args: "watch", code: exitUsage, want: []string{"kafka.brokers: want at least one host:port", "docs/reference/config.md"}},
		"registry plaintext": {args: "schemas list --registry http://192.0.2.1:8081", code: exitUsage, want: []string{"registry.urls: want https for each, or allow_plaintext"}},
		"no CA file":         {args: "topics list --brokers " + secure, environ: []string{tlsOn[0], "PROCESSOR_KAFKA_TLS_CA_FILE=/nowhere/ca.pem"}, code: exitUsage, want: []string{"kafka.tls.ca_file: open /nowhere/ca.pem: no such file"}},
		// Brokers.
		"no broker":                  {args: "topics list --brokers 127.0.0.1:1", code: exitFailed, want: []string{"no broker of 127.0.0.1:1 answers", "connection refused", "Nothing listens there: start Kafka (`processor dev` runs one for a try), or mend kafka.brokers (--brokers)."}},
		"no such host":               {args: "topics list --brokers nowhere.invalid:9092", code: exitFailed, want: []string{"no broker of nowhere.invalid:9092 answers (kafka.brokers)"}},
		"plaintext to a TLS broker":  {args: "topics list --brokers " + secure, code: exitFailed, want: []string{secure, "kafka.tls.enabled: is not set"}},
		"TLS to a plaintext broker":  {args: "topics list --brokers " + brokers, environ: append(tlsOn, "PROCESSOR_KAFKA_DIAL_TIMEOUT=1s"), code: exitFailed, want: []string{brokers, "whether the other side speaks TLS as configured"}},
		"a foreign authority":        {args: "topics list --brokers " + secure, environ: []string{tlsOn[0], "PROCESSOR_KAFKA_TLS_CA_FILE=" + foreign.File()}, code: exitFailed, want: []string{"kafka.tls.ca_file: the server's certificate is signed by an authority that is not in "}},
		"no SASL":                    {args: "topics list --brokers " + guarded, code: exitFailed, want: []string{"unexpected EOF", "The other side hangs up: it may want SASL (kafka.sasl) or TLS (kafka.tls)"}},
		"SASL refused":               {args: "topics list --brokers " + guarded, environ: sasl(t, "admin", "wrong"), code: exitFailed, want: []string{"kafka.sasl.username, kafka.sasl.password: the broker refuses them", guarded}},
		"not permitted to list":      {args: "topics list --brokers " + guarded, environ: guest, code: exitFailed, want: []string{"not permitted: grant Describe on topic customer.create to our principal", "docs/kafka-security.md"}},
		"not permitted to send":      {args: "send dbs.limit.query --brokers " + guarded, in: query, environ: guest, code: exitFailed, want: []string{"not permitted: grant Describe on topic dbs.limit.query to our principal"}},
		"not permitted to watch":     {args: "watch dbs.limit.query --brokers " + guarded, environ: guest, code: exitFailed, want: []string{"not permitted: grant Describe on topic dbs.limit.query.result to our principal"}},
		"not permitted dead letters": {args: "dlq list --brokers " + guarded, environ: guest, code: exitFailed, want: []string{"not permitted: grant Describe on topic bank.audit to our principal"}},
		// Topics.
		"no topics to list":  {args: "topics list --brokers " + empty, code: exitFailed, want: []string{"topics are missing: customer.create", "create them with: processor topics apply"}},
		"no topic to send":   {args: "send dbs.limit.query --brokers " + empty, in: query, code: exitFailed, want: []string{"topics are missing: dbs.limit.query; create them with: processor topics apply"}},
		"no topics to watch": {args: "watch --brokers " + empty, code: exitFailed, want: []string{"topics are missing: customer.create.result", "create them with: processor topics apply"}},
		"no dead letters":    {args: "dlq list --brokers " + empty, code: exitFailed, want: []string{"topics are missing: bank.audit; create them with: processor topics apply"}},
		"no topics to run":   {args: "run --config " + whole, environ: []string{"PROCESSOR_TOPICS_PREFIX=other."}, code: exitFailed, want: []string{"topics are missing: other.customer.create", "create them with: processor topics apply"}},
		// The registry.
		"no registry":                {args: "schemas list", code: exitUsage, want: []string{"there is no schema registry: set registry.urls, or give --registry"}},
		"registry away":              {args: "schemas list --registry http://127.0.0.1:1", code: exitFailed, want: []string{"the schema registry at http://127.0.0.1:1 does not answer", "Nothing listens there: start the registry, or mend registry.urls (--registry)."}},
		"registry silent":            {args: "schemas list --registry https://" + taken, environ: []string{"PROCESSOR_REGISTRY_TIMEOUT=100ms"}, code: exitFailed, want: []string{"does not answer in time (registry.urls, registry.timeout)"}},
		"registry speaks plain HTTP": {args: "schemas list --registry https://" + strings.TrimPrefix(refusingRegistry(t, 401), "http://"), code: exitFailed, want: []string{"does not answer (registry.urls)", "speaks no TLS: look at registry.urls (--registry)"}},
		"registry refuses":           {args: "schemas list --registry " + refusingRegistry(t, 401), code: exitFailed, want: []string{"refuses our credentials with 401 (registry.username or registry.token: none is set)"}},
		"no registry's path":         {args: "schemas list --registry " + refusingRegistry(t, 404), code: exitFailed, want: []string{"answers 404 as no registry does: the path may be wrong (registry.urls)"}},
		// Ports.
		"port of run":      {args: "run --config " + whole, environ: []string{"PROCESSOR_ADMIN_ADDRESS=" + taken}, code: exitFailed, want: []string{"(admin.address): listen tcp " + taken, listens}},
		"ports of dev":     {args: "dev --kafka-port 0 --admin 127.0.0.1:0 --bank-port " + port, code: exitFailed, want: []string{taken, "take other ports with --kafka-port and --bank-port", listens}},
		"kafka port":       {args: "dev --bank-port 0 --admin 127.0.0.1:0 --kafka-port " + port, code: exitFailed, want: []string{taken, "take other ports with --kafka-port and --bank-port", listens}},
		"admin port":       {args: "dev --kafka-port 0 --bank-port 0 --admin " + taken, code: exitFailed, want: []string{taken, "take another with --admin", listens}},
		"port of the bank": {args: "banksim --address " + taken, code: exitFailed, want: []string{"(--address): listen tcp " + taken, listens}},
		// Files.
		"no certificate":        {args: "banksim --tls-cert /nowhere/c --tls-key /nowhere/k", code: exitFailed, want: []string{"reading certificate: open /nowhere/c: no such file", "Mend the path"}},
		"no place for a ledger": {args: "banksim --ledger /nowhere/l.ndjson", code: exitFailed, want: []string{"opening the ledger: ", "/nowhere/l.ndjson", "Mend the path"}},
		"no input":              {args: "send dbs.limit.query /nowhere/q.json --brokers " + brokers, code: exitFailed, want: []string{"reading commands: open /nowhere/q.json: no such file", "Mend the path"}},
		"no JSON":               {args: "send dbs.limit.query --brokers " + brokers, in: "{nope", code: exitFailed, want: []string{"command 1 is no JSON, at byte 0"}},
		"an empty command":      {args: "send dbs.limit.query --brokers " + brokers, in: "{}", code: exitFailed, want: []string{"companyCode: is required", "correct them, or send what can be read with --force"}},
		"no private keyset":     {args: "dlq show bank.dead-letter/0@0 --keyset /nowhere/private.json --brokers " + brokers, code: exitFailed, want: []string{"dead_letters.encryption.private_keyset_file: ", "/nowhere/private.json: no such file", "Mend the path"}},
		"no keyset":             {args: "dlq keys list /nowhere/private.json", code: exitFailed, want: []string{"reading keyset: open /nowhere/private.json", "Mend the path"}},
		"a keyset is there":     {args: "dlq keys create --private " + whole + " --public " + filepath.Join(t.TempDir(), "p.json"), code: exitFailed, want: []string{whole, "already exists and is not overwritten: remove it, or give another name"}},
		// What is looked for.
		"no such letter":   {args: "dlq show bank.dead-letter/0@0 --brokers " + brokers, code: exitFailed, want: []string{"there is no dead letter of bank.dead-letter/0@0: it may never have been one, or be older than the topic's retention"}},
		"nothing comes":    {args: "watch -n 1 --timeout 100ms --brokers " + brokers, code: exitFailed, want: []string{"0 of 1 came within 100ms: look whether a processor runs"}},
		"the checks":       {args: "check --config " + whole, environ: []string{"PROCESSOR_KAFKA_BROKERS=127.0.0.1:1"}, code: exitFailed, want: []string{"FAIL  kafka: no broker of 127.0.0.1:1 answers (kafka.brokers)", "1 of the checks failed"}},
		"the check's time": {args: "check --timeout 50ms --config " + whole, environ: []string{"PROCESSOR_BANKS_LOANAPI_HTTP_BASE_URL=https://" + taken}, code: exitFailed, want: []string{"no answer within 50ms (--timeout)"}},
	}
}

func TestErrorsNameTheNextStep(t *testing.T) {
	t.Parallel()
	for name, f := range faultyLines(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := begin(t, f.in, f.environ, strings.Fields(f.args)...)
			if code := r.end(t); code != f.code {
				t.Errorf("got %d, want %d", code, f.code)
			}
			wantAll(t, r.out.String()+r.err.String(), f.want...)
		})
	}
}

// The file system's own refusals. Not of the table: root is refused nothing.
func TestRefusedFilesNameTheNextStep(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("reading secret: %w", &fs.PathError{Op: "open", Path: "/x", Err: syscall.EACCES})
	if got := nextStep(err); !strings.HasPrefix(got, "This user may not do that") {
		t.Errorf("got %q", got)
	}
}

// Where JSON is asked for, the last line on standard error is the error in JSON,
// whatever it is.
func TestErrorsInJSON(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]failure{
		"topics list -o json --nope":                                 {"unknown flag: --nope", exitUsage, "See: processor topics list --help"},
		"chek --output json":                                         {`unknown command "chek" for "processor"; did you mean check?`, exitUsage, "See: processor --help"},
		"watch --output=json":                                        {"configuration: kafka.brokers: want at least one host:port", exitUsage, "docs/reference/config.md has every key and what it takes."},
		"dlq keys list -o json /nowhere/k.json":                      {"reading keyset: open /nowhere/k.json: no such file or directory", exitFailed, "Mend the path: no such file can be used."},
		"watch nope --output json":                                   {`wrong usage: there is no command "nope": want one of ` + strings.Join(commandNames(), ", "), exitUsage, "See: processor watch --help"},
		"topics list -o json --brokers 127.0.0.1:1":                  {"no broker of 127.0.0.1:1 answers (kafka.brokers): dial tcp 127.0.0.1:1: connect: connection refused", exitFailed, nextStep(syscall.ECONNREFUSED)},
		"send dbs.limit.query -o json /nowhere/q.json --brokers a:1": {"reading commands: open /nowhere/q.json: no such file or directory", exitFailed, "Mend the path: no such file can be used."},
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			code, out, errs := execute(t, "", strings.Fields(args)...)
			var got failure
			if err := json.Unmarshal([]byte(errs), &got); err != nil {
				t.Fatalf("%v: %s", err, errs)
			}
			if got != want || code != want.Code || out != "" {
				t.Errorf("got %d, %+v, %q\nwant %+v", code, got, out, want)
			}
		})
	}
	if wantsJSON([]string{"send", "x", "--", "-o", "json"}) || wantsJSON([]string{"watch", "-o"}) {
		t.Error("JSON is read into arguments that do not ask for it")
	}
}
