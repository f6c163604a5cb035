package history

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/test/allocs"
)

// counter is a Publisher that stores nothing, one record after another.
type counter struct{ attempts, outcomes int64 }

func (c *counter) Attempt(context.Context, *command.Message, *command.Attempt) (int64, error) {
	c.attempts++
	return c.attempts - 1, nil
}

func (c *counter) Outcome(context.Context, *command.Message, *command.Outcome) (int64, error) {
	c.outcomes++
	return c.outcomes - 1, nil
}

func (c *counter) DeadLetter(context.Context, *command.DeadLetter) error { return nil }

// life is one record's way past a history, as processing and consumers take it.
type life struct {
	r        rig
	recorder *Recorder
	message  *command.Message
	attempt  *command.Attempt // nil for none
	outcome  *command.Outcome
}

func newLife(t testing.TB, attempted bool) *life {
	l := &life{r: setup(t, Config{}), message: invoice(0, 0), outcome: &command.Outcome{Command: command.DBSInvoiceUpsert, Revision: 1}}
	l.recorder = l.r.Recorder(&counter{})
	l.message.Value = make([]byte, 600)
	if attempted {
		l.attempt = attempt(l.message, 1)
	}
	l.r.load(t, 0, 0, 0)
	return l
}

// live takes the record at offset, with an id of its own, through its life.
func (l *life) live(id string, offset int64) error {
	ctx := context.Background()
	l.message.Offset, l.outcome.CommandID = offset, id
	if _, err := l.r.Open(ctx, l.message, id); err != nil {
		return err
	}
	if l.attempt != nil {
		l.attempt.CommandID, l.attempt.Offset = id, offset
		if err := l.recorder.Attempt(ctx, l.message, l.attempt); err != nil {
			return err
		}
	}
	if err := l.recorder.Outcome(ctx, l.message, l.outcome); err != nil {
		return err
	}
	l.r.Close(l.message, id)
	l.r.Settled(invoices, offset)
	return nil
}

// ids are that many UUIDs.
func ids(n int) []string {
	all := make([]string, n)
	for i := range all {
		var raw [16]byte
		binary.BigEndian.PutUint64(raw[:], uint64(i)*0x9e3779b97f4a7c15)
		binary.BigEndian.PutUint64(raw[8:], uint64(i))
		h := hex.EncodeToString(raw[:])
		all[i] = h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	}
	return all
}

// steady is a life that has remembered as many outcomes as the window holds.
func steady(t testing.TB, attempted bool) (next func()) {
	l, all := newLife(t, attempted), ids(4*Config{}.WithDefaults().Window)
	offset := int64(0)
	next = func() {
		if err := l.live(all[offset%int64(len(all))], offset); err != nil {
			t.Fatal(err)
		}
		if offset++; offset%5000 == 0 { // a commit
			l.r.Lookback(invoices, offset)
		}
	}
	for range all {
		next()
	}
	return next
}

func TestALifeAllocatesNextToNothing(t *testing.T) {
	allocs.AtMost(t, 0.5, steady(t, false)) // maps grow now and then
	allocs.AtMost(t, 1.5, steady(t, true))  // the attempt, until its outcome
}

// What a history costs per record.
func BenchmarkLife(b *testing.B) {
	for name, attempted := range map[string]bool{"outcome alone": false, "with an attempt": true} {
		b.Run(name, func(b *testing.B) {
			next := steady(b, attempted)
			b.ReportAllocs()
			for b.Loop() {
				next()
			}
		})
	}
}
