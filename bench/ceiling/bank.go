package ceiling

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// bank is the one method, called through a transport of net/http with nothing
// around it: a client's timeouts, cookies and redirects cost, too.
type bank struct {
	transport *http.Transport
	url       *url.URL
	body      [3][]byte // around the dealer and the invoice number
}

func newBank(o Options) (*bank, error) {
	u, err := url.Parse(o.Bank)
	if err != nil {
		return nil, fmt.Errorf("reading the bank's URL: %w", err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CA != "" {
		pem, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, fmt.Errorf("reading the bank's authority: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(pem)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(o.HTTP2)
	b := &bank{url: u, transport: &http.Transport{
		DialContext:     (&net.Dialer{Timeout: 30 * time.Second}).DialContext, // all at once, on a busy machine
		TLSClientConfig: config, Protocols: protocols,
		MaxIdleConns: o.InFlight, MaxIdleConnsPerHost: o.InFlight, IdleConnTimeout: 90 * time.Second,
		DisableCompression: true,
	}}
	for i, part := range strings.SplitN(o.Body, "{}", len(b.body)) {
		b.body[i] = []byte(part)
	}
	return b, nil
}

// caller makes one call after another, with one request that is used again and
// again: net/http permits it once the answer's body is closed.
type caller struct {
	bank    *bank
	request *http.Request
	body    []byte
	reader  bytes.Reader
	answer  []byte
}

func (b *bank) caller(ctx context.Context) *caller {
	c := &caller{bank: b, answer: make([]byte, 4096)}
	c.request = (&http.Request{
		Method: http.MethodPost, URL: b.url, Host: b.url.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Content-Type": {"application/json; charset=utf-8"}, "Accept": {"application/json"},
			"Ocp-Apim-Subscription-Key": {"none"}, "User-Agent": {""},
		},
	}).WithContext(ctx)
	c.request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(c.body)), nil } // HTTP/2 sends refused calls again
	return c
}

var errStatus = errors.New("the bank refuses")

// post makes one call and reads its answer to the end.
func (c *caller) post(dealer, number []byte) error {
	c.body = append(c.body[:0], c.bank.body[0]...)
	c.body = append(c.body, dealer...)
	c.body = append(c.body, c.bank.body[1]...)
	c.body = append(c.body, number...)
	c.body = append(c.body, c.bank.body[2]...)
	c.reader.Reset(c.body)
	c.request.Body, c.request.ContentLength = io.NopCloser(&c.reader), int64(len(c.body))
	got, err := c.bank.transport.RoundTrip(c.request)
	if err != nil {
		return fmt.Errorf("calling the bank: %w", err)
	}
	for err == nil {
		_, err = got.Body.Read(c.answer)
	}
	_ = got.Body.Close()
	if !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the bank's answer: %w", err)
	}
	if got.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %s", errStatus, got.Status)
	}
	return nil
}
