package config

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bankprocessor/test/pages"
)

var update = flag.Bool("update", false, "rewrite the generated part of docs/reference/config.md")

// Every key stands on the page with its type, default, variable and what the
// example says of it; none lacks a description.
func TestConfigReference(t *testing.T) {
	t.Parallel()
	pages.Hold(t, "../../docs/reference/config.md", "keys", "go test ./internal/config -run TestConfigReference -update",
		keysAsMarkdown(t), *update)
}

// documented is what the example says of one key or section.
type documented struct {
	words  string // its comment, or that of the keys before it that share one
	shared bool   // it is theirs
	value  string // as it stands behind the colon
	line   int
}

var exampleLine = regexp.MustCompile(`^( *)([\w.]+):(?: (.*))?$`)

// commentsOf reads the example: a comment stands in front of what it speaks of, and
// speaks of the keys right behind that, too, but not of sections.
func commentsOf(example string, sections map[string]bool) map[string]documented {
	found := map[string]documented{}
	var parents, comment []string // the keys above, by depth
	shared := map[string]string{} // by section: the comment that a key without its own has
	number := 0
	for line := range strings.Lines(example) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if words, ok := strings.CutPrefix(strings.TrimSpace(line), "#"); ok {
			comment = append(comment, strings.TrimSpace(words))
			continue
		}
		m := exampleLine.FindStringSubmatch(line)
		if m == nil {
			comment = nil // an empty line ends the head of the file
			continue
		}
		depth := len(m[1]) / 2
		parents = append(parents[:depth], m[2])
		section, path := strings.Join(parents[:depth], "."), strings.Join(parents, ".")
		d := documented{words: strings.Join(comment, " "), value: m[3], line: number}
		switch {
		case sections[path]:
			shared[section] = ""
		case d.words != "":
			shared[section] = d.words
		default:
			d.words, d.shared = shared[section], true
		}
		found[path], comment = d, nil
	}
	return found
}

// fields says of every path which field of which type it is: where types are
// shared, so are descriptions.
func fields() map[string]string {
	all := map[string]string{}
	walkStructs(reflect.ValueOf(Config{}), "", func(path string, v reflect.Value) bool {
		for i := range v.NumField() {
			if name, ok := keyName(v.Type().Field(i)); ok && name != "" {
				all[join(path, name)] = v.Type().String() + "." + v.Type().Field(i).Name
			}
		}
		return true
	})
	return all
}

// reference is what the page is made from.
type reference struct {
	binding  *binding
	comments map[string]documented
	fields   map[string]string
	first    map[string]string // by field: the first path that is described, best by a comment of its own
}

func newReference(t *testing.T) *reference {
	t.Helper()
	var c Config
	r := &reference{binding: bind(&c), fields: fields(), first: map[string]string{}}
	sections := maps.Clone(r.binding.sections)
	maps.DeleteFunc(sections, func(path string, _ bool) bool { return r.binding.secrets[path] })
	r.comments = commentsOf(string(example(t)), sections)
	for _, path := range slices.Sorted(maps.Keys(r.fields)) {
		d, field := r.comments[path], r.fields[path]
		if before, has := r.first[field]; d.words != "" && (!has || r.comments[before].shared && !d.shared) {
			r.first[field] = path
		}
	}
	return r
}

// describe is what a key or section is: the example's words, or where they stand.
func (r *reference) describe(path string) string {
	parent, name := split(path)
	said, twin := r.comments[path], r.first[r.fields[path]]
	switch {
	case r.binding.secrets[parent] && r.describe(parent) == "":
		return ""
	case r.binding.secrets[parent] && name == "env":
		return "Or the environment variable that it is in."
	case r.binding.secrets[parent]:
		return "The file that it is in. " + r.describe(parent)
	case said.shared && said.words != "" && (twin == path || r.comments[twin].shared):
		return "With those above."
	case said.shared && twin != "":
		return "As `" + twin + "`."
	case said.words != "":
		return said.words
	case twin != "":
		return "As `" + twin + "`."
	}
	return ""
}

// kind is what the value of a key looks like.
func (k key) kind() string {
	one := "text"
	for want, kind := range map[string]string{
		"a duration": "duration", "true or false": "true or false", "a number": "number", "a size": "size", "a whole": "whole number",
	} {
		if strings.HasPrefix(k.scalar.want, want) {
			one = kind
		}
	}
	return map[shape]string{single: "", list: "list of ", mapping: "map to "}[k.shape] + one
}

// byDefault is the default as one writes it; TestExampleTellsTheTrueDefaults holds
// the example's to the source.
func (r *reference) byDefault(path string) string {
	if slices.Contains(required, path) {
		return "required"
	}
	value := r.comments[path].value
	if value == "" { // a map on lines of its own
		var entries []string
		for _, at := range slices.Sorted(maps.Keys(r.comments)) {
			if name, ok := strings.CutPrefix(at, path+"."); ok {
				entries = append(entries, "`"+name+": "+r.comments[at].value+"`")
			}
		}
		return strings.Join(entries, "<br>")
	}
	return "`" + value + "`"
}

func keysAsMarkdown(t *testing.T) string {
	t.Helper()
	r := newReference(t)
	var b strings.Builder
	section := ""
	for _, k := range r.ordered() {
		if at := r.sectionOf(k.path); at != section {
			section = at
			fmt.Fprintf(&b, "\n## %s\n\n", section)
			if words := r.describe(section); words != "" {
				fmt.Fprintf(&b, "%s\n\n", words)
			}
			b.WriteString("| key | takes | default | |\n| --- | --- | --- | --- |\n")
		}
		words := r.describe(k.path)
		if words == "" {
			t.Errorf("%s has no description: write one above it in deploy/processor.example.yaml", k.path)
		}
		fmt.Fprintf(&b, "| `%s`<br>`%s` | %s | %s | %s |\n", k.path, k.variable(), k.kind(), r.byDefault(k.path), strings.ReplaceAll(words, "|", `\|`))
	}
	return b.String() + "\n"
}

// ordered are the keys as the example has them, those of a section together.
func (r *reference) ordered() []key {
	begins := map[string]int{}
	for _, k := range r.binding.keys {
		at, line := r.sectionOf(k.path), r.comments[k.path].line
		if begins[at] == 0 || line < begins[at] {
			begins[at] = line
		}
	}
	return slices.SortedFunc(slices.Values(r.binding.keys), func(a, b key) int {
		return cmp.Or(cmp.Compare(begins[r.sectionOf(a.path)], begins[r.sectionOf(b.path)]),
			cmp.Compare(r.comments[a.path].line, r.comments[b.path].line))
	})
}

// sectionOf is the section that a key is shown under: its own, or that which has
// the secret.
func (r *reference) sectionOf(path string) string {
	section, _ := split(path)
	if r.binding.secrets[section] {
		section, _ = split(section)
	}
	return section
}
