package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/topics"
)

// Finding is what became of one check.
type Finding struct {
	Name string
	Err  error  // nil when all is well
	Note string // what is worth knowing all the same
	// Skipped says why the thing was not looked at; "" when it was.
	Skipped string
}

// check is one look at the world. While a section that it stands on is at fault,
// otherwise is done instead: a broken section may lack what keeps credentials
// safe, so nobody is shown any.
type check struct {
	name      string
	offline   bool // it needs nothing but files
	sections  []string
	look      func(ctx context.Context, cfg config.Config) []Finding
	otherwise func(ctx context.Context, cfg config.Config) []Finding // may be nil
}

// checks are all of them, in the order of their findings.
func checks(faults *config.Faults) []check {
	const inter, loan = "banks.interapi", "banks.loanapi"
	return []check{
		{name: "schemas", offline: true, look: checkSchemas},
		{name: "files", offline: true, look: func(_ context.Context, cfg config.Config) []Finding { return checkFiles(cfg, faults) }},
		{name: "signing key", offline: true, look: checkSigningKey},
		{"kafka", false, []string{"kafka"}, checkKafka, dialBrokers},
		{"topics", false, []string{"kafka", "topics"}, checkTopics, nil},
		{"kafka permissions", false, []string{"kafka", "topics", "intake"}, checkGrants, nil},
		{"registry", false, []string{"registry", "topics"}, checkRegistry, dialRegistry},
		{sealingSection, true, []string{"dead_letters"}, func(_ context.Context, cfg config.Config) []Finding {
			return []Finding{checkSealing(cfg.DeadLetters.Encryption)}
		}, nil},
		{inter + " address", false, []string{inter + ".http"}, checkInterAPI, dialInterAPI},
		{loan + " address", false, []string{loan + ".http"}, checkLoanAPI, dialLoanAPI},
		{"tracing", false, []string{"tracing"}, checkTracing, nil},
	}
}

// Check looks at everything that a configuration relies on, and changes nothing.
// Of a configuration with faults (nil for none) it looks at what they leave. It
// sends no credentials to a bank: a wrong client secret, tried five times, locks
// the application (contract section 1.3).
func Check(ctx context.Context, cfg config.Config, faults *config.Faults) []Finding {
	return look(ctx, cfg, faults, checks(faults))
}

// CheckOffline is Check without all that needs a network, which is skipped.
func CheckOffline(ctx context.Context, cfg config.Config, faults *config.Faults) []Finding {
	all := checks(faults)
	for i, c := range all {
		if !c.offline {
			all[i] = check{look: func(context.Context, config.Config) []Finding {
				return []Finding{{Name: c.name, Skipped: "not looked at: offline"}}
			}}
		}
	}
	return look(ctx, cfg, faults, all)
}

func look(ctx context.Context, cfg config.Config, faults *config.Faults, all []check) []Finding {
	cfg = cfg.WithDefaults()
	found := make([][]Finding, len(all))
	var looking sync.WaitGroup
	for i, c := range all {
		looking.Go(func() { found[i] = c.run(ctx, cfg, faults) })
	}
	looking.Wait()
	return slices.Concat(found...)
}

func (c check) run(ctx context.Context, cfg config.Config, faults *config.Faults) []Finding {
	for _, section := range c.sections {
		switch {
		case !faults.Touch(section):
			continue
		case c.otherwise != nil:
			if found := c.otherwise(ctx, cfg); len(found) > 0 {
				return found
			}
		}
		return []Finding{{Name: c.name, Skipped: "not looked at: the configuration's section " + section + " has faults"}}
	}
	return c.look(ctx, cfg)
}

func checkSchemas(context.Context, config.Config) []Finding {
	_, err := codec.New(codec.Options{})
	return []Finding{{Name: "schemas", Err: err}}
}

func checkKafka(ctx context.Context, cfg config.Config) []Finding {
	client, err := connected(ctx, cfg)
	if err == nil {
		client.Close()
	}
	return []Finding{{Name: "kafka", Err: err}}
}

// connected returns a client of brokers that answer.
func connected(ctx context.Context, cfg config.Config) (*kafka.Client, error) {
	client, err := kafka.New(cfg.Kafka)
	if err != nil {
		return nil, err
	}
	if err := client.Ping(ctx); err != nil {
		client.Close()
		return nil, Unreachable(cfg.Kafka, err)
	}
	return client, nil
}

func checkTopics(ctx context.Context, cfg config.Config) []Finding {
	client, err := connected(ctx, cfg)
	if err != nil {
		return []Finding{{Name: "topics", Skipped: "not looked at: no broker"}}
	}
	defer client.Close()
	f := Finding{Name: "topics", Err: topics.Check(ctx, client, cfg.Topics)}
	if f.Err == nil {
		f.Note = differences(ctx, client, cfg.Topics)
	}
	return []Finding{f}
}

// differences tells what is not as configured, and no fault all the same.
func differences(ctx context.Context, client *kafka.Client, cfg topics.Config) string {
	states, err := client.CompareTopics(ctx, cfg.Specs())
	if denied := (*kafka.DeniedError)(nil); errors.As(err, &denied) {
		return "not compared with the configuration: that takes " + denied.String()
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

func checkGrants(ctx context.Context, cfg config.Config) []Finding {
	client, err := connected(ctx, cfg)
	if err != nil {
		return []Finding{{Name: "kafka permissions", Skipped: "not looked at: no broker"}}
	}
	defer client.Close()
	return []Finding{checkPermissions(ctx, client, cfg)}
}

// Unreachable says what to do about brokers that do not answer.
func Unreachable(cfg kafka.Config, err error) error {
	return fmt.Errorf("no broker of %s answers (kafka.brokers): %w", strings.Join(cfg.Brokers, ", "), err)
}
