package integration

import (
	"crypto"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/kafka"
	"bankprocessor/internal/kafka/oauth"
	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
	"bankprocessor/test/certs"
)

const tokenIssuer = "https://login.example.com"

// issuer is a token endpoint whose tokens the secured broker believes.
type issuer struct {
	t      testing.TB
	ca     *certs.Authority
	key    *rsa.PrivateKey
	server *httptest.Server
	// clear is the same without TLS, at an address that is not known as loopback's.
	clear string

	mu     sync.Mutex
	secret string
	life   time.Duration
	asked  []request
}

// request is what the endpoint was asked for.
type request struct {
	scope, audience string
	basic, granted  bool
}

const (
	tokenClient = "processor"
	tokenSecret = "client-secret"
)

func startIssuer(t testing.TB, ca *certs.Authority) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return serveTokens(t, ca, key)
}

// startIssuerLike is another endpoint with the same key: it is asked by one test
// alone.
func startIssuerLike(t testing.TB, i *issuer) *issuer {
	t.Helper()
	return serveTokens(t, i.ca, i.key)
}

func serveTokens(t testing.TB, ca *certs.Authority, key *rsa.PrivateKey) *issuer {
	t.Helper()
	i := &issuer{t: t, ca: ca, key: key, secret: tokenSecret, life: time.Hour}
	i.server = httptest.NewUnstartedServer(i)
	i.server.TLS = &tls.Config{
		Certificates: []tls.Certificate{ca.Issue("login", nil, "login.example.com").Pair()},
		ClientCAs:    ca.Pool(), ClientAuth: tls.VerifyClientCertIfGiven,
	}
	i.server.Config.ErrorLog = nil
	i.server.StartTLS()
	t.Cleanup(i.server.Close)
	clear := httptest.NewServer(i)
	t.Cleanup(clear.Close)
	i.clear = strings.Replace(clear.URL, "127.0.0.1", unspecified, 1)
	return i
}

// set changes what the endpoint wants to see, and how long its tokens live.
func (i *issuer) set(secret string, life time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.secret, i.life = secret, life
}

// requests are those since the beginning.
func (i *issuer) requests() []request {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]request(nil), i.asked...)
}

// ServeHTTP grants a token for the right credentials. Its scope goes into the
// token, and so does the audience.
func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/slow" {
		_, _ = io.Copy(io.Discard, r.Body) // else the end of the connection goes unseen
		<-r.Context().Done()
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	id, password, basic := r.BasicAuth()
	if !basic {
		id, password = r.FormValue("client_id"), r.FormValue("client_secret")
	}
	asked := request{scope: r.FormValue("scope"), audience: r.FormValue("audience"), basic: basic}
	asked.granted = id == tokenClient && password == i.secret
	i.asked = append(i.asked, asked)
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path == "/moved":
		http.Redirect(w, r, "/token", http.StatusTemporaryRedirect)
	case r.URL.Path == "/basic" && !basic:
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/mutual" && len(r.TLS.PeerCertificates) == 0:
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path != "/token" && r.URL.Path != "/mutual" && r.URL.Path != "/basic":
		w.WriteHeader(http.StatusNotFound)
	case id != tokenClient || password != i.secret:
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"error":"invalid_client","error_description":"not %s"}`, password)
	case asked.scope == "forbidden":
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_scope"}`))
	default:
		_ = json.NewEncoder(w).Encode(map[string]any{
			"access_token": i.token(asked), "token_type": "Bearer", "expires_in": int(i.life.Seconds()),
		})
	}
}

// token is a JWT for User:processor.
func (i *issuer) token(asked request) string {
	now := time.Now()
	audience := asked.audience
	if audience == "" {
		audience = "kafka"
	}
	head := part(map[string]any{"alg": "RS256", "kid": "1", "typ": "JWT"})
	body := part(map[string]any{
		"iss": tokenIssuer, "sub": "processor", "aud": audience, "scope": asked.scope,
		"iat": now.Unix(), "exp": now.Add(i.life).Unix() + 1, // never before the endpoint says
	})
	sum := sha256.Sum256([]byte(head + "." + body))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	if err != nil {
		i.t.Error(err)
	}
	return head + "." + body + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func part(claims map[string]any) string {
	text, _ := json.Marshal(claims) // texts and numbers
	return base64.RawURLEncoding.EncodeToString(text)
}

// jwks is the public key as the broker reads it.
func (i *issuer) jwks() []byte {
	encode := base64.RawURLEncoding.EncodeToString
	text, _ := json.Marshal(map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256",
		"n": encode(i.key.N.Bytes()), "e": encode(big.NewInt(int64(i.key.E)).Bytes()),
	}}})
	return text
}

// byToken comes as User:processor.
func (s *secured) byToken(t *testing.T) kafka.Config {
	cfg := s.door(doorOAuth)
	cfg.SASL = kafka.SASL{Mechanism: "oauthbearer", OAuth: oauth.Config{
		TokenEndpoint: s.tokens.server.URL + "/token", ClientID: tokenClient, Scope: "kafka",
		ClientSecret: secret.Source{File: textFile(t, tokenSecret)},
		TLS:          tlsfile.Config{CAFile: s.ca.File()},
	}}
	return cfg
}

// textFile is a new file with a secret.
func textFile(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// scramCredential salts a password as Kafka's tools do; mechanism 1 is
// SCRAM-SHA-256, 2 is SCRAM-SHA-512.
func scramCredential(name, password string, mechanism int8) kmsg.AlterUserSCRAMCredentialsRequestUpsertion {
	const rounds = 4096
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	digest, size := sha256.New, sha256.Size
	if mechanism == 2 {
		digest, size = func() hash.Hash { return sha512.New() }, sha512.Size
	}
	salted, _ := pbkdf2.Key(digest, password, salt, rounds, size)
	u := kmsg.NewAlterUserSCRAMCredentialsRequestUpsertion()
	u.Name, u.Mechanism, u.Iterations, u.Salt, u.SaltedPassword = name, mechanism, rounds, salt, salted
	return u
}
