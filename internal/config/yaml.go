package config

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// document is one YAML file on its way into a binding.
type document struct {
	binding *binding
	lines   map[string]int // of every key that was set, by path
	faults  []Fault
}

// read sets every key that the text holds.
func (d *document) read(text []byte) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		d.faults = append(d.faults, syntaxFault(err))
		return
	}
	for i, doc := range file.Docs {
		switch body := doc.Body.(type) {
		case nil, *ast.NullNode, *ast.CommentGroupNode:
		case *ast.MappingNode:
			if i > 0 {
				d.fault("", doc.Body, "want one document in the file")
				return
			}
			d.section("", body)
		default:
			d.fault("", body, "want keys at the top of the file, such as \"kafka:\"")
		}
	}
}

// syntaxFault takes the parser's message and line, and leaves its excerpt of
// the source out: a secret may stand there.
func syntaxFault(err error) Fault {
	if e, ok := errors.AsType[yaml.Error](err); ok {
		return Fault{Line: e.GetToken().Position.Line, Message: e.GetMessage()}
	}
	return Fault{Message: "is no YAML"}
}

func (d *document) fault(path string, n ast.Node, message string) {
	d.faults = append(d.faults, Fault{Key: path, Line: n.GetToken().Position.Line, Message: message})
}

func (d *document) section(path string, n *ast.MappingNode) {
	for _, entry := range n.Values {
		at := join(path, entry.Key.GetToken().Value)
		k, isKey := d.binding.byPath[at]
		switch {
		case isKey:
			d.lines[at] = entry.Key.GetToken().Position.Line
			d.key(k, entry.Value)
		case d.binding.sections[at]:
			d.enter(at, entry.Value)
		default:
			d.fault(at, entry.Key, "unknown key"+d.binding.hint(at))
		}
	}
}

func (d *document) enter(path string, n ast.Node) {
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.MappingNode:
		d.section(path, n)
	default:
		if d.binding.secrets[path] {
			d.fault(path, n, secretInClear)
			return
		}
		d.fault(path, n, "want keys below it, not a value")
	}
}

const secretInClear = "a secret must not stand in the configuration: put it in a file or an environment variable, and name that with .file or .env"

// key reads the node of one key. The line of a fault is its element's own.
func (d *document) key(k key, n ast.Node) {
	var items []item
	switch k.shape {
	case list:
		sequence, ok := n.(*ast.SequenceNode)
		if !ok {
			d.fault(k.path, n, "want "+k.want())
			return
		}
		for i, element := range sequence.Values {
			text, ok := k.scalar.textOf(element)
			if !ok {
				d.fault(k.path, element, fmt.Sprintf("element %d: want %s", i+1, k.scalar.want))
				return
			}
			items = append(items, item{text: text})
		}
	case mapping:
		m, ok := n.(*ast.MappingNode)
		if !ok {
			d.fault(k.path, n, "want "+k.want())
			return
		}
		for _, entry := range m.Values {
			name := entry.Key.GetToken().Value
			text, ok := k.scalar.textOf(entry.Value)
			if !ok {
				d.fault(k.path, entry.Value, fmt.Sprintf("%s: want %s", name, k.scalar.want))
				return
			}
			items = append(items, item{key: name, text: text})
		}
	default:
		text, ok := k.scalar.textOf(n)
		if !ok {
			d.fault(k.path, n, "want "+k.want())
			return
		}
		items = []item{{text: text}}
	}
	if wrong := k.set(items); wrong != "" {
		d.fault(k.path, n, wrong)
	}
}

// textOf returns the text of a scalar node; ok is false when its YAML type does
// not fit, so that `timeout: 5` is refused rather than read as 5 ns.
func (s scalar) textOf(n ast.Node) (text string, ok bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, s.text
	case *ast.LiteralNode:
		return n.Value.Value, s.text
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, !s.text
	}
	return "", false
}

// hint suggests a known key for an unknown one: the one that differs by a
// typing mistake, or the one of the same name elsewhere.
func (b *binding) hint(path string) string {
	if parent, name := split(path); b.sections[parent] || parent == "" {
		if sibling := closest(name, b.children(parent)); sibling != "" {
			return fmt.Sprintf("; did you mean %q?", join(parent, sibling))
		}
	}
	_, name := split(path)
	for _, k := range b.keys {
		if _, other := split(k.path); other == name {
			return fmt.Sprintf("; did you mean %q?", k.path)
		}
	}
	return ""
}
