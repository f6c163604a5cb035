package registry

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"bankprocessor/internal/tlsfile"
)

// errTooLarge says that an answer has more bytes than are taken.
var errTooLarge = errors.New("the answer is too large")

// newTransport never asks the environment for a proxy, and keeps what a node may
// send within max bytes.
func newTransport(files *tlsfile.Files, timeout time.Duration, limit int64) *bounded {
	dialer := &net.Dialer{Timeout: timeout}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &bounded{limit: limit, Transport: &http.Transport{
		DialContext:            dialer.DialContext,
		DialTLSContext:         files.Dialer(dialer.DialContext, timeout, "http/1.1"),
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		Protocols:              &protocols,
	}}
}

// bounded is a transport whose answers end with errTooLarge past the limit.
type bounded struct {
	*http.Transport
	limit int64
}

// RoundTrip bounds the answer's body.
func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.Transport.RoundTrip(r)
	if err == nil {
		answer.Body = &boundedBody{body: answer.Body, left: b.limit}
	}
	return answer, err
}

type boundedBody struct {
	body io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more than is taken tells that there is more
	}
	n, err := b.body.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, errTooLarge
	}
	return n, err
}

func (b *boundedBody) Close() error { return b.body.Close() }
