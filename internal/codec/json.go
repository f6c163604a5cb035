package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxDepth bounds the nesting of plain JSON; an event nests twice.
const maxDepth = 16

// jsonError is a refusal of plain JSON. field is the name of a key that stands
// twice.
type jsonError struct{ field, reason string }

func (e *jsonError) Error() string { return e.reason }

// parseJSON reads one JSON object with exact numbers. Unlike encoding/json it
// refuses duplicate keys and compares names byte by byte. On an error it returns
// what it had read of the outermost object.
func parseJSON(b []byte) (map[string]any, error) {
	if !utf8.Valid(b) {
		return nil, &jsonError{reason: "the JSON is not UTF-8"}
	}
	p := jsonParser{dec: json.NewDecoder(bytes.NewReader(b))}
	p.dec.UseNumber()
	if token, err := p.dec.Token(); err != nil || token != json.Delim('{') {
		return nil, &jsonError{reason: "the JSON is not an object"}
	}
	top := make(map[string]any)
	if err := p.object(top, 1); err != nil {
		return top, err
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return top, &jsonError{reason: "text follows the JSON object's end"}
	}
	return top, nil
}

type jsonParser struct{ dec *json.Decoder }

// token hides the library's errors, which quote the input.
func (p *jsonParser) token() (json.Token, error) {
	token, err := p.dec.Token()
	if err != nil {
		return nil, &jsonError{reason: fmt.Sprintf("not valid JSON near byte %d", p.dec.InputOffset())}
	}
	return token, nil
}

func (p *jsonParser) object(m map[string]any, depth int) error {
	for p.dec.More() {
		token, err := p.token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the decoder takes nothing else for a key
		if _, twice := m[name]; twice {
			return &jsonError{field: name, reason: "stands twice"}
		}
		if m[name], err = p.value(depth); err != nil {
			delete(m, name)
			return err
		}
	}
	_, err := p.token()
	return err
}

func (p *jsonParser) value(depth int) (any, error) {
	token, err := p.token()
	if err != nil {
		return nil, err
	}
	delim, nested := token.(json.Delim)
	if !nested {
		return token, nil
	}
	if depth == maxDepth {
		return nil, &jsonError{reason: fmt.Sprintf("the JSON nests deeper than %d levels", maxDepth)}
	}
	if delim == '{' {
		m := make(map[string]any)
		return m, p.object(m, depth+1)
	}
	var list []any
	for p.dec.More() {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	if _, err := p.token(); err != nil {
		return nil, err
	}
	return list, nil
}
