package history

import "errors"

// Config is how much is remembered. The zero value takes every default.
type Config struct {
	// Window is for how many of a partition's latest commands an id that upstream
	// publishes again is answered without a second bank call. Each costs at most 200
	// bytes of memory, and its outcome is read again at every takeover.
	Window int // default 2,000
}

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	if c.Window == 0 {
		c.Window = 2_000
	}
	return c
}

// Validate returns every fault of a Config that has its defaults, joined.
func (c Config) Validate() error {
	if c.Window < 1 || c.Window > 1_000_000 {
		return errors.New("history.window: want 1 to 1,000,000 commands")
	}
	return nil
}
