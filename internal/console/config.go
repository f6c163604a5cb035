package console

// Config is what the console offers.
type Config struct {
	// Disabled leaves the console out: `/` shows the readiness alone, and nothing is
	// sampled.
	Disabled bool `yaml:"disabled"`
	Access
}

// Acts says that people can change something on the console.
func (c Config) Acts() bool { return !c.Disabled && c.TokensFile != "" }

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	c.Access = c.Access.WithDefaults()
	return c
}

// Validate returns every fault of a Config that has its defaults, joined.
func (c Config) Validate() error { return c.Access.Validate() }
