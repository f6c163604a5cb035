package config

import "strings"

// sectionFault is one message of a package's Validate, such as
// "http: base_url: want a URL" or "kafka.brokers[0]: want host:port".
type sectionFault struct{ section, message string }

// flatten returns the messages of an error that may be joined from many, also
// below a prefix that wraps the join.
func flatten(err error) []string {
	if err == nil {
		return nil
	}
	switch e := err.(type) { //nolint:errorlint // the tree itself is walked
	case interface{ Unwrap() []error }:
		var all []string
		for _, inner := range e.Unwrap() {
			all = append(all, flatten(inner)...)
		}
		return all
	case interface{ Unwrap() error }:
		inner := e.Unwrap()
		prefix, wraps := strings.CutSuffix(err.Error(), errorText(inner))
		parts := flatten(inner)
		if !wraps || len(parts) < 2 {
			break
		}
		for i := range parts {
			parts[i] = prefix + parts[i]
		}
		return parts
	}
	return []string{err.Error()}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// locate turns the beginning of a message into the key that it speaks of, and
// finds the line where the key stands.
func (b *binding) locate(f sectionFault, lines map[string]int) Fault {
	at, message := f.section, f.message
	for b.sections[at] {
		head, rest, ok := strings.Cut(message, ": ")
		if !ok {
			break
		}
		next := b.resolve(at, head)
		if next == "" {
			break
		}
		at, message = next, rest
	}
	return Fault{Key: at, Line: b.lineOf(at, lines), Message: message}
}

// resolve finds what a package calls name, whose names are relative to its
// section or begin with the section's or the package's own name.
func (b *binding) resolve(section, name string) string {
	if next := join(section, name); b.has(next) {
		return next
	}
	if _, below, ok := strings.Cut(name, "."); ok {
		if next := join(section, below); b.has(next) {
			return next
		}
	}
	if name == section || strings.HasPrefix(name, section+".") && b.has(name) {
		return name
	}
	return ""
}

// has says whether path is a key, a section, or an element of either.
func (b *binding) has(path string) bool {
	_, isKey := b.key(path)
	return isKey || b.sections[path]
}

// key finds the key of a path that may name an element of it: "brokers[0]" and
// "paths.customer.create" are in "brokers" and "paths".
func (b *binding) key(path string) (key, bool) {
	path, _, _ = strings.Cut(path, "[")
	for path != "" {
		if k, ok := b.byPath[path]; ok {
			return k, true
		}
		path, _ = split(path)
	}
	return key{}, false
}

// lineOf returns the line of a key, or for a section the first line of its keys.
func (b *binding) lineOf(path string, lines map[string]int) int {
	if k, ok := b.key(path); ok {
		return lines[k.path]
	}
	first := 0
	for set, line := range lines {
		if strings.HasPrefix(set, path+".") && (first == 0 || line < first) {
			first = line
		}
	}
	return first
}
