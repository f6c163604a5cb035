package tracing

import (
	"context"
	"net"
	"net/url"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"bankprocessor/internal/tlsfile"
)

// newGRPC names every option that the environment could set otherwise.
func newGRPC(cfg Config, at *url.URL, files *tlsfile.Files, h headers) otlptrace.Client {
	options := []otlptracegrpc.Option{
		otlptracegrpc.WithEndpointURL(at.Scheme + "://" + at.Host), otlptracegrpc.WithTimeout(cfg.Timeout),
		otlptracegrpc.WithCompressor("gzip"), otlptracegrpc.WithHeaders(map[string]string{}),
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{
			Enabled: true, InitialInterval: retryFirst, MaxInterval: retryMax, MaxElapsedTime: cfg.Timeout,
		}),
		otlptracegrpc.WithDialOption(
			grpc.WithNoProxy(),
			grpc.WithPerRPCCredentials(perCall{h}),
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: retryFirst, Multiplier: 2, Jitter: 0.2, MaxDelay: retryMax},
				MinConnectTimeout: cfg.Timeout,
			}),
		),
	}
	link := insecure.NewCredentials()
	if at.Scheme == "https" {
		link = &followed{files}
	}
	return otlptracegrpc.NewClient(append(options, otlptracegrpc.WithTLSCredentials(link))...)
}

// perCall puts the headers on each call, as their file has them then.
type perCall struct{ headers headers }

// GetRequestMetadata returns the headers.
func (p perCall) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return p.headers.fields()
}

// RequireTransportSecurity leaves it to Config.Validate.
func (perCall) RequireTransportSecurity() bool { return false }

// followed are TLS credentials whose files may change between two connections.
type followed struct{ files *tlsfile.Files }

func (f *followed) with(host string) credentials.TransportCredentials {
	return credentials.NewTLS(f.files.Client(host, "h2"))
}

// ClientHandshake shakes hands as the files have it now.
func (f *followed) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	host, _, err := net.SplitHostPort(authority)
	if err != nil {
		host = authority
	}
	return f.with(host).ClientHandshake(ctx, authority, raw)
}

// ServerHandshake is nobody's: this is a client.
func (f *followed) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return f.with("").ServerHandshake(raw)
}

// Info describes the protocol.
func (f *followed) Info() credentials.ProtocolInfo { return f.with("").Info() }

// Clone returns a copy.
func (f *followed) Clone() credentials.TransportCredentials { return &followed{f.files} }

// OverrideServerName is what grpc deprecates; the files say the name.
func (f *followed) OverrideServerName(string) error { return nil }
