package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/config"
)

func checkInterAPI(ctx context.Context, cfg config.Config) []Finding {
	return checkBank(ctx, "banks.interapi", cfg.Banks.InterAPI.HTTP)
}

func checkLoanAPI(ctx context.Context, cfg config.Config) []Finding {
	return checkBank(ctx, "banks.loanapi", cfg.Banks.LoanAPI.HTTP)
}

// checkBank shakes hands, certificates included: nothing is asked of the bank.
func checkBank(ctx context.Context, section string, cfg bankapi.HTTPConfig) []Finding {
	f := Finding{Name: section + " address"}
	client, err := bankapi.NewClient(cfg)
	if err != nil {
		f.Skipped = "not looked at: its files cannot be read" // checkFiles says which
		return []Finding{f}
	}
	peer, err := client.Probe(ctx)
	refusal := (*bankapi.TLSError)(nil)
	switch {
	case errors.As(err, &refusal):
		f.Err = refusal
	case err != nil:
		f.Err = config.Explain(section, fmt.Errorf("http: %w", err))
	case peer.Version == "":
		f.Note = "accepts connections; no credentials were sent"
	default:
		f.Note = fmt.Sprintf("%s; the bank's certificate %s; nothing but our certificate was shown", peer.Version, expires(peer.NotAfter))
	}
	return []Finding{f}
}

// expires says how long a certificate is good for.
func expires(end time.Time) string {
	left := time.Until(end)
	if left <= 0 {
		return "has expired at " + end.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("expires in %d days, at %s", days(left), end.UTC().Format(time.RFC3339))
}

// The addresses of a section that is at fault are called all the same, and
// nothing is said to who answers.

func dialBrokers(ctx context.Context, cfg config.Config) []Finding {
	return []Finding{dialAll(ctx, "kafka", "kafka.brokers", cfg.Kafka.DialTimeout, cfg.Kafka.Brokers)}
}

func dialRegistry(ctx context.Context, cfg config.Config) []Finding {
	return []Finding{dialAll(ctx, "registry", "registry.urls", cfg.Registry.Timeout, addresses(cfg.Registry.URLs...))}
}

func dialInterAPI(ctx context.Context, cfg config.Config) []Finding {
	return dialBank(ctx, "banks.interapi", cfg.Banks.InterAPI.HTTP)
}

func dialLoanAPI(ctx context.Context, cfg config.Config) []Finding {
	return dialBank(ctx, "banks.loanapi", cfg.Banks.LoanAPI.HTTP)
}

func dialBank(ctx context.Context, section string, cfg bankapi.HTTPConfig) []Finding {
	return []Finding{dialAll(ctx, section+" address", section+".http.base_url", cfg.DialTimeout, addresses(cfg.BaseURL))}
}

// addresses are the host:port of those URLs that have any.
func addresses(urls ...string) []string {
	var all []string
	for _, text := range urls {
		u, err := url.Parse(text)
		if err != nil || u.Hostname() == "" {
			continue
		}
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		all = append(all, net.JoinHostPort(u.Hostname(), port))
	}
	return all
}

func dialAll(ctx context.Context, name, setting string, timeout time.Duration, all []string) Finding {
	f := Finding{Name: name, Skipped: "not looked at: " + setting + " names no address, or its section has faults"}
	if timeout <= 0 {
		timeout = 5 * time.Second // the configured one is at fault
	}
	var errs []error
	for _, address := range all {
		f.Skipped = ""
		f.Note = "accepts connections; nothing was said, because its section has faults"
		conn, err := (&net.Dialer{Timeout: timeout}).DialContext(ctx, "tcp", address)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", setting, err))
			continue
		}
		_ = conn.Close()
	}
	f.Err = errors.Join(errs...)
	return f
}
