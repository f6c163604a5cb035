package banksim

import (
	"bufio"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// keySuffix after a ledger file's name is the name of the file with the key under
// which persons are digested.
const keySuffix = ".key"

// ledgerWriter appends lines to a ledger file; without a file it does nothing.
// Every line is one write to the operating system: the end of this process loses
// none, the end of the machine may. It keeps the first error, and a bank that has
// one answers nobody any more.
type ledgerWriter struct {
	now func() time.Time

	mu     sync.Mutex
	file   io.WriteCloser // nil when there is none
	err    error
	failed chan struct{} // closed with the first error
}

func newLedgerWriter(now func() time.Time) *ledgerWriter {
	return &ledgerWriter{now: now, failed: make(chan struct{})}
}

// on says whether there is anything to write to.
func (w *ledgerWriter) on() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.file != nil
}

// write appends one line.
func (w *ledgerWriter) write(line LedgerLine) {
	if line.At.IsZero() {
		line.At = w.now()
	}
	text, err := json.Marshal(line)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil || w.err != nil {
		return
	}
	if err == nil {
		_, err = w.file.Write(append(text, '\n'))
	}
	if err != nil {
		w.err = fmt.Errorf("writing the ledger: %w", err)
		close(w.failed)
	}
}

// call appends a line about a call.
func (w *ledgerWriter) call(event Event, c *Call) {
	if w.on() {
		w.write(LedgerLine{Event: event, Call: c})
	}
}

// trouble is the first error of a write.
func (w *ledgerWriter) trouble() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *ledgerWriter) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return nil
	}
	err := w.file.Close()
	w.file = nil
	if err != nil {
		return fmt.Errorf("closing the ledger: %w", err)
	}
	return nil
}

// persons digests citizenship numbers, so that a file can tell two persons apart
// without naming one.
type persons struct{ key []byte }

func newPersons() persons { return persons{key: []byte(rand.Text())} }

func (p persons) digest(citizen string) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(citizen))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// openPersons reads the key from a file, or makes one and leaves it there.
func openPersons(name string) (persons, error) {
	p := newPersons()
	key, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return p, os.WriteFile(name, p.key, 0o600)
	}
	if err == nil && len(key) < len(p.key) {
		err = fmt.Errorf("%s: too short for a key", name)
	}
	return persons{key: key}, err
}

// openLedger rebuilds the ledger from the file, takes a torn end away and has the
// bank write on. A file that is not there is begun.
func (b *Bank) openLedger(name string) error {
	known, err := openPersons(name + keySuffix)
	if err != nil {
		return fmt.Errorf("reading the key of persons: %w", err)
	}
	b.ledger.persons = known
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	size, torn, err := scanLedger(bufio.NewReader(file), b.replay)
	if err == nil && torn {
		err = file.Truncate(size)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", name, err), file.Close())
	}
	b.torn = torn
	b.writer.file = file
	b.writer.write(LedgerLine{Event: EventStarted})
	return b.writer.trouble()
}
