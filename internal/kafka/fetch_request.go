package kafka

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/segmentio/kafka-go/protocol"
)

// fetchRequest is a fetch request of versions 4 to 11.
type fetchRequest struct {
	parts    []FetchPartition
	first    int // of the parts to be named
	maxWait  time.Duration
	maxBytes int32
}

// readCommitted is the isolation level that hides open transactions.
const readCommitted = 1

var errFetchVersion = errors.New("the broker speaks no fetch version from 4 to 11")

// newFetchRequest names the partitions from a random one on: a broker promises a
// whole batch, however large, only to the first partition that has data, so that a
// fixed order would starve the others of batches above MaxBytes.
func newFetchRequest(parts []FetchPartition, maxWait time.Duration, maxBytes int32) *fetchRequest {
	return &fetchRequest{
		parts: slices.Clone(parts), first: rand.IntN(len(parts)), // kafka-go may still write when the caller has gone
		maxWait: maxWait, maxBytes: maxBytes,
	}
}

// ApiKey is the fetch request's.
func (*fetchRequest) ApiKey() protocol.ApiKey { return protocol.Fetch }

func (r *fetchRequest) encode(version int16, clientID string) ([]byte, error) {
	if version < 4 || version > 11 {
		return nil, errFetchVersion
	}
	const (
		none         = 1<<32 - 1 // -1: no replica, no session, any leader's epoch
		unknownStart = 1<<64 - 1 // of the log: for followers only
	)
	big := binary.BigEndian
	b := appendHead(make([]byte, 0, 128+48*len(r.parts)), protocol.Fetch, version, clientID)
	b = big.AppendUint32(b, none)
	b = big.AppendUint32(b, uint32(r.maxWait.Milliseconds()))
	b = big.AppendUint32(b, 1) // bytes at least
	b = big.AppendUint32(b, uint32(r.maxBytes))
	b = append(b, readCommitted)
	if version >= 7 {
		b = big.AppendUint32(b, 0)
		b = big.AppendUint32(b, none)
	}
	topics := counted{at: len(b)}
	b = big.AppendUint32(b, 0)
	var partitions counted
	for i := range r.parts {
		p := &r.parts[(r.first+i)%len(r.parts)]
		if i == 0 || p.Topic != r.parts[(r.first+i-1)%len(r.parts)].Topic {
			topics.add(b)
			b = appendString(b, p.Topic)
			partitions = counted{at: len(b)}
			b = big.AppendUint32(b, 0)
		}
		partitions.add(b)
		b = big.AppendUint32(b, uint32(p.Partition))
		if version >= 9 {
			b = big.AppendUint32(b, none)
		}
		b = big.AppendUint64(b, uint64(p.Offset))
		if version >= 5 {
			b = big.AppendUint64(b, unknownStart)
		}
		b = big.AppendUint32(b, uint32(p.MaxBytes))
	}
	if version >= 7 {
		b = big.AppendUint32(b, 0) // topics that a session forgets
	}
	if version >= 11 {
		b = appendString(b, "") // rack
	}
	finishRequest(b)
	return b, nil
}

// counted is an array's length in a request, at that place, counted as it grows.
type counted struct {
	at int
	n  uint32
}

func (c *counted) add(request []byte) {
	c.n++
	binary.BigEndian.PutUint32(request[c.at:], c.n)
}
