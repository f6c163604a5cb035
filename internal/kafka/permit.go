package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// ErrWithheld is what a produce request fails with that was not permitted to leave.
// The broker has stored nothing of it: it did not get it whole, and what it has of
// it, if anything, ends with the connection. The reason is wrapped beside it.
var ErrWithheld = errors.New("the request was withheld")

// permission to leave: asked right before a request's first byte is written, and
// before each further piece of it. Kafka knows no fencing but a transaction's, so
// that this is the last moment at which a process that was stopped, or that has
// waited for a connection, can notice that others may write in its place.
//
// It may still be asked when Produce has returned, and its caller uses parts again:
// nothing is read of them then.
func (c *Client) permit(ctx context.Context, parts []ProducePartition) func() error {
	permits := make([]func() error, len(parts))
	for i := range parts {
		permits[i] = parts[i].Permit
	}
	return func() error {
		// A caller that has been answered with ctx's end may have sent it again.
		err := context.Cause(ctx)
		if err == nil && c.cfg.MayProduce != nil {
			err = c.cfg.MayProduce()
		}
		for _, permit := range permits {
			if err == nil && permit != nil {
				err = permit()
			}
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrWithheld, err)
		}
		return nil
	}
}

// piece is how much is written at once: a large request takes a while.
const piece = 64 << 10

// permitted writes what permit permits, piece by piece. After a refusal kafka-go
// closes the connection, with what it carries of the request.
type permitted struct {
	io.ReadWriter
	permit func() error
	begun  bool
}

// Write asks first, and again before each further piece. Beginning the request may
// take long, see conn.Write: it comes before the question.
func (p *permitted) Write(b []byte) (int, error) {
	if !p.begun {
		if _, err := p.ReadWriter.Write(nil); err != nil {
			return 0, err
		}
		p.begun = true
	}
	written := 0
	for {
		if err := p.permit(); err != nil {
			return written, err
		}
		n, err := p.ReadWriter.Write(b[written:min(len(b), written+piece)])
		written += n
		if err != nil || written == len(b) {
			return written, err
		}
	}
}
