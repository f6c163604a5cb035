// Package parcel lends the memory of a call to a bank: its request's body and
// header, and the reading of its answer. What has been lent goes back and is lent
// again, so that a call makes no garbage of its own.
package parcel

import (
	"context"
	"fmt"
	"sync"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/wire"
)

// Parcel is the memory of one call, which may post more than once.
type Parcel struct {
	Body   wire.Writer
	Header []bankapi.Field
	Answer wire.Reader

	inUse bool // whoever has posted it may still read the body
}

// Format keeps what it holds out of every print.
func (p *Parcel) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, "parcel") }

// most is how many header fields a call has: three to five.
const most = 8

var parcels = sync.Pool{New: func() any { return &Parcel{Header: make([]bankapi.Field, 0, most)} }}

// Take returns a parcel without header fields, whose Body begins with Begin.
func Take() *Parcel { return parcels.Get().(*Parcel) }

// Post posts the body with the header as it is now.
func (p *Parcel) Post(ctx context.Context, c *bankapi.Client, url string, body []byte, permit func() error) bankapi.Exchange {
	x := c.Post(ctx, bankapi.Request{URL: url, Header: p.Header, Body: body, Permit: permit})
	p.inUse = p.inUse || x.BodyInUse
	return x
}

// Add adds a header field.
func (p *Parcel) Add(name, value string) {
	p.Header = append(p.Header, bankapi.Field{Name: name, Value: value})
}

// Return gives the parcel back once the call is over, its resends included: nobody
// may use it, its body or what was read with it any more. One whose body is still
// in use is left to the garbage collector. So is that of a call which panics: it
// is not returned.
func (p *Parcel) Return() {
	if p.inUse {
		return
	}
	p.Answer.Forget()
	clear(p.Header)
	p.Header = p.Header[:0]
	parcels.Put(p)
}
