package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"bankprocessor/internal/command"
	"bankprocessor/internal/consumers"
	"bankprocessor/internal/topics"
)

// Intake is how commands are taken in.
type Intake struct {
	consumers.Config
	// Bulkheads bound how many commands of a kind are carried out at once; a
	// command that is not named has topic_in_flight.
	Bulkheads map[command.Name]int `yaml:"bulkheads"`
}

// WithDefaults fills in what is not set.
func (c Intake) WithDefaults() Intake {
	c.Config = c.Config.WithDefaults()
	if c.Group == "" {
		c.Group = "bank-processor"
	}
	return c
}

// For returns the consumers' configuration over the command topics.
func (c Intake) For(t topics.Config) consumers.Config {
	cfg := c.Config
	cfg.Topics = nil
	for _, name := range command.Names() {
		cfg.Topics = append(cfg.Topics, consumers.Topic{Name: t.Command(name), MaxInFlight: c.Bulkheads[name]})
	}
	return cfg.WithDefaults()
}

func (c Intake) validate(t topics.Config) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Bulkheads)) {
		if _, ok := command.ParseName(string(name)); !ok {
			errs = append(errs, fmt.Errorf("bulkheads.%s: want one of the seven commands", name))
		} else if c.Bulkheads[name] < 1 {
			errs = append(errs, fmt.Errorf("bulkheads.%s: want at least 1", name))
			c.Bulkheads = maps.Clone(c.Bulkheads)
			delete(c.Bulkheads, name)
		}
	}
	return errors.Join(errors.Join(errs...), c.For(t).Validate())
}
