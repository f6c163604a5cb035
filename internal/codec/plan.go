package codec

import (
	"errors"

	"bankprocessor/internal/command"
)

// plan is a record's schema made ready for walks that go straight between bytes
// and structs.
type plan struct {
	slots []slot
	least int // bytes that a record takes at least
}

// slot is what stands in a record's place.
type slot struct {
	name     string
	kind     slotKind
	optional bool  // a union with null
	null     byte  // the encoded index of null in it
	some     byte  // the encoded index of the other option
	bits     int   // of an integer, 32 or 64
	scale    uint8 // of a decimal
	whole    int   // digits before the point that a decimal may have
	inner    *plan // of a record, and of a list's items
}

type slotKind uint8

const (
	slotText slotKind = iota
	slotFlag
	slotInteger
	slotDay
	slotMoment
	slotDecimal
	slotRecord
	slotList
)

var slotKinds = map[[2]string]slotKind{
	{"string", ""}:            slotText,
	{"string", "uuid"}:        slotText,
	{"boolean", ""}:           slotFlag,
	{"int", ""}:               slotInteger,
	{"long", ""}:              slotInteger,
	{"int", logicalDate}:      slotDay,
	{"long", logicalMillis}:   slotMoment,
	{"bytes", logicalDecimal}: slotDecimal,
	{"record", ""}:            slotRecord,
	{"array", ""}:             slotList,
}

// maxNested is how deep records and lists may nest for a plan to be made; rows of
// a result's payload nest twice.
const maxNested = 4

var errUnplanned = errors.New("the schema has a type that no walk of ours uses")

// planOf returns the plan of a record, or an error where the schema has what our
// own schemas have not: such a schema is left to goavro.
func planOf(s *schema, depth int) (*plan, error) {
	if s.kind != "record" || depth > maxNested {
		return nil, errUnplanned
	}
	p := &plan{slots: make([]slot, len(s.fields))}
	for i, f := range s.fields {
		var err error
		if p.slots[i], err = slotOf(f, depth); err != nil {
			return nil, err
		}
		p.least += p.slots[i].leastBytes()
	}
	return p, nil
}

func slotOf(f field, depth int) (slot, error) {
	s, of := slot{name: f.name}, f.schema
	if some := of.optional(); some != nil {
		s.optional, s.null, s.some = true, 0, 2 // zigzag
		if of.options[0] == some {
			s.null, s.some = 2, 0
		}
		of = some
	}
	var known bool
	if s.kind, known = slotKinds[[2]string{of.kind, of.logical}]; !known {
		return s, errUnplanned
	}
	var err error
	switch s.kind {
	case slotRecord:
		s.inner, err = planOf(of, depth+1)
	case slotList:
		if s.optional {
			return s, errUnplanned
		}
		s.inner, err = planOf(of.items, depth+1)
	case slotInteger:
		s.bits = 64
		if of.kind == "int" {
			s.bits = 32
		}
	case slotDecimal:
		if of.scale < 0 || of.scale > command.MaxDecimalScale || of.digits < of.scale {
			return s, errUnplanned
		}
		s.scale, s.whole = uint8(of.scale), of.digits-of.scale
	}
	return s, err
}

func (s *slot) leastBytes() int {
	if s.kind == slotRecord && !s.optional {
		return s.inner.least
	}
	return 1
}
