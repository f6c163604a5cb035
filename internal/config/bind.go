package config

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// key is one settable key, bound to the field that it sets.
type key struct {
	path   string // "kafka.brokers"
	value  reflect.Value
	shape  shape
	scalar scalar // of the value, or of a list's or map's elements
}

// shape is how many scalars a key holds.
type shape uint8

const (
	single shape = iota
	list
	mapping
)

func (k key) want() string {
	switch k.shape {
	case list:
		return "a list, each element " + k.scalar.want
	case mapping:
		return "a map, each value " + k.scalar.want
	}
	return k.scalar.want
}

func (k key) variable() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(k.path, ".", "_"))
}

// binding is the whole tree of keys over one Config.
type binding struct {
	keys   []key
	byPath map[string]key
	// sections are the paths that hold keys; secrets those of them that stand
	// for a secret.
	sections, secrets map[string]bool
}

// bind walks the struct that p points to. A field's key is its yaml tag, or its
// name in snake case; an embedded struct's fields stand beside their siblings.
// Functions, interfaces and fields tagged "-" are not keys. Any other field that
// no text can set is a mistake in the program, and panics.
func bind(p any) *binding {
	b := &binding{byPath: map[string]key{}, sections: map[string]bool{}, secrets: map[string]bool{}}
	b.walk(reflect.ValueOf(p).Elem(), "")
	for _, k := range b.keys {
		b.byPath[k.path] = k
	}
	return b
}

func (b *binding) walk(v reflect.Value, path string) {
	t := v.Type()
	for i := range t.NumField() {
		switch name, ok := keyName(t.Field(i)); {
		case !ok:
		case name == "":
			b.walk(v.Field(i), path)
		default:
			b.bindField(v.Field(i), join(path, name), name)
		}
	}
}

// keyName is what a field's key is called: "" for an embedded struct, whose fields
// stand beside their siblings. ok is false for a field that is no key.
func keyName(f reflect.StructField) (name string, ok bool) {
	name, _, _ = strings.Cut(f.Tag.Get("yaml"), ",")
	switch {
	case !f.IsExported() || name == "-" || f.Type.Kind() == reflect.Func || f.Type.Kind() == reflect.Interface:
		return "", false
	case name == "" && !f.Anonymous:
		name = snake(f.Name)
	}
	return name, true
}

func (b *binding) bindField(v reflect.Value, path, name string) {
	t := v.Type()
	if s, ok := scalarFor(t, name); ok {
		b.keys = append(b.keys, key{path, v, single, s})
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		b.sections[path] = true
		b.secrets[path] = isSecret(t)
		b.walk(v, path)
		return
	case reflect.Slice:
		if s, ok := scalarFor(t.Elem(), name); ok {
			b.keys = append(b.keys, key{path, v, list, s})
			return
		}
	case reflect.Map:
		if s, ok := scalarFor(t.Elem(), name); ok && t.Key().Kind() == reflect.String {
			b.keys = append(b.keys, key{path, v, mapping, s})
			return
		}
	}
	panic(fmt.Sprintf("config: key %s has type %s, which no text can set", path, t))
}

// isSecret says whether t names a place where a secret stands: a struct of File
// and Env and nothing else, whichever package it is from.
func isSecret(t reflect.Type) bool {
	file, hasFile := t.FieldByName("File")
	env, hasEnv := t.FieldByName("Env")
	return t.NumField() == 2 && hasFile && hasEnv &&
		file.Type.Kind() == reflect.String && env.Type.Kind() == reflect.String
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// snake turns MaxIdleConns into max_idle_conns and CAFile into ca_file.
func snake(name string) string {
	runes := []rune(name)
	var out strings.Builder
	for i, r := range runes {
		startsWord := i > 0 && unicode.IsUpper(r) &&
			(!unicode.IsUpper(runes[i-1]) || (i+1 < len(runes) && unicode.IsLower(runes[i+1])))
		if startsWord {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

// item is one scalar on its way into a key.
type item struct {
	key  string // of a map's element
	text string
}

// set writes items into the key's field and returns what is wrong, "" if nothing
// is. Texts are quoted in it, so the caller keeps secrets away.
func (k key) set(items []item) string {
	t := k.value.Type()
	switch k.shape {
	case list:
		out := reflect.MakeSlice(t, len(items), len(items))
		for i, it := range items {
			if k.scalar.set(out.Index(i), it.text) != nil {
				return fmt.Sprintf("element %d is %q; want %s", i+1, it.text, k.scalar.want)
			}
		}
		k.value.Set(out)
	case mapping:
		out := reflect.MakeMapWithSize(t, len(items))
		for _, it := range items {
			element := reflect.New(t.Elem()).Elem()
			if k.scalar.set(element, it.text) != nil {
				return fmt.Sprintf("%s is %q; want %s", it.key, it.text, k.scalar.want)
			}
			out.SetMapIndex(reflect.ValueOf(it.key).Convert(t.Key()), element)
		}
		k.value.Set(out)
	default:
		if k.scalar.set(k.value, items[0].text) != nil {
			return fmt.Sprintf("is %q; want %s", items[0].text, k.scalar.want)
		}
	}
	return ""
}
