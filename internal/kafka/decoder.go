package kafka

import "encoding/binary"

// decoder reads big-endian fields off a buffer. Past its end everything is zero
// and bad is set; the values that it returns are slices of the buffer.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) take(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.bad, d.b = true, nil
		return nil
	}
	taken := d.b[:n:n]
	d.b = d.b[n:]
	return taken
}

func (d *decoder) int8() int8 {
	if b := d.take(1); b != nil {
		return int8(b[0])
	}
	return 0
}

func (d *decoder) int16() int16 {
	if b := d.take(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (d *decoder) int32() int32 {
	if b := d.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (d *decoder) int64() int64 {
	if b := d.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// count reads an array's length. No element is shorter than a byte, so that a
// length beyond the buffer is damage.
func (d *decoder) count() int {
	n := int(d.int32())
	if n > len(d.b) {
		d.bad, d.b = true, nil
		return 0
	}
	return max(n, 0)
}

// uvarint reads a length as the protocol's later versions write them.
func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

// compactCount reads an array's length in those versions, and compactString a
// string: each is one more than it counts, and 0 stands for null.
func (d *decoder) compactCount() int {
	n := d.uvarint()
	if n > uint64(len(d.b))+1 {
		d.bad, d.b = true, nil
		return 0
	}
	return max(int(n)-1, 0)
}

func (d *decoder) compactString() string { return string(d.take(d.compactCount())) }

// tags passes over tagged fields.
func (d *decoder) tags() {
	for n := d.uvarint(); n > 0 && !d.bad; n-- {
		d.uvarint() // which
		size := d.uvarint()
		if size > uint64(len(d.b)) {
			d.bad, d.b = true, nil
			return
		}
		d.take(int(size))
	}
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

// varBytes reads nullable bytes: nil for null, not nil for empty.
func (d *decoder) varBytes() []byte {
	n := d.varint()
	if n < 0 || d.bad {
		return nil
	}
	if n > int64(len(d.b)) {
		d.bad, d.b = true, nil
		return nil
	}
	return d.take(int(n))
}
