package bankapi

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/test/certs"
)

func TestRS256SignsTheExactBytes(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"PKCS #8": pemOf("PRIVATE KEY", pkcs8),
		"PKCS #1": pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signer, err := NewRS256Signer(writeFile(t, content))
			if err != nil {
				t.Fatal(err)
			}
			plain := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				parts := strings.Split(r.Header.Get("Signature"), ".")
				if len(parts) != 3 {
					t.Errorf("no compact JWS: %q", r.Header.Get("Signature"))
					return
				}
				payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
				digest := sha256.Sum256(body)
				if string(payload) != base64.StdEncoding.EncodeToString(digest[:]) {
					t.Error("the payload is not the body's digest")
				}
				signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
				sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
				if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
					t.Error(err)
				}
			})
			c := plain.WithSigner(signer)
			if e := c.Post(t.Context(), Request{URL: c.URL("/"), Body: []byte(`{"Amount":900.0}`)}); e.Status != 200 {
				t.Errorf("exchange %+v", e)
			}
		})
	}
}

func rsaKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
}

func TestRS256SignerRefusals(t *testing.T) {
	t.Parallel()
	_, ecKey := certs.New(t).Issue("x", nil).Files()
	for name, path := range map[string]string{
		"no file": "/nowhere/at/all", "no PEM": writeFile(t, "x"), "no RSA": ecKey,
		"no key": writeFile(t, pemOf("PRIVATE KEY", []byte("x"))),
	} {
		if _, err := NewRS256Signer(path); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

type brokenSigner struct{}

func (brokenSigner) Sign([]byte) (http.Header, error) { return nil, errors.New("no key") }

func TestUnsignedBodiesAreNotSent(t *testing.T) {
	t.Parallel()
	c := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") }).WithSigner(brokenSigner{})
	if e := c.Post(t.Context(), Request{URL: c.URL("/")}); e.Delivery != command.NotSent || e.Err == nil {
		t.Errorf("exchange %+v", e)
	}
}
