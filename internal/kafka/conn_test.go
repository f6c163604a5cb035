package kafka

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bankprocessor/internal/secret"
)

func message(body string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

// echoes is a broker that answers every message with its own name and the message.
type echoes struct {
	mu   sync.Mutex
	over []chan struct{} // closed as the links end
	err  error           // of the next
}

// link makes one whose name is how many there were before.
func (e *echoes) link(t *testing.T, s session, changes uint64) (*link, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil {
		return nil, e.err
	}
	ours, theirs := pair(t)
	name := string(rune('a' + len(e.over)))
	done := make(chan struct{})
	e.over = append(e.over, done)
	go func() {
		defer close(done)
		for {
			var size [4]byte
			if _, err := io.ReadFull(theirs, size[:]); err != nil {
				return
			}
			body := make([]byte, binary.BigEndian.Uint32(size[:]))
			if _, err := io.ReadFull(theirs, body); err != nil {
				return
			}
			if _, err := theirs.Write(message(name + string(body))); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _ = theirs.Close(); <-done })
	return &link{Conn: ours, session: s, changes: changes}, nil
}

// pair is both ends of a connection.
func pair(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if ours, err = new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if theirs, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// closed waits until our end of a link is closed.
func (e *echoes) closed(t *testing.T, link int) {
	t.Helper()
	select {
	case <-e.over[link]:
	case <-time.After(10 * time.Second):
		t.Errorf("link %d is open", link)
	}
}

func (e *echoes) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.err = err
}

func ask(c net.Conn, pieces ...string) (string, error) {
	for _, p := range pieces {
		if _, err := c.Write([]byte(p)); err != nil {
			return "", err
		}
	}
	var size [4]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return "", err
	}
	body := make([]byte, binary.BigEndian.Uint32(size[:]))
	_, err := io.ReadFull(c, body)
	return string(body), err
}

func wantAnswer(t *testing.T, c net.Conn, want string, pieces ...string) {
	t.Helper()
	if got, err := ask(c, pieces...); got != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

var errRefused = errors.New("refused")

func TestAConnectionIsRenewedBetweenRequests(t *testing.T) {
	t.Parallel()
	now := time.Now()
	due := session{renewAt: now.Add(-time.Second), ends: now.Add(time.Hour)}
	broker := &echoes{}
	var concerns []error
	owner := &dialer{concern: &concern{tell: func(err error) { concerns = append(concerns, err) }}, proved: newProved()}
	first, _ := broker.link(t, due, 0)
	next := due
	c := newConn(owner, "", first, func() (*link, error) {
		next = session{renewAt: now.Add(time.Hour), ends: next.ends.Add(next.ends.Sub(now))}
		return broker.link(t, next, 0)
	})
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(now.Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}

	broker.fail(errRefused) // the old link serves on
	whole := string(message("1"))
	wantAnswer(t, c, "a1", whole)
	broker.fail(nil)
	wantAnswer(t, c, "a1", whole) // not before the pause is over
	if len(concerns) != 1 || !errors.Is(concerns[0], errRefused) {
		t.Errorf("told %v", concerns)
	}
	c.retryAt = time.Time{}
	wantAnswer(t, c, "b1", whole[:2], whole[2:]) // in pieces, on one link
	broker.closed(t, 0)

	c.link.renewAt = now
	if _, err := c.Write(message("1")); err != nil { // c takes this one
		t.Fatal(err)
	}
	c.link.renewAt = now
	wantAnswer(t, c, "c1", whole) // not while an answer is still to come
	wantAnswer(t, c, "c1")
	wantAnswer(t, c, "d1", whole)

	c.link.ends = now // over
	broker.fail(errRefused)
	if _, err := ask(c, whole); !errors.Is(err, errRefused) {
		t.Errorf("a session that is over: %v", err)
	}
	broker.fail(nil)
	wantAnswer(t, c, "e1", whole)
}

func TestASessionByTheSameTokenIsNotWorthAConnection(t *testing.T) {
	t.Parallel()
	now := time.Now()
	due := session{renewAt: now, ends: now.Add(time.Minute)}
	broker := &echoes{}
	first, _ := broker.link(t, due, 0)
	c := newConn(&dialer{concern: &concern{}, proved: newProved()}, "", first, func() (*link, error) { return broker.link(t, due, 0) })
	t.Cleanup(func() { _ = c.Close() })
	wantAnswer(t, c, "a1", string(message("1")))
	broker.closed(t, 1)
}

func TestChangedFilesRenewAConnection(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/secret"
	writeFile(t, path, "one")
	live, err := secret.Source{File: path}.Open()
	if err != nil {
		t.Fatal(err)
	}
	broker := &echoes{}
	owner := &dialer{concern: &concern{}, proved: newProved(), credentials: &credentials{password: live}}
	first, _ := broker.link(t, session{}, owner.changes())
	c := newConn(owner, "", first, func() (*link, error) { return broker.link(t, session{}, owner.changes()) })
	t.Cleanup(func() { _ = c.Close() })
	whole := string(message("1"))
	wantAnswer(t, c, "a1", whole)
	writeFile(t, path, "another")
	wantAnswer(t, c, "b1", whole)
	wantAnswer(t, c, "b1", whole)
}

func TestAClosedConnectionIsNotRenewed(t *testing.T) {
	t.Parallel()
	broker := &echoes{}
	first, _ := broker.link(t, session{renewAt: time.Now(), ends: time.Now().Add(time.Hour)}, 0)
	var c *conn
	c = newConn(&dialer{concern: &concern{}, proved: newProved()}, "", first, func() (*link, error) {
		_ = c.Close() // meanwhile
		return broker.link(t, session{}, 0)
	})
	if _, err := ask(c, string(message("1"))); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
	broker.closed(t, 1)
}

// A broker that stops ends connections as a listener with SASL or TLS does.
func TestNoSettingIsBlamedWhereABrokerHasAnswered(t *testing.T) {
	t.Parallel()
	const address = "broker:9092"
	owner := &dialer{concern: &concern{}, proved: newProved()}
	ends := func() error { // a connection that is closed at its first request
		ours, theirs := net.Pipe()
		c := newConn(owner, address, &link{Conn: ours}, nil)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = io.ReadFull(theirs, make([]byte, len(message("1"))))
			_ = theirs.Close()
		}()
		_, err := ask(c, string(message("1")))
		<-done
		_ = c.Close()
		return err
	}
	blamed := func(err error) bool { _, ok := errors.AsType[*SettingError](err); return ok }
	if err := ends(); !blamed(err) {
		t.Errorf("an address that has never answered: %v", err)
	}
	if err := owner.ungreeted(io.EOF, address); !blamed(err) {
		t.Errorf("a greeting that was never answered: %v", err)
	}
	first, _ := (&echoes{}).link(t, session{}, 0)
	c := newConn(owner, address, first, func() (*link, error) { return nil, errRefused })
	wantAnswer(t, c, "a1", string(message("1")))
	_ = c.Close()
	if err := ends(); blamed(err) || !closedOn(err) {
		t.Errorf("an address that has answered: %v", err)
	}
	if err := owner.ungreeted(io.EOF, address); blamed(err) {
		t.Errorf("a greeting where others were answered: %v", err)
	}
}

func TestFramesAreCountedHoweverTheyArePieced(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(0, 300), 0, 8).Draw(t, "sizes")
		var stream []byte
		ends := []int{0}
		for _, n := range sizes {
			stream = append(stream, message(strings.Repeat("x", n))...)
			ends = append(ends, len(stream))
		}
		var f frames
		for at := 0; at < len(stream); {
			n := rapid.IntRange(1, len(stream)-at).Draw(t, "piece")
			f.pass(stream[at : at+n])
			at += n
			whole := 0
			for _, end := range ends[1:] {
				if end <= at {
					whole++
				}
			}
			if f.whole != whole || f.between() != slices.Contains(ends, at) || f.none() {
				t.Fatalf("after %d of %v: %+v", at, ends, f)
			}
		}
	})
}
