package sandbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/topics"
)

// Options are what a sandbox is made of. The zero value is a whole one.
type Options struct {
	// Topics are created at the start, with one replica each. The zero value
	// takes the defaults.
	Topics topics.Config
	// NoTopics leaves the broker empty.
	NoTopics bool
	// Bank is the simulator's configuration.
	Bank banksim.Config
	// BankTLS has the simulator speak TLS, with HTTP/2; nil for plain HTTP.
	BankTLS *tls.Config
	// Brokers is how many the cluster has, 0 for one. With more than one a
	// partition's leader can move.
	Brokers int
	// Kafka are addresses of a cluster that runs already and that is used instead
	// of an embedded one. Topics that are created in it stay there.
	Kafka []string
	// KafkaPort and BankPort are ports on loopback; 0 takes free ones. KafkaPort
	// is the first broker's.
	KafkaPort, BankPort int
}

// Sandbox is a running broker and bank.
type Sandbox struct {
	cluster *kfake.Cluster // nil where the broker is somebody else's
	brokers []string
	bank    *banksim.Bank
	bankURL string
	secrets string // directory

	stopBank func() error
	stopOnce sync.Once
	stopErr  error
}

// maxMessageBytes is the broker's own bound; the topics have theirs.
const maxMessageBytes = "67108864"

// Start starts broker and bank and creates the topics. Both live until Stop,
// whatever becomes of ctx.
func Start(ctx context.Context, o Options) (*Sandbox, error) {
	s := &Sandbox{stopBank: func() error { return nil }}
	if err := s.start(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("starting sandbox: %w", err), s.Stop())
	}
	return s, nil
}

func (s *Sandbox) start(ctx context.Context, o Options) error {
	if s.brokers = o.Kafka; len(s.brokers) == 0 {
		if err := s.startBrokers(o); err != nil {
			return err
		}
	}
	if !o.NoTopics {
		if err := s.createTopics(ctx, o.Topics); err != nil {
			return err
		}
	}
	if err := s.writeSecrets(o.Bank.WithDefaults()); err != nil {
		return err
	}
	return s.startBank(ctx, o)
}

func (s *Sandbox) startBrokers(o Options) error {
	ports := make([]int, max(1, o.Brokers))
	ports[0] = o.KafkaPort
	cluster, err := kfake.NewCluster(
		kfake.Ports(ports...),
		kfake.BrokerConfigs(map[string]string{"message.max.bytes": maxMessageBytes}),
	)
	if err != nil {
		return fmt.Errorf("starting broker: %w", err)
	}
	s.cluster, s.brokers = cluster, cluster.ListenAddrs()
	return nil
}

func (s *Sandbox) createTopics(ctx context.Context, cfg topics.Config) error {
	client, err := kafka.New(kafka.Config{Brokers: s.Brokers()})
	if err != nil {
		return err
	}
	defer client.Close()
	cfg = cfg.WithDefaults()
	cfg.ReplicationFactor = 1
	_, err = client.CreateMissingTopics(ctx, cfg.Specs())
	return err
}

func (s *Sandbox) startBank(ctx context.Context, o Options) error {
	address := fmt.Sprintf("127.0.0.1:%d", o.BankPort)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("starting bank: %w", err)
	}
	if s.bank, err = banksim.Open(o.Bank); err != nil {
		return errors.Join(fmt.Errorf("starting bank: %w", err), listener.Close())
	}
	scheme := "http"
	if o.BankTLS != nil {
		scheme = "https"
	}
	s.bankURL = scheme + "://" + listener.Addr().String()
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- s.bank.Serve(serving, listener, o.BankTLS) }()
	s.stopBank = func() error {
		end()
		return errors.Join(<-ended, s.bank.Close())
	}
	return nil
}

// The names of the files in the directory of secrets.
const (
	fileAppKey          = "app-key"
	fileSubscriptionKey = "subscription-key"
	fileClientSecret    = "client-secret"
)

// writeSecrets puts what the bank wants to see where a configuration can refer
// to it.
func (s *Sandbox) writeSecrets(bank banksim.Config) error {
	dir, err := os.MkdirTemp("", "processor-sandbox-")
	if err != nil {
		return fmt.Errorf("writing secrets: %w", err)
	}
	s.secrets = dir
	for name, secret := range map[string]string{
		fileAppKey: bank.AppKey, fileSubscriptionKey: bank.SubscriptionKey, fileClientSecret: bank.ClientSecret,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(secret), 0o600); err != nil {
			return fmt.Errorf("writing secrets: %w", err)
		}
	}
	return nil
}

// Brokers are the broker's addresses, host:port.
func (s *Sandbox) Brokers() []string { return s.brokers }

// Cluster is the embedded broker itself, for tests that make it fail; nil where
// Options.Kafka names another.
func (s *Sandbox) Cluster() *kfake.Cluster { return s.cluster }

// Bank is the simulator.
func (s *Sandbox) Bank() *banksim.Bank { return s.bank }

// BankURL is the simulator's base URL, for both banks and for /_sim/.
func (s *Sandbox) BankURL() string { return s.bankURL }

// AppKeyFile, SubscriptionKeyFile and ClientSecretFile hold what the bank wants
// to see.
func (s *Sandbox) AppKeyFile() string { return filepath.Join(s.secrets, fileAppKey) }

// SubscriptionKeyFile holds the subscription key.
func (s *Sandbox) SubscriptionKeyFile() string { return filepath.Join(s.secrets, fileSubscriptionKey) }

// ClientSecretFile holds the OAuth2 client's secret.
func (s *Sandbox) ClientSecretFile() string { return filepath.Join(s.secrets, fileClientSecret) }

// Stop ends bank and broker and removes the secrets. Only the first call does.
func (s *Sandbox) Stop() error {
	s.stopOnce.Do(func() {
		err := s.stopBank()
		if s.cluster != nil {
			s.cluster.Close()
		}
		if s.secrets != "" {
			err = errors.Join(err, os.RemoveAll(s.secrets))
		}
		if err != nil {
			s.stopErr = fmt.Errorf("stopping sandbox: %w", err)
		}
	})
	return s.stopErr
}

// String says where everything is.
func (s *Sandbox) String() string {
	return "broker " + strings.Join(s.Brokers(), ",") + ", bank " + s.bankURL
}
