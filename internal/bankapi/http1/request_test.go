package http1

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func headOf(t *testing.T, text string) (Head, error) {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return NewHead(u)
}

func TestARequestIsReadAsItWasMeant(t *testing.T) {
	t.Parallel()
	head, err := headOf(t, "https://bank.example.com:8443/api//Method?a=b%20c")
	if err != nil {
		t.Fatal(err)
	}
	b, err := AppendField(bytes.Clone(head), "X-Name", "ışğ \t!")
	if err != nil {
		t.Fatal(err)
	}
	b = AppendBody(b, []byte(`{"a":1}`))
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b)))
	if err != nil {
		t.Fatalf("%v in %q", err, b)
	}
	body, _ := io.ReadAll(r.Body)
	if r.Method != "POST" || r.Host != "bank.example.com:8443" || r.RequestURI != "/api//Method?a=b%20c" || r.Proto != "HTTP/1.1" ||
		r.ContentLength != 7 || string(body) != `{"a":1}` {
		t.Errorf("read %+v, %q", r, body)
	}
	for name, want := range map[string]string{"X-Name": "ışğ \t!", "Accept-Encoding": "gzip", "User-Agent": "Go-http-client/1.1"} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestURLsThatCannotBePostedTo(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"/path", "https://user:canary@bank.example.com/", "https:///x"} {
		if _, err := headOf(t, text); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// No field can break the header or have a say in the framing.
func TestFieldsThatCannotBeSent(t *testing.T) {
	t.Parallel()
	for _, f := range [][2]string{
		{"X", "a\r\nY: b"}, {"X", "a\n"}, {"X", "a\x00"}, {"X", "\x7f"}, {"X\r\nY", "a"}, {"X:", "a"}, {"X Y", "a"}, {"", "a"}, {"Ş", "a"},
		{"host", "a"}, {"Content-Length", "1"}, {"TRANSFER-ENCODING", "chunked"}, {"Connection", "close"}, {"TE", "trailers"}, {"Trailer", "X"},
		{"Expect", "100-continue"}, {"Upgrade", "h2c"}, {"Accept-Encoding", "br"}, {"User-Agent", "a"},
	} {
		b, err := AppendField([]byte("kept"), f[0], f[1])
		if !errors.Is(err, ErrField) || string(b) != "kept" {
			t.Errorf("%q: %v, %q", f, err, b)
		}
	}
}
