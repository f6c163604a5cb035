package banksim_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/test/certs"
)

// serve runs Serve and returns the bundle that calls it and the function that
// stops it and returns Serve's error.
func serve(t *testing.T, server *tls.Config, client *tls.Config) (b *bundle, stop func() error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	bank := banksim.New(banksim.Config{Clock: func() time.Time { return testNow }})
	result := make(chan error, 1)
	go func() { result <- bank.Serve(ctx, listener, server) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-result
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	scheme := "http://"
	if server != nil {
		scheme = "https://"
	}
	transport := &http.Transport{TLSClientConfig: client.Clone(), ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &bundle{T: t, bank: bank, url: scheme + listener.Addr().String(), client: &http.Client{Transport: transport}}, stop
}

func TestServePlain(t *testing.T) {
	t.Parallel()
	b, stop := serve(t, nil, nil)
	b.recorded(termInvoice())
	if err := stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}
	if a := b.invoice(termInvoice()); a.err == nil {
		t.Error("still served")
	}
}

func TestServeClosedListener(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := banksim.New(banksim.Config{}).Serve(t.Context(), listener, nil); err == nil {
		t.Error("no error")
	}
}

// TestServeStops: a hung call ends without an answer, a slow one with its own.
func TestServeStops(t *testing.T) {
	t.Parallel()
	b, stop := serve(t, nil, nil)
	hour := banksim.Latency{Fixed: banksim.Duration(time.Hour)}
	b.fault(banksim.Fault{Kind: banksim.FaultHang, Match: banksim.Match{Dealer: "1"}})
	b.fault(banksim.Fault{Kind: banksim.FaultLatency, Latency: hour, Match: banksim.Match{Dealer: "2"}})
	b.fault(banksim.Fault{Kind: banksim.FaultLatency, When: banksim.Before, Latency: hour, Match: banksim.Match{Dealer: "3"}})
	answers := map[string]chan answer{}
	for _, dealer := range []string{"1", "2", "3"} {
		r := b.interAPI(banksim.MethodInvoice, termInvoice().with("SubscriberNumber", dealer).String())
		c := make(chan answer, 1)
		answers[dealer] = c
		go func() { c <- b.do(r) }()
	}
	if _, err := b.bank.WaitForArrivals(b.deadline(), 3, nil); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}
	if a := <-answers["1"]; a.err == nil {
		t.Errorf("a hung call was answered: %s", a.body)
	}
	(<-answers["2"]).ok().want("Data.ErrorCode", "000")
	(<-answers["3"]).ok().want("Data.ErrorCode", "000")
}

func TestServeTLS(t *testing.T) {
	t.Parallel()
	ca := certs.New(t)
	certificate, pool := ca.Issue("test", nil).Pair(), ca.Pool()
	server := &tls.Config{Certificates: []tls.Certificate{certificate}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}
	known := &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	t.Run("without a certificate", func(t *testing.T) {
		t.Parallel()
		b, _ := serve(t, server, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})
		if a := b.invoice(termInvoice()); a.err == nil {
			t.Errorf("answered %s", a.body)
		}
		if calls := b.bank.Calls(0); len(calls) != 0 {
			t.Errorf("calls %+v", calls)
		}
	})
	t.Run("HTTP/2", func(t *testing.T) {
		t.Parallel()
		b, _ := serve(t, server, known)
		response, err := b.client.Do(b.interAPI(banksim.MethodInvoice, termInvoice().String()))
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil || response.ProtoMajor != 2 {
			t.Errorf("spoke %s, %v", response.Proto, err)
		}
		for _, kind := range []banksim.Kind{banksim.FaultAnswerLost, banksim.FaultReset, banksim.FaultHalfBody} {
			b.fault(banksim.Fault{Kind: kind, Times: 1})
			if a := b.invoice(termInvoice()); a.err == nil {
				t.Errorf("%s: answered %s", kind, a.body)
			}
			b.invoice(termInvoice()).ok().want("Data.ErrorCode", "106")
		}
	})
	t.Run("reset under TLS", func(t *testing.T) {
		t.Parallel()
		one := server.Clone()
		one.NextProtos = []string{"http/1.1"}
		client := known.Clone()
		client.NextProtos = []string{"http/1.1"}
		b, _ := serve(t, one, client)
		b.client.Transport.(*http.Transport).ForceAttemptHTTP2 = false
		b.fault(banksim.Fault{Kind: banksim.FaultReset, Times: 1})
		if a := b.invoice(termInvoice()); a.err == nil {
			t.Errorf("answered %s", a.body)
		}
		b.recorded(termInvoice())
	})
}
