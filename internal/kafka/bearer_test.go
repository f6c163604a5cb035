package kafka

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/saslauthenticate"
	"github.com/segmentio/kafka-go/protocol/saslhandshake"

	"bankprocessor/internal/kafka/oauth"
	"bankprocessor/internal/secret"
)

// tokenBench is a broker's side of authentications by token, and ours.
type tokenBench struct {
	*credentials
	got []string // the messages that the broker received
}

func tokens(t *testing.T, extensions map[string]string) *tokenBench {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"access_token":"canary-token","token_type":"Bearer","expires_in":1000}`)
	}))
	t.Cleanup(server.Close)
	path := t.TempDir() + "/secret"
	writeFile(t, path, "secret")
	c, err := newCredentials(SASL{Mechanism: mechanismOAuth, Extensions: extensions, OAuth: oauth.Config{
		TokenEndpoint: server.URL, ClientID: "us", ClientSecret: secret.Source{File: path},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return &tokenBench{credentials: c}
}

// meet authenticates to a broker that answers so.
func (b *tokenBench) meet(t *testing.T, handshake saslhandshake.Response, answers ...saslauthenticate.Response) (session, error) {
	t.Helper()
	ours, theirs := pair(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = theirs.Close() }()
		if _, _, _, _, err := protocol.ReadRequest(theirs); err != nil {
			return
		}
		_ = protocol.WriteResponse(theirs, 1, 1, &handshake)
		for i, a := range answers {
			_, _, _, m, err := protocol.ReadRequest(theirs)
			if err != nil {
				return
			}
			b.got = append(b.got, string(m.(*saslauthenticate.Request).AuthBytes))
			_ = protocol.WriteResponse(theirs, 1, int32(i+2), &a)
		}
	}()
	defer func() { _ = ours.Close(); <-done }()
	return b.authenticate(testContext(t), net.Conn(ours), "test")
}

func TestATokenIsShownAsTheStandardSays(t *testing.T) {
	t.Parallel()
	b := tokens(t, map[string]string{"logicalCluster": "lkc-1", "identityPoolId": "pool-1"})
	begun := time.Now()
	s, err := b.meet(t, saslhandshake.Response{}, saslauthenticate.Response{SessionLifetimeMs: 60_000})
	if err != nil {
		t.Fatal(err)
	}
	const want = "n,,\x01auth=Bearer canary-token\x01identityPoolId=pool-1\x01logicalCluster=lkc-1\x01\x01"
	if len(b.got) != 1 || b.got[0] != want {
		t.Errorf("shown %q", b.got)
	}
	if left := s.ends.Sub(begun); left < 50*time.Second || left > time.Minute {
		t.Errorf("the session ends after %v", left)
	}
	if s, err = b.meet(t, saslhandshake.Response{}, saslauthenticate.Response{}); err != nil || time.Until(s.ends) < 15*time.Minute {
		t.Errorf("a session that only the token bounds: %v, %v", time.Until(s.ends), err)
	}
}

func TestARefusedTokenIsAcknowledgedAndNamed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		challenge, want string
	}{
		"status":    {`{"status":"invalid_token","scope":"x"}`, "(invalid_token)"},
		"no status": {`canary-token`, "kafka.sasl.oauth.token_endpoint"},
		"no word":   {`{"status":"canary-token of us"}`, "kafka.sasl.oauth.scope"},
	} {
		b := tokens(t, nil)
		_, err := b.meet(t, saslhandshake.Response{}, saslauthenticate.Response{AuthBytes: []byte(tt.challenge)},
			saslauthenticate.Response{ErrorCode: int16(kafkago.SASLAuthenticationFailed), ErrorMessage: "canary-token"})
		setting, ok := errors.AsType[*SettingError](err)
		if !ok || Class(err) != ClassAuth || !strings.Contains(setting.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
		if len(b.got) != 2 || b.got[1] != "\x01" {
			t.Errorf("%s: sent %q", name, b.got)
		}
		if _, err = b.meet(t, saslhandshake.Response{}); Class(err) != ClassAuth {
			t.Errorf("%s: at once again: %v", name, err)
		}
	}
}

func TestAHandshakeNamesTheMechanism(t *testing.T) {
	t.Parallel()
	for code, want := range map[kafkago.Error]string{
		kafkago.UnsupportedSASLMechanism: "the listener takes PLAIN, SCRAM-SHA-256, not OAUTHBEARER",
		kafkago.IllegalSASLState:         "does not authenticate by SASL",
		kafkago.Unknown:                  "refuses it",
	} {
		_, err := tokens(t, nil).meet(t, saslhandshake.Response{ErrorCode: int16(code), Mechanisms: []string{"PLAIN", "SCRAM-SHA-256"}})
		if err == nil || !strings.HasPrefix(err.Error(), "kafka.sasl.mechanism: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v", code, err)
		}
	}
}
