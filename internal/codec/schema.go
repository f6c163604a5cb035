package codec

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// schema is one node of a parsed Avro schema.
type schema struct {
	kind    string // a primitive, or record, enum, fixed, array, map, union
	logical string // logical type of a primitive or fixed, "" when none
	scale   int    // of a decimal
	digits  int    // precision of a decimal
	name    string // full name of a record, enum or fixed
	size    int64  // of a fixed
	fields  []field
	symbols []string
	items   *schema   // of an array or map
	options []*schema // of a union
}

type field struct {
	name       string
	schema     *schema
	hasDefault bool
}

var errSchema = errors.New("unusable schema")

func parseSchema(text string) (*schema, error) {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return nil, fmt.Errorf("%w: not JSON", errSchema)
	}
	p := schemaParser{named: make(map[string]*schema), open: make(map[string]bool)}
	s, err := p.parse(v, "")
	if err != nil {
		return nil, err
	}
	return s, s.guard()
}

type schemaParser struct {
	named map[string]*schema
	open  map[string]bool // records whose fields are being parsed
}

func isPrimitive(kind string) bool {
	switch kind {
	case "null", "boolean", "int", "long", "float", "double", "bytes", "string":
		return true
	}
	return false
}

func (p *schemaParser) parse(v any, namespace string) (*schema, error) {
	switch v := v.(type) {
	case string:
		return p.reference(v, namespace)
	case []any:
		return p.union(v, namespace)
	case map[string]any:
		return p.object(v, namespace)
	}
	return nil, fmt.Errorf("%w: a type is neither name, list nor object", errSchema)
}

func (p *schemaParser) reference(name, namespace string) (*schema, error) {
	if isPrimitive(name) {
		return &schema{kind: name}, nil
	}
	full := fullName(name, namespace)
	if p.open[full] {
		return nil, fmt.Errorf("%w: recursive record %s", errSchema, full)
	}
	if s, ok := p.named[full]; ok {
		return s, nil
	}
	return nil, fmt.Errorf("%w: unknown type %s", errSchema, full)
}

func (p *schemaParser) union(list []any, namespace string) (*schema, error) {
	s := &schema{kind: "union"}
	for _, v := range list {
		option, err := p.parse(v, namespace)
		if err != nil {
			return nil, err
		}
		s.options = append(s.options, option)
	}
	return s, nil
}

func (p *schemaParser) object(m map[string]any, namespace string) (*schema, error) {
	kind, named := m["type"].(string)
	if !named {
		return p.parse(m["type"], namespace)
	}
	switch kind {
	case "record", "enum", "fixed":
		return p.namedType(kind, m, namespace)
	case "array":
		return p.container(kind, m["items"], namespace)
	case "map":
		return p.container(kind, m["values"], namespace)
	}
	s, err := p.reference(kind, namespace)
	if err != nil || !isPrimitive(kind) {
		return s, err
	}
	s.readLogical(m)
	return s, nil
}

func (p *schemaParser) container(kind string, items any, namespace string) (*schema, error) {
	s, err := p.parse(items, namespace)
	if err != nil {
		return nil, err
	}
	return &schema{kind: kind, items: s}, nil
}

func (p *schemaParser) namedType(kind string, m map[string]any, namespace string) (*schema, error) {
	name, _ := m["name"].(string)
	if own, ok := m["namespace"].(string); ok {
		namespace = own
	}
	s := &schema{kind: kind, name: fullName(name, namespace)}
	if i := strings.LastIndexByte(s.name, '.'); i >= 0 {
		namespace = s.name[:i]
	}
	p.named[s.name] = s
	switch kind {
	case "record":
		return s, p.recordFields(s, m, namespace)
	case "enum":
		symbols, _ := m["symbols"].([]any)
		for _, symbol := range symbols {
			text, _ := symbol.(string)
			s.symbols = append(s.symbols, text)
		}
	case "fixed":
		size, _ := m["size"].(float64)
		s.size = int64(size)
		s.readLogical(m)
	}
	return s, nil
}

func (p *schemaParser) recordFields(s *schema, m map[string]any, namespace string) error {
	p.open[s.name] = true
	defer delete(p.open, s.name)
	fields, _ := m["fields"].([]any)
	for _, v := range fields {
		f, _ := v.(map[string]any)
		name, _ := f["name"].(string)
		if name == "" {
			return fmt.Errorf("%w: a field of %s has no name", errSchema, s.name)
		}
		child, err := p.parse(f["type"], namespace)
		if err != nil {
			return err
		}
		_, hasDefault := f["default"]
		s.fields = append(s.fields, field{name: name, schema: child, hasDefault: hasDefault})
	}
	return nil
}

func (s *schema) readLogical(m map[string]any) {
	s.logical, _ = m["logicalType"].(string)
	scale, _ := m["scale"].(float64)
	digits, _ := m["precision"].(float64)
	s.scale, s.digits = int(scale), int(digits)
}

func fullName(name, namespace string) string {
	if namespace == "" || strings.Contains(name, ".") {
		return name
	}
	return namespace + "." + name
}

// maxParts bounds what one value is made of beside the items of its lists. Types
// that are used again and again let a short schema describe a value without end.
const maxParts = 1 << 14

// maxDigits bounds a decimal's precision, and with it its scale: the library raises
// ten to the power of it for each value.
const maxDigits = 1000

// guard refuses schemas under which a few bytes stand for any number of things:
// lists of items that take no bytes, records of more than maxParts, and decimals of
// more than maxDigits. Recursive records, whose nesting the bytes would decide, do not
// parse at all.
func (s *schema) guard() error {
	_, err := s.measure(map[*schema]extent{})
	return err
}

// extent is the least number of bytes that a value takes, maxParts at most, and the
// parts that it is made of.
type extent struct{ bytes, parts int64 }

// measure looks at each type once, however often it is used.
func (s *schema) measure(seen map[*schema]extent) (e extent, err error) {
	if e, ok := seen[s]; ok {
		return e, nil
	}
	if e, err = s.sum(seen); err != nil {
		return e, err
	}
	if e.parts > maxParts {
		return e, fmt.Errorf("%w: of more than %d fields, counted wherever their types are used", errSchema, maxParts)
	}
	e.bytes = min(e.bytes, maxParts)
	seen[s] = e
	return e, nil
}

func (s *schema) sum(seen map[*schema]extent) (extent, error) {
	if s.logical == logicalDecimal && (s.digits > maxDigits || s.scale > maxDigits) {
		return extent{}, fmt.Errorf("%w: a decimal of more than %d digits", errSchema, maxDigits)
	}
	switch s.kind {
	case "null":
		return extent{0, 1}, nil
	case "fixed":
		return extent{s.size, 1}, nil
	case "record":
		e := extent{0, 1}
		for _, f := range s.fields {
			of, err := f.schema.measure(seen)
			if err != nil {
				return e, err
			}
			e.bytes += of.bytes
			e.parts += of.parts
		}
		return e, nil
	case "union":
		e := extent{1, 1}
		for _, o := range s.options {
			of, err := o.measure(seen)
			if err != nil {
				return e, err
			}
			e.parts = max(e.parts, of.parts)
		}
		return e, nil
	case "array":
		of, err := s.items.measure(seen)
		if err == nil && of.bytes == 0 {
			err = fmt.Errorf("%w: a list of items that take no bytes", errSchema)
		}
		return extent{1, of.parts}, err
	case "map":
		of, err := s.items.measure(seen)
		return extent{1, of.parts}, err
	}
	return extent{1, 1}, nil
}

// key is the name under which goavro wraps a union's value.
func (s *schema) key() string {
	if s.name != "" {
		return s.name
	}
	switch s.kind + "." + s.logical {
	case "long.timestamp-millis", "long.timestamp-micros", "int.time-millis",
		"long.time-micros", "int.date", "bytes.decimal":
		return s.kind + "." + s.logical
	}
	return s.kind
}

// optional returns the sole other option of a union with null, nil otherwise.
func (s *schema) optional() *schema {
	if s.kind != "union" || len(s.options) != 2 {
		return nil
	}
	for i, o := range s.options {
		if o.kind == "null" {
			return s.options[1-i]
		}
	}
	return nil
}
