package tracing

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"bankprocessor/internal/tlsfile"
)

var errNoURL = errors.New("not a URL")

// Repeats of an export that the collector was not there for.
const (
	retryFirst = 250 * time.Millisecond
	retryMax   = 2 * time.Second
)

// newExporter returns an exporter that connects to nothing yet; closers end its idle
// connections.
func newExporter(cfg Config) (out sdk.SpanExporter, closers func(), err error) {
	files, err := cfg.TLS.Open()
	if err != nil {
		return nil, nil, fmt.Errorf("tls: %w", err)
	}
	h, err := openHeaders(cfg.Headers)
	if err != nil {
		return nil, nil, fmt.Errorf("headers: %w", err)
	}
	at, err := url.Parse(cfg.Endpoint)
	if err != nil {
		return nil, nil, fmt.Errorf("endpoint: %w", errNoURL)
	}
	if cfg.Protocol == GRPC {
		return otlptrace.NewUnstarted(newGRPC(cfg, at, files, h)), func() {}, nil
	}
	transport := newTransport(files, cfg.Timeout)
	return otlptrace.NewUnstarted(newHTTP(cfg, at, transport, h)), transport.CloseIdleConnections, nil
}

// newHTTP names every option that the environment could set otherwise.
func newHTTP(cfg Config, at *url.URL, transport http.RoundTripper, h headers) otlptrace.Client {
	path := at.Path
	if path == "" || path == "/" {
		path = "/v1/traces"
	}
	options := []otlptracehttp.Option{
		otlptracehttp.WithEndpointURL(at.Scheme + "://" + at.Host + path), otlptracehttp.WithTimeout(cfg.Timeout),
		otlptracehttp.WithEncoding(otlptracehttp.EncodingProtobuf), otlptracehttp.WithCompression(otlptracehttp.GzipCompression), otlptracehttp.WithHeaders(map[string]string{}),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
			Enabled: true, InitialInterval: retryFirst, MaxInterval: retryMax, MaxElapsedTime: cfg.Timeout,
		}),
		otlptracehttp.WithMaxResponseSize(64 << 10),
		otlptracehttp.WithHTTPClient(&http.Client{
			Transport: &outgoing{RoundTripper: transport, headers: h}, Timeout: cfg.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
	}
	return otlptracehttp.NewClient(options...)
}

// newTransport asks the environment for no proxy.
func newTransport(files *tlsfile.Files, timeout time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: timeout}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            dialer.DialContext,
		DialTLSContext:         files.Dialer(dialer.DialContext, timeout, "http/1.1"),
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		Protocols:              &protocols,
	}
}

// outgoing puts the headers on each request, as their file has them then.
type outgoing struct {
	http.RoundTripper
	headers headers
}

// RoundTrip says of a collector that cannot be reached that it may come back: the
// exporter would take it for gone.
func (o *outgoing) RoundTrip(r *http.Request) (*http.Response, error) {
	fields, err := o.headers.fields()
	if err != nil {
		return nil, fmt.Errorf("tracing.headers: %w", err)
	}
	r = r.Clone(r.Context())
	for name, value := range fields {
		r.Header.Set(name, value)
	}
	answer, err := o.RoundTripper.RoundTrip(r)
	var op *net.OpError
	if errors.As(err, &op) && r.Context().Err() == nil {
		return nil, passing{err}
	}
	return answer, err
}

// passing is an error that may not come again.
type passing struct{ error }

// Temporary is what net/http and the exporter ask.
func (passing) Temporary() bool { return true }

// Timeout is what an error of the network must have beside it.
func (passing) Timeout() bool { return false }

// Unwrap returns what went wrong.
func (p passing) Unwrap() error { return p.error }

var _ net.Error = passing{}
