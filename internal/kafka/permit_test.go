package kafka

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var errLost = errors.New("lost")

// permits is asked whether to produce, and answers from the front of a list, its
// last entry for ever.
type permits struct {
	mu      sync.Mutex
	answers []error
	asked   int
}

func (p *permits) ask() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	err := p.answers[0]
	if len(p.answers) > 1 {
		p.answers = p.answers[1:]
	}
	return err
}

func (p *permits) set(answers ...error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers, p.asked = answers, 0
}

// tap keeps how many bytes of a mark leave the process, on whatever connection.
type tap struct {
	mark byte
	seen atomic.Int64
	// whole counts the writes of marks that are a request each, parts the others.
	whole, parts atomic.Int64
}

func (t *tap) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	return &tapped{conn, t}, err
}

type tapped struct {
	net.Conn
	tap *tap
}

func (c *tapped) Write(b []byte) (int, error) {
	if n := bytes.Count(b, []byte{c.tap.mark}); n > 0 {
		c.tap.seen.Add(int64(n))
		if int(binary.BigEndian.Uint32(b))+4 == len(b) {
			c.tap.whole.Add(1)
		} else {
			c.tap.parts.Add(1)
		}
	}
	return c.Conn.Write(b)
}

// fenced is a client that asks, of a broker with topic "a" that counts the produce
// requests it gets whole. Records hold marks, which nothing else does.
func fenced(t *testing.T) (client *Client, asked *permits, left *tap, got *atomic.Int32) {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "a"),
		kfake.BrokerConfigs(map[string]string{"message.max.bytes": "33554432"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	got = new(atomic.Int32)
	cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		got.Add(1)
		return nil, nil, false
	})
	asked, left = &permits{answers: []error{nil}}, &tap{mark: 0xF7}
	client, err = New(Config{Brokers: cluster.ListenAddrs(), MayProduce: asked.ask, Dial: left.dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client, asked, left, got
}

var partitionA = TopicPartition{"a", 0}

func marked(n int) []ProducePartition {
	return []ProducePartition{{TopicPartition: partitionA, Records: []Record{{Value: bytes.Repeat([]byte{0xF7}, n)}}}}
}

// wantStored says how many records there are, with a client that nobody restrains.
func wantStored(t *testing.T, client *Client, want int) {
	t.Helper()
	fetched, err := client.Fetch(testContext(t), []FetchPartition{{partitionA, 0, 64 << 20}}, 0, 64<<20)
	if err != nil || fetched[0].Err != nil || len(fetched[0].Records) != want {
		t.Errorf("%d records stored, want %d: %v", len(fetched[0].Records), want, err)
	}
}

func TestWhoMayNotProduceProducesNothing(t *testing.T) {
	t.Parallel()
	const page = 64 << 10 // kafka-go writes a request in pieces of this size
	for name, tt := range map[string]struct {
		answers []error
		size    int
		partly  bool // the broker has got a part
	}{
		"from the start":            {[]error{errLost}, 10, false},
		"once a connection is made": {[]error{nil, errLost}, 10, false},
		"half-way":                  {[]error{nil, nil, nil, errLost}, 8 * page, true},
		"before the last piece":     {[]error{nil, nil, nil, nil, errLost}, 3*page + 10, true},
		"in the middle, for good":   {[]error{nil, nil, errLost, nil}, 8 * page, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, asked, left, got := fenced(t)
			asked.set(tt.answers...)
			if _, err := client.Produce(testContext(t), marked(tt.size), time.Second); !errors.Is(err, ErrWithheld) || !errors.Is(err, errLost) || !Class(err).Passing() {
				t.Errorf("got %v, class %v", err, Class(err))
			}
			if n := left.seen.Load(); (n > 0) != tt.partly || n >= int64(tt.size) {
				t.Errorf("%d of %d bytes have left", n, tt.size)
			}
			// Everything else passes, on whatever connection.
			wantStored(t, client, 0)
			if refused, err := client.CommitOffsets(testContext(t), Member{Group: "g", GenerationID: -1}, []Commit{{partitionA, 7, ""}}); err != nil || len(refused) > 0 {
				t.Errorf("a commit: %v, %v", err, refused)
			}
			if n := got.Load(); n != 0 {
				t.Errorf("the broker has got %d whole requests", n)
			}
			asked.set(nil)
			if produced, err := client.Produce(testContext(t), marked(tt.size), time.Second); err != nil || produced[0].Err != nil {
				t.Errorf("permitted again: %v, %+v", err, produced)
			}
			wantStored(t, client, 1)
			if n := got.Load(); n != 1 {
				t.Errorf("the broker has got %d whole requests, want 1: somebody repeats them", n)
			}
		})
	}
}

func TestEveryPieceOfARequestAsks(t *testing.T) {
	t.Parallel()
	client, asked, _, _ := fenced(t)
	if _, err := client.Produce(testContext(t), marked(1<<20), time.Second); err != nil {
		t.Fatal(err)
	}
	if asked.asked < 1<<20/(64<<10) {
		t.Errorf("asked %d times for 1 MiB", asked.asked)
	}
	asked.set(nil)
	wantStored(t, client, 1)
	if asked.asked != 0 {
		t.Error("a fetch has asked")
	}
}

// A record that its caller no longer wants takes the whole request with it.
func TestAPartitionsOwnPermitIsAskedToo(t *testing.T) {
	t.Parallel()
	client, _, left, _ := fenced(t)
	own := &permits{answers: []error{nil, errLost}}
	parts := marked(10)
	parts[0].Permit = own.ask
	if _, err := client.Produce(testContext(t), parts, time.Second); !errors.Is(err, ErrWithheld) || !errors.Is(err, errLost) || left.seen.Load() > 0 {
		t.Errorf("got %v, %d bytes have left", err, left.seen.Load())
	}
}

// A caller that has its answer may be sending the same records again: what it has
// left behind must not leave as well.
func TestARequestDoesNotOutliveItsCaller(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	client := &Client{cfg: Config{MayProduce: func() error { asked++; return nil }}}
	permit := client.permit(ctx, nil)
	if err := permit(); err != nil || asked != 1 {
		t.Errorf("got %v, asked %d times", err, asked)
	}
	cancel()
	if err := permit(); !errors.Is(err, ErrWithheld) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Renewing a link takes as long as a broker likes: it comes before the question,
// and not between the question and the write.
func TestALinkIsRenewedBeforeThePermitIsAsked(t *testing.T) {
	t.Parallel()
	now := time.Now()
	broker := &echoes{}
	owner := &dialer{concern: &concern{}, proved: newProved()}
	first, _ := broker.link(t, session{renewAt: now, ends: now.Add(time.Hour)}, 0)
	var order []string
	c := newConn(owner, "", first, func() (*link, error) {
		order = append(order, "link")
		return broker.link(t, session{renewAt: now, ends: now.Add(24 * time.Hour)}, 0) // due at once
	})
	t.Cleanup(func() { _ = c.Close() })
	w := &permitted{ReadWriter: c, permit: func() error { order = append(order, "permit"); return nil }}
	whole := message("1")
	for _, piece := range [][]byte{whole[:2], whole[2:]} {
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	wantAnswer(t, c, "b1")
	if got := strings.Join(order, " "); got != "link permit permit" {
		t.Errorf("order is %s", got)
	}
}

// The caller uses its slices again once Produce has returned, and the permit may be
// asked just then.
func TestAPermitReadsNothingOfTheCallers(t *testing.T) {
	t.Parallel()
	c := &Client{}
	parts := []ProducePartition{{}, {Permit: func() error { return errLost }}}
	c.cfg.MayProduce = func() error { // while it is asked, Produce returns
		clear(parts)
		return nil
	}
	if err := c.permit(t.Context(), parts)(); !errors.Is(err, errLost) {
		t.Errorf("got %v", err)
	}
}
