package kafka

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"time"
)

// emptyHead is the head of a record batch of format 2 that belongs to no
// transaction: what is not known to anybody is -1.
var emptyHead = [batchHead]byte{
	12: 0xff, 13: 0xff, 14: 0xff, 15: 0xff, // the leader's epoch
	16: 2,                                                                          // the format
	43: 0xff, 44: 0xff, 45: 0xff, 46: 0xff, 47: 0xff, 48: 0xff, 49: 0xff, 50: 0xff, // producer id
	51: 0xff, 52: 0xff, // its epoch
	53: 0xff, 54: 0xff, 55: 0xff, 56: 0xff, // the first record's sequence number
}

// appendBatch appends the records, of which there is at least one, as one record
// batch of format 2, uncompressed. A record without a time has now.
func appendBatch(dst []byte, records []Record, now time.Time) []byte {
	at := len(dst)
	dst = append(dst, emptyHead[:]...)
	first := timeOf(&records[0], now)
	latest := int64(0)
	for i := range records {
		t := timeOf(&records[i], now)
		latest = max(latest, t)
		dst = appendRecord(dst, &records[i], t-first, int64(i))
	}
	head := dst[at : at+batchHead]
	binary.BigEndian.PutUint32(head[8:], uint32(len(dst)-at-12)) // bytes from here on
	binary.BigEndian.PutUint32(head[23:], uint32(len(records)-1))
	binary.BigEndian.PutUint64(head[27:], uint64(first))
	binary.BigEndian.PutUint64(head[35:], uint64(latest))
	binary.BigEndian.PutUint32(head[57:], uint32(len(records)))
	binary.BigEndian.PutUint32(head[17:], crc32.Checksum(dst[at+21:], castagnoli))
	return dst
}

func timeOf(r *Record, now time.Time) int64 {
	if r.Time.IsZero() {
		return now.UnixMilli()
	}
	return r.Time.UnixMilli()
}

func appendRecord(dst []byte, r *Record, timeDelta, offsetDelta int64) []byte {
	size := 1 + varintSize(timeDelta) + varintSize(offsetDelta) + varBytesSize(r.Key) + varBytesSize(r.Value) +
		varintSize(int64(len(r.Headers)))
	for i := range r.Headers {
		h := &r.Headers[i]
		size += varintSize(int64(len(h.Key))) + len(h.Key) + varBytesSize(h.Value)
	}
	dst = binary.AppendVarint(dst, int64(size))
	dst = append(dst, 0) // attributes, unused
	dst = binary.AppendVarint(dst, timeDelta)
	dst = binary.AppendVarint(dst, offsetDelta)
	dst = appendVarBytes(dst, r.Key)
	dst = appendVarBytes(dst, r.Value)
	dst = binary.AppendVarint(dst, int64(len(r.Headers)))
	for i := range r.Headers {
		h := &r.Headers[i]
		dst = append(binary.AppendVarint(dst, int64(len(h.Key))), h.Key...)
		dst = appendVarBytes(dst, h.Value)
	}
	return dst
}

// appendVarBytes writes nullable bytes: null for nil, and not for empty.
func appendVarBytes(dst, b []byte) []byte {
	if b == nil {
		return binary.AppendVarint(dst, -1)
	}
	return append(binary.AppendVarint(dst, int64(len(b))), b...)
}

func varBytesSize(b []byte) int {
	if b == nil {
		return varintSize(-1)
	}
	return varintSize(int64(len(b))) + len(b)
}

// varintSize is how many bytes binary.AppendVarint appends.
func varintSize(v int64) int {
	zigzag := uint64(v)<<1 ^ uint64(v>>63)
	return (bits.Len64(zigzag|1) + 6) / 7
}
