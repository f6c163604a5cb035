package registry

import (
	"encoding/json"
	"reflect"
	"strings"
)

// inliner makes one schema of several. Avro names a type in full once and refers
// to it by name from then on.
type inliner struct {
	known   map[string]map[string]any // definitions by full name
	written map[string]bool           // names that stand in full by now
	// twice is a name that two definitions have, as versions of one subject may: which
	// of them a writer meant cannot be told, and the wrong one misreads its values.
	twice string
}

func newInliner() *inliner {
	return &inliner{known: map[string]map[string]any{}, written: map[string]bool{}}
}

// learn takes in the named types that a schema defines, at whatever depth: who
// refers to the schema may use each of them. Text that is none is left out, and so
// is missed by whoever refers to it.
func (in *inliner) learn(text string) {
	var v any
	if json.Unmarshal([]byte(text), &v) == nil {
		in.take(v, "")
	}
}

func (in *inliner) take(v any, namespace string) {
	switch v := v.(type) {
	case []any:
		for _, option := range v {
			in.take(option, namespace)
		}
	case map[string]any:
		if named(v) {
			full := nameOf(v, namespace)
			namespace, v["name"] = split(full)
			v["namespace"] = namespace
			delete(v, "doc")
			defer in.know(full, v)
		}
		for _, part := range []string{"type", "items", "values"} {
			in.take(v[part], namespace)
		}
		fields, _ := v["fields"].([]any)
		for _, f := range fields {
			if field, ok := f.(map[string]any); ok {
				delete(field, "doc")
				in.take(field["type"], namespace)
			}
		}
	}
}

// know keeps a definition, whose parts are known by now.
func (in *inliner) know(full string, v map[string]any) {
	if known, ok := in.known[full]; ok && !reflect.DeepEqual(known, v) {
		in.twice = full
	}
	in.known[full] = v
}

// whole returns the schema with every known type that it refers to.
func (in *inliner) whole(text string) (string, error) {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return "", err
	}
	b, err := json.Marshal(in.expand(v, ""))
	return string(b), err
}

func (in *inliner) expand(v any, namespace string) any {
	switch v := v.(type) {
	case string:
		full := fullName(v, namespace)
		if definition, ok := in.known[full]; ok && !in.written[full] {
			return in.define(definition, "")
		}
		return v
	case []any:
		for i := range v {
			v[i] = in.expand(v[i], namespace)
		}
		return v
	case map[string]any:
		return in.define(v, namespace)
	}
	return v
}

// define expands what a definition is made of. A type without a namespace of its
// own would take the one of where it is put.
func (in *inliner) define(v map[string]any, namespace string) any {
	if named(v) {
		full := nameOf(v, namespace)
		if in.written[full] {
			return full
		}
		in.written[full] = true
		namespace, v["name"] = split(full)
		v["namespace"] = namespace
	}
	if _, plain := v["type"].(string); !plain {
		v["type"] = in.expand(v["type"], namespace)
	}
	for _, part := range []string{"items", "values"} {
		if inner, ok := v[part]; ok {
			v[part] = in.expand(inner, namespace)
		}
	}
	fields, _ := v["fields"].([]any)
	for _, f := range fields {
		if field, ok := f.(map[string]any); ok {
			field["type"] = in.expand(field["type"], namespace)
		}
	}
	return v
}

func named(v map[string]any) bool {
	kind, _ := v["type"].(string)
	return kind == "record" || kind == "enum" || kind == "fixed"
}

func nameOf(v map[string]any, namespace string) string {
	name, _ := v["name"].(string)
	if own, ok := v["namespace"].(string); ok {
		namespace = own
	}
	return fullName(name, namespace)
}

func fullName(name, namespace string) string {
	if namespace == "" || strings.Contains(name, ".") {
		return name
	}
	return namespace + "." + name
}

func split(full string) (namespace, name string) {
	if i := strings.LastIndexByte(full, '.'); i >= 0 {
		return full[:i], full[i+1:]
	}
	return "", full
}
