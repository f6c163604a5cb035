package codec

import (
	"slices"
	"time"

	"bankprocessor/internal/command"
)

// walker goes over the fields of an event, either to fill them or to write them
// down. A reader leaves a field alone that the event does not have; a writer
// marks "", 0 and zero days as empty, which becomes null where the schema allows
// it.
type walker interface {
	text(name string, p *string)
	flag(name string, p *bool)
	// integer is a number of at most the given bits, sign included.
	integer(name string, bits int, p *int64)
	optFlag(name string, p **bool)
	optInteger(name string, bits int, p **int64)
	decimal(name string, p **command.Decimal)
	day(name string, p *command.Date)
	moment(name string, p *time.Time)
	// record walks a nested record. A reader calls fields when the event has the
	// record, a writer when present is true.
	record(name string, present bool, fields func(walker))
	// list walks a list of records: a reader calls resize first, then both call
	// item for every index.
	list(name string, length int, resize func(int), item func(int, walker))
}

func text[T ~string](w walker, name string, p *T) {
	s := string(*p)
	w.text(name, &s)
	*p = T(s)
}

func long[T ~int64](w walker, name string, p *T) {
	n := int64(*p)
	w.integer(name, 64, &n)
	*p = T(n)
}

func short[T ~int32 | ~int](w walker, name string, p *T) {
	n := int64(*p)
	w.integer(name, 32, &n)
	*p = T(n)
}

func optShort(w walker, name string, p **int32) {
	var n *int64
	if *p != nil {
		wide := int64(**p)
		n = &wide
	}
	w.optInteger(name, 32, &n)
	if *p = nil; n != nil {
		narrow := int32(*n)
		*p = &narrow
	}
}

// nested walks a record that is nil when absent.
func nested[T any](w walker, name string, p **T, fields func(walker, *T)) {
	w.record(name, *p != nil, func(w walker) {
		if *p == nil {
			*p = new(T)
		}
		fields(w, *p)
	})
}

func listOf[T any](w walker, name string, p *[]T, fields func(walker, *T)) {
	w.list(name, len(*p), func(n int) { *p = slices.Grow(*p, n)[:n] }, func(i int, w walker) { fields(w, &(*p)[i]) })
}
