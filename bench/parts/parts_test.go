package parts

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestMain lets this program be its own parts.
func TestMain(m *testing.M) {
	if ran, err := Run(context.Background(), os.Args[1:], os.Stdout, nil); ran {
		if err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestBank(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	b, err := StartBank(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const latency = 30 * time.Millisecond
	if err := b.SetLatency(ctx, latency); err != nil {
		t.Error(err)
	}
	if err := b.SetLatency(ctx, -1); err == nil {
		t.Error("a negative latency is taken")
	}
	begin := time.Now()
	answer, err := http.Post(b.URL+"/BankingApiV01/InsertDbsInvoice", "application/json", strings.NewReader("{}")) //nolint:noctx // bounded by the bank
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if took := time.Since(begin); err != nil || string(text) != accepted || took < latency {
		t.Errorf("%s after %s, %v", text, took, err)
	}
	if calls, err := b.Calls(ctx); err != nil || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
	testTLS(t, b)
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := b.Calls(ctx); err == nil {
		t.Error("a bank that has ended answers")
	}
}

func TestEmbeddedBroker(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	b, err := StartEmbedded(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Ping(ctx); err != nil {
		t.Error(err)
	}
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
}

func TestKafkaThatCannotStart(t *testing.T) {
	t.Parallel()
	if _, err := StartKafka(deadline(t), t.TempDir(), t.TempDir(), 0); !errors.Is(err, ErrNoKafka) {
		t.Errorf("got %v", err)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{nil, {"--broker", "kafka"}, {"part"}} {
		if ran, err := Run(t.Context(), arguments, io.Discard, nil); ran || err != nil {
			t.Errorf("%q: %v %v", arguments, ran, err)
		}
	}
	if ran, err := Run(t.Context(), []string{"part", "none"}, io.Discard, nil); !ran || err == nil {
		t.Errorf("%v %v", ran, err)
	}
}

// testTLS calls a bank by each of the protocols that it has behind TLS.
func testTLS(t *testing.T, b *Bank) {
	t.Helper()
	pem, err := os.ReadFile(b.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	for major := 1; major <= 2; major++ {
		protocols := new(http.Protocols)
		protocols.SetHTTP1(true)
		protocols.SetHTTP2(major == 2)
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, Protocols: protocols}
		answer, err := (&http.Client{Transport: transport}).Post(b.TLS+"/x", "application/json", strings.NewReader("{}")) //nolint:noctx // bounded by the bank
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.ProtoMajor != major {
			t.Errorf("HTTP/%d answers for HTTP/%d", answer.ProtoMajor, major)
		}
		transport.CloseIdleConnections()
	}
}

// TestWhatTheBankSees: calls of one dealer that overlap, come late or come twice.
func TestWhatTheBankSees(t *testing.T) {
	t.Parallel()
	call := func(dealer, number int) (int, int) {
		return invoiceOf(fmt.Appendf(nil, `{"SubscriberNumber":"1%06d","InvoiceNumber":"BENCH-%09d","CustomerNo":955807}`, dealer, number))
	}
	s := new(seen)
	for _, number := range []int{1, 2, 5} {
		s.enter(call(7, number))
		s.leave(7)
	}
	s.enter(call(7, 4)) // late
	s.enter(call(8, 4)) // another dealer's
	s.enter(call(7, 6)) // meanwhile
	s.leave(7)
	s.leave(8)
	s.leave(7)
	s.enter(call(7, 6)) // again
	s.leave(7)
	s.enter(invoiceOf([]byte(`{"SubscriberNumber":"x"}`))) // nobody's
	s.leave(-1)
	if got, want := s.report(), (Report{Calls: 8, Overlaps: 1, Backward: 1, Repeated: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
