package tlsfile_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/tlsfile"
	"bankprocessor/test/certs"
)

// serve greets every caller with the common name of its certificate, until the
// test ends.
func serve(t *testing.T, c *tls.Config) (address string) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			greet(conn.(*tls.Conn))
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return listener.Addr().String()
}

func greet(conn *tls.Conn) {
	defer func() { _ = conn.Close() }()
	if conn.Handshake() == nil {
		_, _ = io.WriteString(conn, conn.ConnectionState().PeerCertificates[0].Subject.CommonName)
	}
}

// call returns whom the server took us for.
func call(t *testing.T, files *tlsfile.Files, address string) (string, error) {
	t.Helper()
	conn, err := files.Dialer((&net.Dialer{}).DialContext, 5*time.Second)(t.Context(), "tcp", address)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	greeting, err := io.ReadAll(conn)
	return string(greeting), err
}

func server(ours, callers *certs.Authority, change func(*tls.Config)) *tls.Config {
	c := &tls.Config{
		Certificates: []tls.Certificate{ours.Issue("server", nil, "server.example.com").Pair()},
		ClientCAs:    callers.Pool(), ClientAuth: tls.RequireAndVerifyClientCert,
	}
	if change != nil {
		change(c)
	}
	return c
}

func open(t *testing.T, c tlsfile.Config) *tlsfile.Files {
	t.Helper()
	files, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestTrustAndIdentity(t *testing.T) {
	t.Parallel()
	ours, foreign := certs.New(t), certs.New(t)
	cert, key := ours.Issue("caller", nil).Files()
	expired, expiredKey := ours.Issue("late", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }).Files()
	strange, strangeKey := foreign.Issue("stranger", nil).Files()
	current := serve(t, server(ours, ours, nil))
	old := serve(t, server(ours, ours, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11 }))
	good := tlsfile.Config{CAFile: ours.File(), CertFile: cert, KeyFile: key}
	for name, tt := range map[string]struct {
		address string
		change  func(*tlsfile.Config)
		want    string // part of the error, or ""
	}{
		"right":              {current, nil, ""},
		"right server name":  {current, func(c *tlsfile.Config) { c.ServerName = "server.example.com" }, ""},
		"wrong server name":  {current, func(c *tlsfile.Config) { c.ServerName = "other.example.com" }, "other.example.com"},
		"wrong authority":    {current, func(c *tlsfile.Config) { c.CAFile = foreign.File() }, "unknown authority"},
		"system's authority": {current, func(c *tlsfile.Config) { c.CAFile = "" }, "unknown authority"},
		"no identity":        {current, func(c *tlsfile.Config) { c.CertFile, c.KeyFile = "", "" }, "certificate required"},
		"foreign identity":   {current, func(c *tlsfile.Config) { c.CertFile, c.KeyFile = strange, strangeKey }, "unknown certificate authority"},
		"expired identity":   {current, func(c *tlsfile.Config) { c.CertFile, c.KeyFile = expired, expiredKey }, "cert_file: our certificate has expired at "},
		"TLS 1.1":            {old, nil, "protocol version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := good
			if tt.change != nil {
				tt.change(&c)
			}
			who, err := call(t, open(t, c), tt.address)
			switch {
			case tt.want == "" && (err != nil || who != "caller"):
				t.Errorf("taken for %q, %v", who, err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// A rotation of everything: the server's certificate goes over to another
// authority, and so does ours.
func TestFilesAreFollowed(t *testing.T) {
	t.Parallel()
	first, second := certs.New(t), certs.New(t)
	one, two := first.Issue("one", nil), second.Issue("two", nil)
	c := tlsfile.Config{CAFile: first.File()}
	c.CertFile, c.KeyFile = one.Files()
	files := open(t, c)
	want := func(address, name string, fault bool) {
		t.Helper()
		who, err := call(t, files, address)
		if who != name || (err == nil) != (name != "") || (files.Fault() != nil) != fault {
			t.Errorf("taken for %q, want %q; %v; fault %v", who, name, err, files.Fault())
		}
	}
	before, after := serve(t, server(first, first, nil)), serve(t, server(second, second, nil))
	want(before, "one", false)
	want(after, "", false)
	certs.Replace(t, c.CAFile, first.PEM()+second.PEM())
	certs.Replace(t, c.CertFile, two.Cert)
	want(before, "one", true) // the key does not fit yet
	certs.Replace(t, c.KeyFile, two.Key)
	want(after, "two", false)
	certs.Replace(t, c.CAFile, second.PEM())
	want(after, "two", false)
	want(before, "", false)
	certs.Replace(t, c.CAFile, "")
	want(after, "two", true)
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	_, key := certs.New(t).Issue("caller", nil).Files()
	_, err := tlsfile.Config{CAFile: key, CertFile: "/nowhere/cert.pem", KeyFile: key}.Open()
	for _, want := range []string{"ca_file: ", "holds no certificate", "cert_file: ", "/nowhere/cert.pem"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
	if _, err := (tlsfile.Config{KeyFile: key}).Open(); err == nil || !strings.Contains(err.Error(), "or neither") {
		t.Errorf("half a pair: %v", err)
	}
	if !(tlsfile.Config{}).IsZero() || (tlsfile.Config{CAFile: "x"}).IsZero() {
		t.Error("IsZero")
	}
}

func TestAHandshakeIsBounded(t *testing.T) {
	t.Parallel()
	client, silent := net.Pipe()
	defer func() { _ = silent.Close() }()
	dial := open(t, tlsfile.Config{}).Dialer(func(context.Context, string, string) (net.Conn, error) { return client, nil }, 10*time.Millisecond)
	if _, err := dial(t.Context(), "tcp", "silent.example.com:443"); !os.IsTimeout(err) && err == nil {
		t.Errorf("got %v", err)
	}
	if _, err := client.Write([]byte("x")); err == nil {
		t.Error("the connection is open")
	}
}

func TestSettingsToWatchOver(t *testing.T) {
	t.Parallel()
	ends := func(after time.Duration) (func(*x509.Certificate), time.Time) {
		at := time.Now().Add(after).Truncate(time.Second)
		return func(c *x509.Certificate) { c.NotAfter = at }, at
	}
	ca := certs.New(t)
	endSoon, soon := ends(time.Hour)
	endLater, later := ends(2 * time.Hour)
	endBefore, before := ends(-time.Minute)
	first, second, old := ca.Issue("first", endSoon), ca.Issue("second", endLater), ca.Issue("old", endBefore)
	c := tlsfile.Config{CAFile: ca.File()}
	c.CertFile, c.KeyFile = first.Files()
	settings := open(t, c).Followed("x.tls")
	if len(settings) != 2 || settings[0].Path != "x.tls.ca_file" || settings[1].Path != "x.tls.cert_file" {
		t.Fatalf("got %+v", settings)
	}
	roots, identity := settings[0], settings[1]
	if got := identity.NotAfter(); identity.Look() != nil || !got.Equal(soon) {
		t.Errorf("ends %s, want %s; %v", got, soon, identity.Look())
	}
	certs.Replace(t, c.CertFile, second.Cert)
	if err := identity.Look(); err == nil || !strings.Contains(err.Error(), "cert_file") || !identity.NotAfter().Equal(soon) {
		t.Errorf("half exchanged: %v, ends %s", err, identity.NotAfter())
	}
	certs.Replace(t, c.KeyFile, second.Key)
	if got := identity.NotAfter(); identity.Look() != nil || !got.Equal(later) {
		t.Errorf("ends %s, want %s; %v", got, later, identity.Look())
	}
	for bundle, want := range map[string]time.Time{
		second.Cert + first.Cert + old.Cert: soon, // an authority that has run out is no warning
		old.Cert:                            before,
	} {
		certs.Replace(t, c.CAFile, bundle)
		if got := roots.NotAfter(); !got.Equal(want) {
			t.Errorf("ends %s, want %s", got, want)
		}
	}
	if len(open(t, tlsfile.Config{}).Followed("x")) != 0 {
		t.Error("nothing is followed, and settings are named")
	}
}
