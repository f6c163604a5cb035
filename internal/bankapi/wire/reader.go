package wire

import (
	"bytes"
	"math"
	"strconv"
)

// Reader reads one answer after the other, with the memory of the one before. The
// zero value is ready.
type Reader struct {
	body  []byte
	nodes []node
	fault error
}

// node is the answer itself or a member or an element in it. Each is followed by
// what is within it, so that the first thing within nodes[i] is nodes[i+1] and the
// first behind it nodes[nodes[i].next].
type node struct {
	name    span // without its quotes; empty for an element
	value   span
	next    int32
	escaped bool // the name
	row     bool // an object that has been read as a list of one
}

// mayBe says whether the node may be called name, going by the length.
func (n *node) mayBe(name string) bool { return n.escaped || int(n.name.to-n.name.from) == len(name) }

// span is body[from:to].
type span struct{ from, to int32 }

func spanOf(from, to int) span { return span{int32(from), int32(to)} }

// A Reader begins with room for so many nodes, and keeps no more between two answers.
const (
	firstNodes = 32
	keptNodes  = 1024
)

// Read reads a body that is one JSON object. The object refers to body, which must
// not change while the object is in use, and is of no use once Read is called again.
func (r *Reader) Read(body []byte) (Object, error) {
	if n := cap(r.nodes); n == 0 || n > keptNodes {
		r.nodes = make([]node, 0, firstNodes)
	}
	r.body, r.nodes, r.fault = bytes.TrimPrefix(body, []byte("\ufeff")), r.nodes[:0], nil
	start := skipSpace(r.body, 0)
	if len(body) > math.MaxInt32 || start == len(r.body) || r.body[start] != '{' {
		return Object{}, &Error{Want: "one JSON object"}
	}
	if end := r.scanNode(node{}, start, 0); end < 0 || skipSpace(r.body, end) != len(r.body) {
		return Object{}, &Error{Want: "one JSON object"}
	}
	return Object{reader: r}, nil
}

// Forget lets go of the answer.
func (r *Reader) Forget() { r.body, r.fault = nil, nil }

func (r *Reader) text(s span) []byte { return r.body[s.from:s.to] }

// name returns a member's name without its escapes.
func (r *Reader) name(n *node) []byte {
	if n.escaped {
		return unquote(r.body[n.name.from-1 : n.name.to+1])
	}
	return r.text(n.name)
}

// path names the object at a node, with a dot behind it unless it is the whole body.
func (r *Reader) path(at int32) string {
	path, outer := "", int32(0)
	for outer != at {
		inner, index := outer+1, 0
		for r.nodes[inner].next <= at {
			inner, index = r.nodes[inner].next, index+1
		}
		switch n := &r.nodes[inner]; {
		case r.body[r.nodes[outer].value.from] == '[':
			path += "[" + strconv.Itoa(index) + "]"
		case n.row:
			path += string(r.name(n)) + "[0]"
		default:
			path += string(r.name(n))
		}
		if r.body[r.nodes[inner].value.from] == '{' {
			path += "."
		}
		outer = inner
	}
	return path
}
