package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"bankprocessor/internal/command"
)

// object is a record on its way out, in the order of its fields. Values are
// string, bool, int64, command.Decimal, command.Date, time.Time, object,
// []object, or nil.
type object []member

type member struct {
	name  string
	value any
	// empty marks a value that means "none": null where null is allowed.
	empty bool
}

// MarshalJSON writes plain JSON: no nulls, amounts as strings, days as
// yyyy-mm-dd, moments in RFC 3339.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for _, m := range o {
		if m.empty || m.value == nil {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", m.name, err)
		}
		fmt.Fprintf(&b, "%q:%s", m.name, value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// writer is the walker that writes objects.
type writer struct {
	object
	whole func(object) // takes the object of a nested record when it ends
}

func write(fields func(walker)) object {
	var w writer
	fields(&w)
	return w.object
}

func (w *writer) put(name string, value any, empty bool) {
	w.object = append(w.object, member{name: name, value: value, empty: empty})
}

func (w *writer) text(name, v string) string {
	w.put(name, v, v == "")
	return v
}

func (w *writer) flag(name string, p *bool) { w.put(name, *p, false) }

func (w *writer) integer(name string, _ int, v int64) int64 {
	w.put(name, v, v == 0)
	return v
}

func (w *writer) optFlag(name string, p **bool) { putPointer(w, name, *p) }

func (w *writer) optInteger(name string, _ int, v int64, present bool) (int64, bool) {
	if present {
		w.put(name, v, false)
	} else {
		w.put(name, nil, true)
	}
	return v, present
}

func (w *writer) decimal(name string, p **command.Decimal) { putPointer(w, name, *p) }

func (w *writer) day(name string, p *command.Date) {
	if p.IsZero() {
		w.put(name, nil, true)
		return
	}
	w.put(name, *p, false)
}

func (w *writer) moment(name string, p *time.Time) {
	if p.IsZero() {
		w.put(name, nil, true)
		return
	}
	w.put(name, p.UTC(), false)
}

func (w *writer) record(name string, present bool) (walker, bool) {
	if !present {
		w.put(name, nil, true)
		return nil, false
	}
	return &writer{whole: func(o object) { w.put(name, o, false) }}, true
}

func (w *writer) list(name string, length int) int {
	w.put(name, make([]object, length), false)
	return length
}

// item is of the list that was put last.
func (w *writer) item(_ string, i int) walker {
	list, _ := w.object[len(w.object)-1].value.([]object)
	return &writer{whole: func(o object) { list[i] = o }}
}

func (w *writer) end() { w.whole(w.object) }

func putPointer[T any](w *writer, name string, p *T) {
	if p == nil {
		w.put(name, nil, true)
		return
	}
	w.put(name, *p, false)
}
