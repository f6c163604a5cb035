package codec

import (
	"fmt"
	"slices"
	"strings"
)

// Conflicts says why a reader's schema does not read every value of a writer's,
// by Avro's rules of schema resolution, each conflict beginning with the path of
// its field. It is for people who change schemas: commands are read more
// leniently, value by value.
func Conflicts(reader, writer string) ([]string, error) {
	r, err := parseSchema(reader)
	if err != nil {
		return nil, fmt.Errorf("reading the reader's schema: %w", err)
	}
	w, err := parseSchema(writer)
	if err != nil {
		return nil, fmt.Errorf("reading the writer's schema: %w", err)
	}
	return conflicts("", r, w), nil
}

func conflict(path, format string, args ...any) []string {
	if path == "" {
		path = "the record"
	}
	return []string{path + ": " + fmt.Sprintf(format, args...)}
}

func conflicts(path string, r, w *schema) []string {
	switch {
	case w.kind == "union": // each of its options may come
		var all []string
		for _, o := range w.options {
			all = append(all, conflicts(path, r, o)...)
		}
		return all
	case r.kind == "union":
		return unionConflicts(path, r, w)
	case r.kind == w.kind:
		return sameKindConflicts(path, r, w)
	case slices.Contains(promotions[w.kind], r.kind):
		return nil
	}
	return conflict(path, "is %s where %s is read", w.kind, r.kind)
}

// promotions are what a writer's type may be read as.
var promotions = map[string][]string{
	"int":    {"long", "float", "double"},
	"long":   {"float", "double"},
	"float":  {"double"},
	"string": {"bytes"},
	"bytes":  {"string"},
}

// unionConflicts are none when one option fits; the nearest option tells why not.
func unionConflicts(path string, r, w *schema) []string {
	var nearest []string
	for _, o := range r.options {
		found := conflicts(path, o, w)
		if len(found) == 0 {
			return nil
		}
		if o.kind == w.kind {
			nearest = found
		}
	}
	if nearest == nil {
		return conflict(path, "is %s where %s is read", w.kind, r.describe())
	}
	return nearest
}

func (s *schema) describe() string {
	var kinds []string
	for _, o := range s.options {
		kinds = append(kinds, o.kind)
	}
	return strings.Join(kinds, " or ")
}

func sameKindConflicts(path string, r, w *schema) []string {
	switch r.kind {
	case "record":
		return recordConflicts(path, r, w)
	case "enum":
		for _, symbol := range w.symbols {
			if !slices.Contains(r.symbols, symbol) {
				return conflict(path, "the symbol %s is not known", symbol)
			}
		}
	case "fixed":
		if r.size != w.size {
			return conflict(path, "has %d bytes where %d are read", w.size, r.size)
		}
	case "array", "map":
		return conflicts(path, r.items, w.items)
	}
	if r.logical == logicalDecimal && w.logical == logicalDecimal && r.scale != w.scale {
		return conflict(path, "is a decimal of scale %d where %d is read", w.scale, r.scale)
	}
	return nil
}

func recordConflicts(path string, r, w *schema) []string {
	if unqualified(r.name) != unqualified(w.name) {
		return conflict(path, "is the record %s where %s is read", w.name, r.name)
	}
	var all []string
	for _, f := range r.fields {
		i := slices.IndexFunc(w.fields, func(o field) bool { return o.name == f.name })
		switch {
		case i >= 0:
			all = append(all, conflicts(join(path, f.name), f.schema, w.fields[i].schema)...)
		case !f.hasDefault:
			all = append(all, conflict(join(path, f.name), "is not written, and has no default where it is read")...)
		}
	}
	return all
}

func unqualified(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
