package main

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/sealing"
	"bankprocessor/internal/upstream"
	"bankprocessor/test/certs"
)

const (
	productionFile = "../../deploy/processor.production.yaml"
	secretsDir     = "/run/secrets/bank-processor/"
)

var namedSecret = regexp.MustCompile(secretsDir + `([a-z0-9.-]+)`)

func text(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// production is what the documented file talks to, each behind TLS with an
// authority of its own.
type production struct {
	t    *testing.T
	dir  string // of the secrets
	file string // the documented one, with other hosts and directories
}

// authority makes the files NAME-ca.pem and, for our certificate, NAME-client.pem
// and NAME-client-key.pem.
func (p *production) authority(name string) (server *tls.Config) {
	ca := certs.New(p.t)
	us := ca.Issue("bank-processor", nil)
	p.secret(name+"-ca.pem", ca.PEM())
	p.secret(name+"-client.pem", us.Cert)
	p.secret(name+"-client-key.pem", us.Key)
	return &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ca.Issue(name, nil).Pair()},
		ClientCAs: ca.Pool(), ClientAuth: tls.RequireAndVerifyClientCert,
	}
}

func (p *production) secret(name, content string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(content), 0o400); err != nil {
		p.t.Fatal(err)
	}
}

func (p *production) kafka() (brokers []string) {
	p.secret("kafka-password", "kafka-password-of-the-test")
	cluster, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.TLS(p.authority("kafka")), kfake.EnableSASL(),
		kfake.Superuser("SCRAM-SHA-512", "processor", "kafka-password-of-the-test"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(cluster.Close)
	return cluster.ListenAddrs()
}

func (p *production) registry() (url string) {
	p.secret("registry-password", "registry-password-of-the-test")
	credentials := base64.StdEncoding.EncodeToString([]byte("bank-processor:registry-password-of-the-test"))
	registry := srfake.New(srfake.WithAuth("Basic " + credentials))
	p.t.Cleanup(registry.Close)
	server := httptest.NewUnstartedServer(registry.Handler())
	server.TLS = p.authority("registry")
	server.TLS.ClientAuth = tls.NoClientCert
	server.StartTLS()
	p.t.Cleanup(server.Close)
	return server.URL
}

// bank serves the simulator as one of the banks.
func (p *production) bank(name string, cfg banksim.Config) (url string) {
	p.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	settings := p.authority(name)
	go func() { ended <- banksim.New(cfg).Serve(ctx, listener, settings) }()
	p.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			p.t.Error(err)
		}
	})
	return "https://" + listener.Addr().String()
}

func setupProduction(t *testing.T) *production {
	t.Helper()
	p := &production{t: t, dir: t.TempDir()}
	brokers := p.kafka()
	for name, content := range map[string]string{
		"interapi-subscription-key": banksim.DefaultSubscriptionKey + "\n", "interapi-app-key": banksim.DefaultAppKey + "\n",
		"loanapi-client-secret": banksim.DefaultClientSecret + "\n",
	} {
		p.secret(name, content)
	}
	if _, err := (sealing.Pair{
		Private: filepath.Join(t.TempDir(), "private.json"), Public: filepath.Join(p.dir, "dead-letters-public.json"),
	}).Create(); err != nil {
		t.Fatal(err)
	}
	loans := banksim.Config{ClientID: "bank-processor"}
	p.file = write(t, strings.NewReplacer(
		secretsDir, p.dir+"/",
		"kafka-1.example.com:9093", brokers[0], "kafka-2.example.com:9093", brokers[1], "kafka-3.example.com:9093", brokers[2],
		"https://registry-1.example.com:8081", "https://127.0.0.1:1", // a node that is away
		"https://registry-2.example.com:8081", p.registry(),
		"https://interapi.example.com", p.bank("interapi", banksim.Config{}),
		"https://loans.example.com", p.bank("loanapi", loans),
		"0.0.0.0:9464", "127.0.0.1:0",
	).Replace(text(t, productionFile)))
	return p
}

// run runs a command on the file to its end.
func (p *production) run(in string, want int, args ...string) string {
	p.t.Helper()
	code, out, errs := execute(p.t, in, append(args, "--config", p.file)...)
	if code != want {
		p.t.Errorf("%v: got %d, want %d\n%s%s", args, code, want, out, errs)
	}
	return out + errs
}

// The documented file works as it stands, from the first check to an outcome of
// each bank and a sealed dead letter.
func TestTheProductionConfigurationWorks(t *testing.T) {
	t.Parallel()
	p := setupProduction(t)
	wantAll(t, p.run("", exitFailed, "check"), "ok    configuration", "ok    kafka\n", "FAIL  topics: topics are missing: prod.customer.create",
		"FAIL  registry schemas: ", "ok    banks.interapi address (TLS 1.3; ", "ok    banks.loanapi address (TLS 1.3; ",
		"ok    kafka.tls.cert_file (expires in 0 days", "dead_letters.encryption (sealing with key ")
	p.run("", exitDone, "topics", "apply")
	p.run("", exitDone, "schemas", "apply")
	if out := p.run("", exitDone, "check"); strings.Contains(out, "skip ") {
		t.Errorf("not all was looked at:\n%s", out)
	}
	r := begin(t, "", nil, "run", "--config", p.file)
	r.err.Await(t, "processor started")
	watch := begin(t, "", nil, "watch", "--count", "2", "--output", "json", "--config", p.file)
	watch.err.Await(t, "watching")
	p.run(query, exitDone, "send", "dbs.limit.query")
	p.run(text(t, "../../schemas/examples/loan.income.submit.json"), exitDone, "send", "loan.income.submit", "--new-id")
	if code := watch.end(t); code != exitDone {
		t.Errorf("watching: %d, %s", code, watch.err)
	}
	wantAll(t, watch.out.String(), `"dbs.limit.listed"`, `"loan.income.accepted"`)
	p.wantSealed()
	for _, name := range []string{"kafka-password", "registry-password", "interapi-app-key", "loanapi-client-secret"} {
		if strings.Contains(r.err.String(), strings.TrimSpace(text(t, filepath.Join(p.dir, name)))) {
			t.Errorf("%s stands in the log", name)
		}
	}
	r.stop()
	if code := r.end(t); code != exitDone {
		t.Errorf("want a clean end, got %d, %s", code, r.err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantSealed sends what cannot be read and looks at the dead letter that comes of
// it.
func (p *production) wantSealed() {
	p.t.Helper()
	cfg, err := config.Load(p.file, nil)
	must(p.t, err)
	client, err := kafka.New(cfg.Kafka)
	must(p.t, err)
	defer client.Close()
	events, err := codec.New(codec.Options{})
	must(p.t, err)
	w, err := downstream.Open(p.t.Context(), client, events, cfg.Topics, downstream.Options{DeadLetters: true})
	must(p.t, err)
	sender, err := upstream.NewSender(p.t.Context(), client, slog.New(slog.DiscardHandler))
	must(p.t, err)
	defer func() { must(p.t, sender.Close(p.t.Context())) }()
	const original = "what nobody can read"
	_, err = sender.Send(p.t.Context(), kafka.Record{
		Topic: cfg.Topics.Command(command.DBSLimitQuery), Key: []byte("SOLEN|0222"), Value: []byte(original),
	})
	must(p.t, err)
	must(p.t, w.Run(p.t.Context(), func(e downstream.Event) bool {
		if e.Err != nil { // an outcome, framed by the registry
			return true
		}
		if !e.DeadLetter() || e.Header(producers.HeaderReason) != "malformed" || strings.Contains(string(e.Record.Value), original) {
			p.t.Errorf("got %+v", e)
		}
		return false
	}))
}

func TestTheProductionDocsNameEveryFile(t *testing.T) {
	t.Parallel()
	docs, named := text(t, "../../docs/production.md"), map[string]bool{}
	for _, m := range namedSecret.FindAllStringSubmatch(text(t, productionFile), -1) {
		named[m[1]] = true
		if !strings.Contains(docs, "`"+m[1]+"`") {
			t.Errorf("docs/production.md says nothing of %s", m[1])
		}
	}
	if len(named) < 10 {
		t.Errorf("the configuration names %v alone", named)
	}
}
