package codec

import (
	"strconv"
	"strings"
)

// canonical writes Avro's parsing canonical form: full names, no documentation,
// no defaults, no logical types. JSON needs no escapes in it.
func (s *schema) canonical() string {
	var b strings.Builder
	s.writeCanonical(&b, make(map[string]bool))
	return b.String()
}

func (s *schema) writeCanonical(b *strings.Builder, written map[string]bool) {
	if s.name != "" {
		if written[s.name] {
			b.WriteString(`"` + s.name + `"`)
			return
		}
		written[s.name] = true
	}
	switch s.kind {
	case "union":
		b.WriteByte('[')
		for i, o := range s.options {
			comma(b, i)
			o.writeCanonical(b, written)
		}
		b.WriteByte(']')
	case "record":
		b.WriteString(`{"name":"` + s.name + `","type":"record","fields":[`)
		for i, f := range s.fields {
			comma(b, i)
			b.WriteString(`{"name":"` + f.name + `","type":`)
			f.schema.writeCanonical(b, written)
			b.WriteByte('}')
		}
		b.WriteString(`]}`)
	case "enum":
		b.WriteString(`{"name":"` + s.name + `","type":"enum","symbols":[`)
		for i, symbol := range s.symbols {
			comma(b, i)
			b.WriteString(`"` + symbol + `"`)
		}
		b.WriteString(`]}`)
	case "fixed":
		b.WriteString(`{"name":"` + s.name + `","type":"fixed","size":` + strconv.FormatInt(s.size, 10) + `}`)
	case "array":
		b.WriteString(`{"type":"array","items":`)
		s.items.writeCanonical(b, written)
		b.WriteByte('}')
	case "map":
		b.WriteString(`{"type":"map","values":`)
		s.items.writeCanonical(b, written)
		b.WriteByte('}')
	default:
		b.WriteString(`"` + s.kind + `"`)
	}
}

func comma(b *strings.Builder, i int) {
	if i > 0 {
		b.WriteByte(',')
	}
}

// fingerprint is CRC-64-AVRO (Rabin) of the canonical form.
func (s *schema) fingerprint() uint64 { return crc64(s.canonical()) }

const crc64Empty = 0xc15d213aa4d7a795

func crc64(text string) uint64 {
	sum := uint64(crc64Empty)
	for i := range len(text) {
		sum = sum>>8 ^ crc64Table[byte(sum)^text[i]]
	}
	return sum
}

var crc64Table = func() (table [256]uint64) {
	for i := range table {
		sum := uint64(i)
		for range 8 {
			sum = sum>>1 ^ crc64Empty&-(sum&1)
		}
		table[i] = sum
	}
	return table
}()
