package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/secret"
	"bankprocessor/internal/topics"
)

// Finding is what became of one check.
type Finding struct {
	Name string
	Err  error  // nil when all is well
	Note string // what is worth knowing all the same
}

// Check looks at everything that a valid configuration relies on, and changes
// nothing. It sends no credentials to a bank: a wrong client secret, tried five
// times, locks the application (contract section 1.3).
func Check(ctx context.Context, cfg config.Config) []Finding {
	cfg = cfg.WithDefaults()
	found := []Finding{checkSchemas()}
	found = append(found, checkKafka(ctx, cfg)...)
	found = append(found, checkRegistry(ctx, cfg)...)
	found = append(found, checkSealing(cfg.DeadLetters.Encryption))
	inter, loan := cfg.Banks.InterAPI, cfg.Banks.LoanAPI
	found = append(found,
		Finding{Name: "banks.interapi keys", Err: checkKeys(inter)},
		checkSecret("banks.interapi token secret", inter.Token, inter.Tokened()),
		checkSecret("banks.loanapi client secret", loan.Token, true),
		checkBank(ctx, "banks.interapi address", inter.HTTP),
		checkBank(ctx, "banks.loanapi address", loan.HTTP),
	)
	return found
}

func checkSchemas() Finding {
	_, err := codec.New(codec.Options{})
	return Finding{Name: "schemas", Err: err}
}

func checkKafka(ctx context.Context, cfg config.Config) []Finding {
	client, err := kafka.New(cfg.Kafka)
	if err != nil {
		return []Finding{{Name: "kafka", Err: err}}
	}
	defer client.Close()
	if err := client.Ping(ctx); err != nil {
		return []Finding{{Name: "kafka", Err: Unreachable(cfg.Kafka, err)}, {Name: "topics", Err: errors.New("not looked at: no broker")}}
	}
	check := Finding{Name: "topics", Err: topics.Check(ctx, client, cfg.Topics)}
	if check.Err == nil {
		check.Note = differences(ctx, client, cfg.Topics)
	}
	return []Finding{{Name: "kafka"}, check, checkPermissions(ctx, client, cfg)}
}

// differences tells what is not as configured, and no fault all the same.
func differences(ctx context.Context, client *kafka.Client, cfg topics.Config) string {
	states, err := client.CompareTopics(ctx, cfg.Specs())
	if denied := (*kafka.DeniedError)(nil); errors.As(err, &denied) {
		return "not compared with the configuration: that takes " + denied.Permission.String()
	}
	if err != nil {
		return ""
	}
	var parts []string
	for _, s := range states {
		for _, d := range s.Differences {
			parts = append(parts, fmt.Sprintf("%s has %s %s, configured is %s", s.Wanted.Name, d.Property, d.Have, d.Want))
		}
	}
	return strings.Join(parts, "; ")
}

func checkKeys(cfg config.InterAPI) error {
	var errs []error
	for key, source := range map[string]secret.Source{"app_key": cfg.AppKey, "subscription_key": cfg.SubscriptionKey} {
		if _, err := source.Open(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	if cfg.SigningKeyFile != "" {
		_, err := bankapi.NewRS256Signer(cfg.SigningKeyFile)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func checkSecret(name string, cfg bankapi.TokenConfig, used bool) Finding {
	if !used {
		return Finding{Name: name, Note: "not used: no client_id"}
	}
	if _, err := cfg.ClientSecret.Open(); err != nil {
		return Finding{Name: name, Err: err}
	}
	return Finding{Name: name, Note: "present; not tried, because wrong ones lock the application"}
}

// checkBank opens a connection and closes it: nothing is said to the bank.
func checkBank(ctx context.Context, name string, cfg bankapi.HTTPConfig) Finding {
	if _, err := bankapi.NewClient(cfg); err != nil { // reads the certificates
		return Finding{Name: name, Err: err}
	}
	base, err := url.Parse(cfg.BaseURL)
	if err != nil {
		return Finding{Name: name, Err: err}
	}
	port := base.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[base.Scheme]
	}
	conn, err := (&net.Dialer{Timeout: cfg.DialTimeout}).DialContext(ctx, "tcp", net.JoinHostPort(base.Hostname(), port))
	if err != nil {
		return Finding{Name: name, Err: err}
	}
	return Finding{Name: name, Err: conn.Close(), Note: "accepts connections; no credentials were sent"}
}

// Unreachable says what to do about brokers that do not answer.
func Unreachable(cfg kafka.Config, err error) error {
	return fmt.Errorf("no broker of %s answers (kafka.brokers): %w", strings.Join(cfg.Brokers, ", "), err)
}
