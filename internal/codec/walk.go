package codec

import (
	"slices"
	"time"

	"bankprocessor/internal/command"
)

// walker goes over the fields of an event, in the order of its schema, either to
// fill them or to write them down. A reader leaves a field alone that the event
// does not have; a writer marks "", 0 and zero days as empty, which becomes null
// where the schema allows it.
//
// Texts and numbers go in and come out by value: their fields have types of their
// own, and a pointer to a converted copy would be garbage for each of them.
type walker interface {
	text(name, v string) string
	flag(name string, p *bool)
	// integer is a number of at most the given bits, sign included.
	integer(name string, bits int, v int64) int64
	optFlag(name string, p **bool)
	optInteger(name string, bits int, v int64, present bool) (int64, bool)
	decimal(name string, p **command.Decimal)
	day(name string, p *command.Date)
	moment(name string, p *time.Time)
	// record enters a nested record and says whether there is one to walk: for a
	// reader when the event has it, for a writer when present is true.
	record(name string, present bool) (walker, bool)
	// list says of how many items, records all, a list is; a writer is told. Each
	// of them is entered by item, in order, right after list.
	list(name string, length int) int
	item(name string, i int) walker
	// end leaves what record or item has entered.
	end()
}

func text[T ~string](w walker, name string, p *T) { *p = T(w.text(name, string(*p))) }

func long[T ~int64](w walker, name string, p *T) { *p = T(w.integer(name, 64, int64(*p))) }

func short[T ~int32 | ~int](w walker, name string, p *T) { *p = T(w.integer(name, 32, int64(*p))) }

func optLong(w walker, name string, p **int64) { optNumber(w, name, 64, p) }

func optShort(w walker, name string, p **int32) { optNumber(w, name, 32, p) }

func optNumber[T int32 | int64](w walker, name string, bits int, p **T) {
	var v int64
	present := *p != nil
	if present {
		v = int64(**p)
	}
	if read, ok := w.optInteger(name, bits, v, present); ok && !present {
		*p = new(T(read))
	}
}

// nested walks a record that is nil when absent.
func nested[T any](w walker, name string, p **T, fields func(walker, *T)) {
	inner, ok := w.record(name, *p != nil)
	if !ok {
		return
	}
	if *p == nil {
		*p = new(T)
	}
	fields(inner, *p)
	inner.end()
}

func listOf[T any](w walker, name string, p *[]T, fields func(walker, *T)) {
	n := w.list(name, len(*p))
	*p = slices.Grow(*p, n)[:n]
	for i := range *p {
		item := w.item(name, i)
		fields(item, &(*p)[i])
		item.end()
	}
}
