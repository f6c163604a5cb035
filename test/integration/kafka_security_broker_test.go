package integration

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/kafka"
	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
	"bankprocessor/test/certs"
	"bankprocessor/test/containers"
)

// The doors of the secured broker. The names have neither "SSL" nor "SASL" in
// them: see containers.Listener.
const (
	doorTLS   = "MTLS"  // wants a client's certificate
	doorSCRAM = "SCRAM" // PLAIN and SCRAM over TLS
	doorOAuth = "OAUTH" // OAUTHBEARER over TLS
	doorClear = "CLEAR" // PLAIN without TLS
)

// shortSession is how long a session by SCRAM-SHA-256 may last; by the other
// mechanisms of that door it has no end.
const shortSession = "3000"

// secured is a broker with an authorizer that everybody may do nothing on. Who
// comes through the plain door is its superuser: the tests themselves.
type secured struct {
	t      *testing.T
	kafka  *containers.Kafka
	ca     *certs.Authority
	tokens *issuer
	admin  *kgo.Client
}

func startSecured(t *testing.T) *secured {
	t.Helper()
	containers.Need(t)
	s := &secured{t: t, ca: certs.New(t)}
	s.tokens = startIssuer(t, s.ca)
	s.kafka = containers.StartKafka(t,
		containers.WithFixedPorts(),
		containers.WithListener(containers.Listener{Name: doorTLS, Protocol: "SSL"}),
		containers.WithListener(containers.Listener{Name: doorSCRAM, Protocol: "SASL_SSL"}),
		containers.WithListener(containers.Listener{Name: doorOAuth, Protocol: "SASL_SSL"}),
		containers.WithListener(containers.Listener{Name: doorClear, Protocol: "SASL_PLAINTEXT"}),
		containers.WithFile(keystoreFile, []byte(s.keystore(s.ca)), 0o644),
		containers.WithFile(truststoreFile, []byte(s.ca.PEM()), 0o644),
		containers.WithFile(jwksFile, s.tokens.jwks(), 0o644),
		containers.WithEnv(securityEnv()),
	)
	var err error
	s.admin, err = kgo.NewClient(kgo.SeedBrokers(s.kafka.Addr()))
	s.must(err)
	t.Cleanup(s.admin.Close)
	return s
}

const (
	keystoreFile   = "/tmp/broker.pem"
	truststoreFile = "/tmp/clients.pem"
	jwksFile       = "/tmp/jwks.json"
)

// keystore is a new certificate of the broker, with its key.
func (s *secured) keystore(ca *certs.Authority) string {
	names := []string{"broker.example.com"}
	if s.kafka != nil && net.ParseIP(s.kafka.Host()) == nil {
		names = append(names, s.kafka.Host())
	}
	issued := ca.Issue("broker", nil, names...)
	return issued.Key + issued.Cert
}

func securityEnv() map[string]string {
	module := func(name, options string) string {
		return "org.apache.kafka.common.security." + name + "LoginModule required" + options + ";"
	}
	env := map[string]string{
		"KAFKA_AUTHORIZER_CLASS_NAME": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
		// Each thread of a door reads new certificates by itself, one after the other.
		"KAFKA_NUM_NETWORK_THREADS":                "1",
		"KAFKA_SUPER_USERS":                        "User:ANONYMOUS",
		"KAFKA_AUTO_CREATE_TOPICS_ENABLE":          "true", // as it ships: nobody who may not create is to create
		"KAFKA_SSL_KEYSTORE_TYPE":                  "PEM",
		"KAFKA_SSL_KEYSTORE_LOCATION":              keystoreFile,
		"KAFKA_SSL_TRUSTSTORE_TYPE":                "PEM",
		"KAFKA_SSL_TRUSTSTORE_LOCATION":            truststoreFile,
		"KAFKA_SSL_PRINCIPAL_MAPPING_RULES":        "RULE:^CN=([^,]+).*$/$1/,DEFAULT",
		"KAFKA_LISTENER_NAME_MTLS_SSL_CLIENT_AUTH": "required",

		"KAFKA_LISTENER_NAME_SCRAM_SASL_ENABLED_MECHANISMS":                     "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
		"KAFKA_LISTENER_NAME_SCRAM_PLAIN_SASL_JAAS_CONFIG":                      module("plain.Plain", ` user_plain="plain-secret"`),
		"KAFKA_LISTENER_NAME_SCRAM_SCRAM___SHA___256_SASL_JAAS_CONFIG":          module("scram.Scram", ""),
		"KAFKA_LISTENER_NAME_SCRAM_SCRAM___SHA___512_SASL_JAAS_CONFIG":          module("scram.Scram", ""),
		"KAFKA_LISTENER_NAME_SCRAM_SCRAM___SHA___256_CONNECTIONS_MAX_REAUTH_MS": shortSession,

		"KAFKA_LISTENER_NAME_CLEAR_SASL_ENABLED_MECHANISMS": "PLAIN",
		"KAFKA_LISTENER_NAME_CLEAR_PLAIN_SASL_JAAS_CONFIG":  module("plain.Plain", ` user_plain="plain-secret"`),

		"KAFKA_LISTENER_NAME_OAUTH_SASL_ENABLED_MECHANISMS":                        "OAUTHBEARER",
		"KAFKA_LISTENER_NAME_OAUTH_OAUTHBEARER_SASL_JAAS_CONFIG":                   module("oauthbearer.OAuthBearer", ""),
		"KAFKA_LISTENER_NAME_OAUTH_OAUTHBEARER_SASL_SERVER_CALLBACK_HANDLER_CLASS": "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler",
		"KAFKA_LISTENER_NAME_OAUTH_OAUTHBEARER_CONNECTIONS_MAX_REAUTH_MS":          "3600000",
		"KAFKA_SASL_OAUTHBEARER_JWKS_ENDPOINT_URL":                                 "file://" + jwksFile,
		"KAFKA_SASL_OAUTHBEARER_JWT_VALIDATOR_CLASS":                               "org.apache.kafka.common.security.oauthbearer.BrokerJwtValidator",
		"KAFKA_SASL_OAUTHBEARER_EXPECTED_AUDIENCE":                                 "kafka",
		"KAFKA_SASL_OAUTHBEARER_EXPECTED_ISSUER":                                   tokenIssuer,
		"KAFKA_OPTS": "-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=file://" + jwksFile +
			" -Dorg.apache.kafka.sasl.oauthbearer.allowed.files=" + jwksFile,
	}
	return env
}

func (s *secured) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// door is a configuration that comes through one of the doors.
func (s *secured) door(name string) kafka.Config {
	return kafka.Config{
		Brokers: []string{s.kafka.ListenerAddr(name)},
		TLS:     kafka.TLS{Enabled: true, Config: tlsfile.Config{CAFile: s.ca.File()}},
	}
}

// byCertificate comes as User:<name> through the door with client certificates.
func (s *secured) byCertificate(name string) kafka.Config {
	cfg := s.door(doorTLS)
	cfg.TLS.CertFile, cfg.TLS.KeyFile = s.ca.Issue(name, nil).Files()
	return cfg
}

// byPassword comes as User:<name>.
func (s *secured) byPassword(t *testing.T, mechanism, name, password string) kafka.Config {
	cfg := s.door(doorSCRAM)
	cfg.SASL = kafka.SASL{Mechanism: mechanism, Username: name, Password: secret.Source{File: textFile(t, password)}}
	return cfg
}

// scramUser makes a user, or gives it another password.
func (s *secured) scramUser(t *testing.T, name, password string) {
	t.Helper()
	for mechanism := range int8(2) { // one at a time: Kafka takes no user twice in a request
		req := kmsg.NewPtrAlterUserSCRAMCredentialsRequest()
		req.Upsertions = append(req.Upsertions, scramCredential(name, password, mechanism+1))
		res, err := req.RequestWith(t.Context(), s.admin)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range res.Results {
			if r.ErrorCode != 0 {
				t.Fatalf("making user %s: error %d", name, r.ErrorCode)
			}
		}
	}
}

// alterBroker changes dynamic configurations of the broker.
func (s *secured) alterBroker(t *testing.T, settings map[string]string) {
	t.Helper()
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	resource := kmsg.NewIncrementalAlterConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeBroker, "1"
	for name, value := range settings {
		c := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		c.Name, c.Value = name, new(value)
		resource.Configs = append(resource.Configs, c)
	}
	req.Resources = append(req.Resources, resource)
	res, err := req.RequestWith(t.Context(), s.admin)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range res.Resources {
		if r.ErrorCode != 0 {
			t.Fatalf("altering the broker: error %d: %s", r.ErrorCode, deref(r.ErrorMessage))
		}
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// give puts a file into the broker's container.
func (s *secured) give(t *testing.T, path, content string) {
	t.Helper()
	if err := s.kafka.Container().CopyToContainer(t.Context(), []byte(content), path, 0o644); err != nil {
		t.Fatal(fmt.Errorf("copying to the broker: %w", err))
	}
}

// lower is how Kafka names a listener in a configuration's key.
func lower(listener string) string { return "listener.name." + strings.ToLower(listener) + "." }
