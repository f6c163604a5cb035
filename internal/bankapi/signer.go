package bankapi

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"

	"bankprocessor/internal/follow"
)

// BodySigner returns the headers that sign a body. It is given the exact bytes
// that are sent (contract section 1.3).
type BodySigner interface {
	Sign(body []byte) (http.Header, error)
}

// RS256Signer signs as DenizBank's v2 gateway is reported to want it (contract
// section 1.3, unverified): header Signature is a compact JWS, algorithm RS256,
// whose payload is the base64 text of the body's SHA-256. It follows its key's
// file.
type RS256Signer struct {
	key *follow.Files[*rsa.PrivateKey]
}

// NewRS256Signer reads a PEM file with an RSA private key in PKCS #8 or #1.
func NewRS256Signer(keyFile string) (*RS256Signer, error) {
	key, err := follow.Open(func() (*rsa.PrivateKey, error) { return readRSAKey(keyFile) }, keyFile)
	if err != nil {
		return nil, err
	}
	return &RS256Signer{key}, nil
}

func readRSAKey(file string) (*rsa.PrivateKey, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM", file)
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s holds no private key: %w", file, err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s holds no RSA key", file)
	}
	return key, nil
}

// Followed is the key as a setting to watch over; path is its key in the
// configuration.
func (s *RS256Signer) Followed(path string) follow.Setting {
	return follow.Setting{Path: path, Look: s.key.Look}
}

// Sign returns the Signature header.
func (s *RS256Signer) Sign(body []byte) (http.Header, error) {
	digest := sha256.Sum256(body)
	payload := base64.StdEncoding.EncodeToString(digest[:])
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(payload))
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key.Get(), crypto.SHA256, sum[:])
	if err != nil {
		return nil, fmt.Errorf("signing body: %w", err)
	}
	return http.Header{"Signature": {signed + "." + base64.RawURLEncoding.EncodeToString(signature)}}, nil
}

// Format keeps the key out of every print.
func (s *RS256Signer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("RS256 signer")) }
