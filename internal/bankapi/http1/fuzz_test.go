package http1

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

const maxBody = 1 << 16

// reference reads as net/http's transport does over its ReadResponse.
func reference(text []byte) (status int, body []byte, close, rest bool, err error) {
	r := bufio.NewReader(bytes.NewReader(text))
	for {
		resp, err := http.ReadResponse(r, &http.Request{Method: http.MethodPost})
		if err != nil {
			return 0, nil, true, false, err
		}
		if resp.StatusCode/100 == 1 && resp.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		src := io.Reader(resp.Body)
		if resp.ContentLength != 0 && strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
			z, err := gzip.NewReader(src)
			switch err {
			case nil:
				src = z
			case io.EOF:
				src = strings.NewReader("")
			default:
				return resp.StatusCode, nil, true, false, err
			}
		}
		body, err := io.ReadAll(io.LimitReader(src, maxBody+1))
		return resp.StatusCode, body, resp.Close || resp.StatusCode < 200, r.Buffered() > 0, err
	}
}

var answers = []string{
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n\r\n",
	"HTTP/1.1 200\r\n\r\nup to the end",
	"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
	"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nTrailer: X\r\n\r\nA\r\n0123456789\r\n1 \r\n!\r\n000\r\nX: y\r\n  z\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n1\r\nx\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
	"HTTP/1.1 200 OK\r\nContent-Length: 02\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: 00000000000000000000002\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
	"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n",
	"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
	"HTTP/1.1 200 OK\nContent-Length: 2\nConnection: x, Close\n\n{}",
	"HTTP/1.1 200 OK\r\nX: a\r\n  b\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\n012345678912",
	"HTTP/1.1 200 OK\r\n X: a\r\n\r\n",
	"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
	"HTTP/1.1 200 OK\r\n: a\r\n\r\n",
	"HTTP/1.1 200 OK\r\nX: \x00\r\n\r\n",
	"HTTP/1.1 200 OK\r\nX\x7f: a\r\n\r\n",
	"HTTP/1.1  429   Too Many\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 2000 OK\r\n\r\n",
	"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
	"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n", "hello\r\n\r\n", "",
	"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
	"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + packed("packed"),
	"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + packed("packed") + "x",
	"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + packed("one") + packed("two"),
}

func packed(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.String()
}

// FuzzAnswer holds the reader to net/http's: the same status and body, or both
// refuse, and a connection that net/http would close is closed. What it may refuse
// beyond that is ErrUnusual. What it may take beyond that is a Trailer that announces
// fields of the framing, which it does not read.
func FuzzAnswer(f *testing.F) {
	for _, text := range answers {
		f.Add([]byte(text), false)
		f.Add([]byte(text), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, slowly bool) {
		status, body, close, rest, wantErr := reference(text)
		src := io.Reader(bytes.NewReader(text))
		if slowly {
			src = iotest.OneByteReader(src)
		}
		a, err := NewReader(src).Answer(maxBody)
		switch {
		case errors.Is(err, ErrUnusual):
		case wantErr != nil && strings.Contains(wantErr.Error(), "bad trailer key"):
		case (err == nil) != (wantErr == nil):
			t.Fatalf("%q: error %v, net/http says %v", text, err, wantErr)
		case err != nil:
			if a.Body != nil || a.Oversize || !a.Last {
				t.Fatalf("%q: an answer beside %v: %+v", text, err, a)
			}
		case a.Status != status || a.Oversize != (len(body) > maxBody):
			t.Fatalf("%q: %+v, net/http reads %d with %d bytes", text, a, status, len(body))
		case !a.Oversize && !bytes.Equal(a.Body, body):
			t.Fatalf("%q: body %q, net/http reads %q", text, a.Body, body)
		case (close || rest && !slowly) && !a.Last:
			t.Fatalf("%q: the connection is kept", text)
		}
	})
}
