package http1

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strconv"
)

// Head is what every POST to one URL begins with: the request line, Host and the
// fields of the connection.
type Head []byte

// NewHead has net/http write the head, once per URL. Its error does not hold the URL.
func NewHead(to *url.URL) (Head, error) {
	bad := errors.New("the URL is not valid")
	if to.Host == "" || to.User != nil {
		return nil, bad
	}
	var b bytes.Buffer
	req := http.Request{Method: http.MethodPost, URL: to}
	if err := req.Write(&b); err != nil {
		return nil, bad
	}
	head, ok := bytes.CutSuffix(b.Bytes(), []byte("Content-Length: 0\r\n\r\n"))
	if !ok {
		return nil, bad
	}
	return append(head, "Accept-Encoding: gzip\r\n"...), nil
}

// ErrField is a header field that cannot be sent.
var ErrField = errors.New("a header field is not valid")

// AppendField appends one field. A name or value that would break the header, or a
// field of the connection's, is ErrField.
func AppendField(b []byte, name, value string) ([]byte, error) {
	if !isToken(name) || isOurs(name) || !isValue(value) {
		return b, ErrField
	}
	b = append(append(b, name...), ": "...)
	return append(append(b, value...), "\r\n"...), nil
}

// AppendBody ends the header and appends the body.
func AppendBody(b, body []byte) []byte {
	b = strconv.AppendInt(append(b, "Content-Length: "...), int64(len(body)), 10)
	return append(append(b, "\r\n\r\n"...), body...)
}

func isToken(name string) bool {
	for i := range len(name) {
		if !token[name[i]] {
			return false
		}
	}
	return name != ""
}

// isOurs names the fields that say how a message and its answer are framed.
func isOurs(name string) bool {
	var ours string
	switch len(name) {
	case len("te"):
		ours = "te"
	case len("host"):
		ours = "host"
	case len("expect"):
		ours = "expect"
	case len("upgrade"): // and trailer
		return is(name, "upgrade") || is(name, "trailer")
	case len("connection"): // and user-agent
		return is(name, "connection") || is(name, "user-agent")
	case len("content-length"):
		ours = "content-length"
	case len("accept-encoding"):
		ours = "accept-encoding"
	case len("transfer-encoding"):
		ours = "transfer-encoding"
	default:
		return false
	}
	return is(name, ours)
}
