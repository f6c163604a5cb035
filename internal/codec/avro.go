package codec

import (
	"errors"
	"fmt"
	"time"

	"github.com/linkedin/goavro/v2"
)

// maxBlock caps the items that one block of an array or map may claim. goavro
// reads it when it decodes; it is set once, before anything can.
const maxBlock = 1 << 16

func init() { goavro.MaxBlockCount = maxBlock }

// avroType is a schema with its binary codec. It is safe for concurrent use.
type avroType struct {
	*schema
	binary *goavro.Codec
	print  uint64 // the schema's fingerprint, which every event begins with
	plan   *plan  // nil for schemas that are not ours, which goavro alone reads
}

func compile(text string) (t *avroType, err error) {
	defer func() {
		if recover() != nil { // goavro panics on some malformed decimals
			t, err = nil, fmt.Errorf("%w: malformed", errSchema)
		}
	}()
	s, err := parseSchema(text)
	if err != nil {
		return nil, err
	}
	if s.kind != "record" {
		return nil, fmt.Errorf("%w: not a record", errSchema)
	}
	binary, err := goavro.NewCodec(text)
	if err != nil {
		return nil, fmt.Errorf("%w: refused by the Avro library", errSchema)
	}
	return &avroType{schema: s, binary: binary, print: s.fingerprint()}, nil
}

// fingerprint is the schema's, computed once.
func (t *avroType) fingerprint() uint64 { return t.print }

var (
	errDatum    = errors.New("the value does not fit its Avro schema, or ends early")
	errTrailing = errors.New("bytes follow the value's end")
)

// decode reads one datum that fills the bytes. Its errors are constant: the
// library's own may quote the value.
func (t *avroType) decode(datum []byte) (m map[string]any, err error) {
	defer func() {
		if recover() != nil {
			m, err = nil, errDatum
		}
	}()
	native, rest, err := t.binary.NativeFromBinary(datum)
	if err != nil {
		return nil, errDatum
	}
	if len(rest) > 0 {
		return nil, errTrailing
	}
	m, _ = plain(t.schema, native).(map[string]any)
	return m, nil
}

// plain takes goavro's wrappers off the values of unions.
func plain(s *schema, native any) any {
	switch s.kind {
	case "union":
		return plainUnion(s, native)
	case "record":
		m, _ := native.(map[string]any)
		for _, f := range s.fields {
			m[f.name] = plain(f.schema, m[f.name])
		}
	case "array":
		list, _ := native.([]any)
		for i := range list {
			list[i] = plain(s.items, list[i])
		}
	case "map":
		m, _ := native.(map[string]any)
		for k := range m {
			m[k] = plain(s.items, m[k])
		}
	}
	return native
}

func plainUnion(s *schema, native any) any {
	wrapped, ok := native.(map[string]any)
	if !ok {
		return nil
	}
	for key, value := range wrapped {
		for _, o := range s.options {
			if o.key() == key {
				return plain(o, value)
			}
		}
		return value
	}
	return nil
}

// encode appends the datum of o to b.
func (t *avroType) encode(b []byte, o object) ([]byte, error) {
	native, err := toNative(t.schema, "", o)
	if err != nil {
		return nil, err
	}
	out, err := t.binary.BinaryFromNative(b, native)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: the value does not fit the schema", t.name)
	}
	return out, nil
}

const (
	logicalDate    = "date"
	logicalMillis  = "timestamp-millis"
	logicalDecimal = "decimal"
)

// fitMoment says whether t is a moment that every reader can write down: of the
// years 1 to 9999.
func fitMoment(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

// What fits, in the units of Avro since 1970.
const (
	firstDay   = -719_162
	lastDay    = 2_932_896
	firstMilli = firstDay * 86_400_000
	lastMilli  = (lastDay+1)*86_400_000 - 1
)
