package integration

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/kafka"
	"bankprocessor/test/certs"
)

// replaceSecret exchanges a secret's file as a mounted secret is exchanged.
func replaceSecret(t *testing.T, path, text string) {
	t.Helper()
	certs.Replace(t, path, text+"\n")
}

// rotatedPassword gives a running processor's user another password. Sessions by
// SCRAM-SHA-256 are short on this broker: the old one does not serve for long.
func (s *secured) rotatedPassword(t *testing.T) {
	t.Parallel()
	s.scramUser(t, "rotated", "first-secret")
	w := s.newTenant(t, "rotated")
	cfg := s.byPassword(t, "scram-sha-256", "rotated", "first-secret")
	w.processor(cfg)
	ids := []string{w.query()}
	w.settled(ids...)
	mark := w.log.mark()
	s.scramUser(t, "rotated", "second-secret")
	w.must(w.log.await(mark, "kafka.sasl.username, kafka.sasl.password: the broker refuses them"))
	w.must(w.log.await(mark, "the session is over"))
	waiting := []string{w.query(), w.query()}
	replaceSecret(t, cfg.SASL.Password.File, "second-secret")
	w.settled(append(ids, waiting...)...)
	if log := w.log.String(); strings.Contains(log, "first-secret") || strings.Contains(log, "second-secret") {
		t.Error("the password is in the log")
	}
}

// rotatedClientSecret makes the token endpoint want another secret; tokens are
// short, so that the old one does not serve for long.
func (s *secured) rotatedClientSecret(t *testing.T) {
	t.Parallel()
	tokens := startIssuerLike(t, s.tokens)
	tokens.set(tokenSecret, 3*time.Second)
	w := s.newTenant(t, "processor")
	cfg := s.byToken(t)
	cfg.SASL.OAuth.TokenEndpoint = tokens.server.URL + "/token"
	w.processor(cfg)
	ids := []string{w.query()}
	w.settled(ids...)
	mark := w.log.mark()
	tokens.set("second-secret", 3*time.Second)
	w.must(w.log.await(mark, "the token endpoint refuses"))
	w.must(w.log.await(mark, "the session is over"))
	waiting := []string{w.query(), w.query()}
	refusals := 0
	for _, r := range tokens.requests() {
		if !r.granted {
			refusals++
		}
	}
	if refusals != 1 {
		t.Errorf("the refused secret was tried %d times", refusals)
	}
	replaceSecret(t, cfg.SASL.OAuth.ClientSecret.File, "second-secret")
	w.settled(append(ids, waiting...)...)
	if strings.Contains(w.log.String(), "second-secret") {
		t.Error("the secret is in the log")
	}
}

// rotatedCertificates exchanges, at a processor that works all the while, the
// authority that issues the clients' certificates, and then the one of the
// broker's. It is by itself: other tests come through the same door.
func (s *secured) rotatedCertificates(t *testing.T) {
	w := s.newTenant(t, "processor", "renewed")
	cfg := s.byCertificate("processor")
	w.processor(cfg)
	stop := w.stream(10 * time.Millisecond)
	clients, broker := certs.New(t), certs.New(t)

	// The clients': both are trusted, then ours is the new one's, then the old one
	// is taken away.
	old, renewed := s.byCertificate("processor"), s.byCertificate("renewed")
	fresh := clients.Issue("renewed", nil)
	renewed.TLS.CertFile, renewed.TLS.KeyFile = fresh.Files()
	s.exchange(t, truststoreFile, "ssl.truststore.location", s.ca.PEM()+clients.PEM())
	w.says(renewed, "")
	certs.Replace(t, cfg.TLS.CertFile, fresh.Cert) // half a pair is not used
	w.settled(w.query())
	certs.Replace(t, cfg.TLS.KeyFile, fresh.Key)
	w.settled(w.query())
	s.exchange(t, truststoreFile, "ssl.truststore.location", clients.PEM())
	w.says(old, "kafka.tls.cert_file: the server refuses the certificate")
	w.settled(w.query())

	// The broker's likewise.
	certs.Replace(t, cfg.TLS.CAFile, s.ca.PEM()+broker.PEM())
	w.settled(w.query())
	s.exchange(t, keystoreFile, "ssl.keystore.location", s.keystore(broker))
	w.says(renewed, "kafka.tls.ca_file: the server's certificate is signed by an authority that is not in")
	w.settled(w.query())
	certs.Replace(t, cfg.TLS.CAFile, broker.PEM())
	w.settled(w.query())
	// Every connection is the new identity's: the old one may do nothing any more.
	s.revoke(t, documented(t, "The processor").of(w.topics.Prefix, w.group()).to("processor")...)
	w.settled(w.sendAll()...)
	w.settled(stop()...)
	if log := w.log.String(); strings.Count(log, "generation begins") != 1 || troubled(log) != "" {
		t.Errorf("a rotation in the right order is seen: %s\n%s", troubled(log), log)
	}
}

// says waits until check says this, "" for nothing, of a way to Kafka: a broker
// takes a while to read its new files.
func (w *tenant) says(k kafka.Config, want string) {
	w.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		said := faults(w.t, w, k)
		if (said == "") == (want == "") && strings.Contains(said, want) {
			return
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-deadline:
			w.t.Fatalf("check says %q, want %q", said, want)
		}
	}
}

// exchange writes a file of the broker's anew and has its door read it.
func (s *secured) exchange(t *testing.T, file, key, content string) {
	t.Helper()
	file += "." + time.Now().Format("150405.000000")
	s.give(t, file, content)
	s.alterBroker(t, map[string]string{lower(doorTLS) + key: file})
}

// sessions end and begin anew under load, and nobody sees it.
func (s *secured) sessions(t *testing.T) {
	t.Parallel()
	tokens := startIssuerLike(t, s.tokens)
	// At least the group's connection and one for fetches are renewed in every
	// session, of which there are to be six.
	const life, renewals, within = 5 * time.Second, 12, time.Minute
	tokens.set(tokenSecret, life)
	token := s.byToken(t)
	token.SASL.OAuth.TokenEndpoint = tokens.server.URL + "/token"
	for name, cfg := range map[string]kafka.Config{
		"scram": s.byPassword(t, "scram-sha-256", "scram", "scram-secret"), "oauth": token,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := s.newTenant(t, "scram", "processor")
			dials := &dialCount{made: make(chan struct{}, 1<<10)}
			cfg.Dial = dials.dial
			a := w.processor(cfg)
			w.settled(w.query())
			stop := w.stream(5 * time.Millisecond)
			if !dials.more(t.Context(), renewals, within) {
				t.Errorf("not even %d connections have been made anew in %v", renewals, within)
			}
			ids := stop()
			w.settled(ids...)
			w.stop(a)
			log := w.log.String()
			if trouble := troubled(log); trouble != "" || strings.Count(log, "generation begins") != 1 {
				t.Errorf("%d commands; sessions were seen to end: %s\n%s", len(ids), trouble, log)
			}
		})
	}
}

// dialCount tells of connections.
type dialCount struct{ made chan struct{} }

func (d *dialCount) dial(ctx context.Context, network, address string) (net.Conn, error) {
	select {
	case d.made <- struct{}{}:
	default: // nobody counts
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// more waits for n connections from now on, and says whether they came in time.
func (d *dialCount) more(ctx context.Context, n int, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for len(d.made) > 0 {
		<-d.made
	}
	for range n {
		select {
		case <-d.made:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// expected are warnings that say nothing of Kafka: the tests' certificates are good
// for an hour only, half a key pair is told, and so are dead letters.
var expected = []string{"runs out soon", "what a file holds now cannot be used", "dead-lettered"}

// troubled is the first warning of a log that is not expected.
func troubled(log string) string {
	for line := range strings.SplitSeq(log, "\n") {
		warns := strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR")
		if warns && !slices.ContainsFunc(expected, func(text string) bool { return strings.Contains(line, text) }) {
			return line
		}
	}
	return ""
}
