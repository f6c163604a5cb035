package kafka

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"time"
)

// A network that takes nothing for a while does not get, afterwards, what was given
// up meanwhile.
func TestWhatIsGivenUpDoesNotLeaveLater(t *testing.T) {
	t.Parallel()
	ours, theirs := pair(t)
	defer func() { _ = theirs.Close() }()
	d, err := newDialer(Config{})
	if err != nil {
		t.Fatal(err)
	}
	tracked, err := d.track(ours)
	if err != nil {
		t.Fatal(err)
	}
	if err := tracked.SetWriteDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	sent, err := io.Copy(tracked, io.LimitReader(zeroes{}, 64<<20))
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a broker that reads nothing took %d bytes: %v", sent, err)
	}
	if err := tracked.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.Copy(io.Discard, theirs); !errors.Is(err, syscall.ECONNRESET) || got >= sent {
		t.Errorf("the broker got %d of %d bytes afterwards: %v", got, sent, err)
	}
}

type zeroes struct{}

func (zeroes) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
