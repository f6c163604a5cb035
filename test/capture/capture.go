// Package capture keeps what the code under test writes, such as its log, so that a
// test can read it, and wait for it, while it is still written.
package capture

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long Await waits. What it waits for takes a fraction of that.
const patience = 20 * time.Second

// Text is a writer; its zero value is empty, and it must not be copied.
type Text struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed by the next write; nil while nobody waits
}

// Write keeps p.
func (c *Text) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
	return c.text.Write(p)
}

// String is everything so far.
func (c *Text) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// Tail is the last lines so far.
func (c *Text) Tail(lines int) string {
	all := strings.Split(strings.TrimSpace(c.String()), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Await returns everything once want is in it.
func (c *Text) Await(t testing.TB, want string) string {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		text, changed := c.watch()
		if strings.Contains(text, want) {
			return text
		}
		select {
		case <-changed:
		case <-deadline.C:
			t.Fatalf("want %q in %q", want, text)
		}
	}
}

func (c *Text) watch() (text string, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.text.String(), c.changed
}
