package config

import (
	"errors"
	"slices"
	"time"

	"bankprocessor/internal/admin"
	"bankprocessor/internal/console"
	"bankprocessor/internal/history"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/processing"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/registry"
	"bankprocessor/internal/telemetry"
	"bankprocessor/internal/topics"
	"bankprocessor/internal/tracing"
)

// Config is everything that can be configured. deploy/processor.example.yaml
// documents every key.
type Config struct {
	Kafka       kafka.Config
	Topics      topics.Config
	Registry    registry.Config
	Intake      Intake
	Output      producers.Config
	DeadLetters DeadLetters
	Processing  processing.Config
	History     history.Config
	Banks       Banks
	Admin       admin.Config
	Console     console.Config
	Log         telemetry.LogConfig
	Tracing     tracing.Config
}

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	c.Kafka = c.Kafka.WithDefaults()
	c.Topics = c.Topics.WithDefaults()
	c.Registry = c.Registry.WithDefaults()
	c.Banks = c.Banks.WithDefaults()
	leased := c.Intake.Lease != 0
	c.Intake = c.Intake.WithDefaults()
	if left := c.Intake.SessionTimeout - c.longestCall(); !leased && left > c.Intake.CommitInterval {
		c.Intake.Lease = min(c.Intake.Lease, left)
	}
	c.Output = c.Output.WithDefaults()
	c.Processing = c.Processing.WithDefaults()
	c.History = c.History.WithDefaults()
	c.Admin = c.Admin.WithDefaults()
	c.Console = c.Console.WithDefaults()
	c.Log = c.Log.WithDefaults()
	c.Tracing = c.Tracing.WithDefaults()
	return c
}

// check returns every fault of a Config that has its defaults, each under the
// section that it belongs to.
func (c Config) check() []sectionFault {
	var all []sectionFault
	for _, s := range []struct {
		section string
		err     error
	}{
		{"kafka", c.Kafka.Validate()},
		{"topics", c.Topics.Validate()},
		{"registry", c.Registry.Validate()},
		{"intake", errors.Join(c.Intake.validate(c.Topics), c.handOverFits())},
		{"output", c.Output.Validate()},
		{"dead_letters", c.DeadLetters.Validate()},
		{"processing", c.Processing.Validate()},
		{"history", c.History.Validate()},
		{"banks.interapi", c.Banks.InterAPI.Validate()},
		{"banks.loanapi", c.Banks.LoanAPI.Validate()},
		{"admin", c.Admin.Validate()},
		{"console", c.Console.Validate()},
		{"log", c.Log.Validate()},
		{"tracing", c.Tracing.Validate()},
	} {
		for _, message := range flatten(s.err) {
			all = append(all, sectionFault{s.section, message})
		}
	}
	return all
}

// handOverFits refuses timeouts under which a partition could be handed over, or
// given away, while a bank call for it still runs.
func (c Config) handOverFits() error {
	call := c.longestCall()
	var errs []error
	if c.Intake.DrainTimeout+call+c.Processing.PublishGrace >= c.Intake.RebalanceTimeout {
		errs = append(errs, errors.New("rebalance_timeout: want more than drain_timeout, the longest banks.*.http.timeout and processing.publish_grace together"))
	}
	if c.Intake.Lease+call > c.Intake.SessionTimeout {
		errs = append(errs, errors.New("lease: want at most session_timeout less the longest banks.*.http.timeout"))
	}
	return errors.Join(errs...)
}

func (c Config) longestCall() time.Duration {
	return max(c.Banks.InterAPI.HTTP.Timeout, c.Banks.LoanAPI.HTTP.Timeout)
}

// Validate returns every fault of a Config that has its defaults, as *Faults.
func (c Config) Validate() error {
	b := bind(&c)
	var faults []Fault
	for _, f := range c.check() {
		faults = append(faults, b.locate(f, nil))
	}
	if len(faults) > 0 {
		return &Faults{List: faults}
	}
	return nil
}

// Load reads the file, which may be "" for none, and the PROCESSOR_ variables of
// environ, fills in the defaults and checks everything, or with sections named
// ("kafka", "topics") the values of those alone. The error is a *Faults, unless
// the file cannot be read.
func Load(file string, environ []string, sections ...string) (Config, error) {
	c, faults, err := Inspect(file, environ, sections...)
	if err == nil && faults != nil {
		err = faults
	}
	if err != nil {
		return Config{}, err
	}
	return c, nil
}

// parse reports the faults of the values that could be read beside those of the
// ones that could not, so that one look shows all.
func parse(text []byte, environ []string, sections ...string) (Config, []Fault) {
	var c Config
	lines, faults := read(&c, text, environ)
	c = c.WithDefaults()
	faulty := map[string]bool{}
	for _, f := range faults {
		faulty[f.Key] = true
	}
	b := bind(&c)
	for _, s := range c.check() {
		if len(sections) > 0 && !slices.Contains(sections, s.section) {
			continue
		}
		// A value that could not be read is missing now; once is enough.
		if f := b.locate(s, lines); !faulty[f.Key] {
			faults = append(faults, f)
		}
	}
	return c, faults
}

// IsFault says whether err is the configuration's, as opposed to the world's.
func IsFault(err error) bool {
	var f *Faults
	return errors.As(err, &f)
}
