package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/linkedin/goavro/v2"
	"github.com/twmb/franz-go/pkg/sr"
)

// errUnknownSchema says that a value cannot be read by any schema that is known here.
// It will not be known in a moment either: somebody has to bring the schema.
var errUnknownSchema = errors.New("the value's schema is not known")

// values reads the values of events by the schemas that they were written with.
type values struct {
	byFingerprint map[uint64]*goavro.Codec
	byID          map[uint32]*goavro.Codec // the registry's
	registry      *sr.Client               // nil for none
}

// logical are the attributes of logical types. They are no part of a schema's
// fingerprint (CRC-64-AVRO of the parsing canonical form), but of the one that goavro
// computes.
var logical = func() *regexp.Regexp {
	const attribute = `"(?:logicalType|precision|scale)"\s*:\s*(?:"[^"]*"|\d+)`
	return regexp.MustCompile(`,\s*` + attribute + `|` + attribute + `\s*,`)
}()

// newValues knows the schemas of a directory: the current ones, and in earlier/ those
// of events that were written before.
func newValues(dir, registry string) (*values, error) {
	v := &values{byFingerprint: map[uint64]*goavro.Codec{}, byID: map[uint32]*goavro.Codec{}}
	if registry != "" {
		var err error
		if v.registry, err = sr.NewClient(sr.URLs(registry)); err != nil {
			return nil, fmt.Errorf("configuring registry: %w", err)
		}
	}
	current, _ := filepath.Glob(filepath.Join(dir, "*.avsc"))
	earlier, _ := filepath.Glob(filepath.Join(dir, "earlier", "*.avsc"))
	for _, path := range append(current, earlier...) {
		schema, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading schemas: %w", err)
		}
		codec, err := goavro.NewCodec(string(schema))
		bare, bareErr := goavro.NewCodec(logical.ReplaceAllString(string(schema), ""))
		if err := errors.Join(err, bareErr); err != nil {
			return nil, fmt.Errorf("schema %s: %w", path, err)
		}
		v.byFingerprint[bare.Rabin] = codec
	}
	return v, nil
}

// read decodes a value in single-object encoding (C3 01, the schema's fingerprint) or
// in Confluent's wire format (00, the schema's id at the registry). The fields of a
// later schema are there beside those that are known; whoever wants none ignores them.
func (v *values) read(ctx context.Context, b []byte) (fields map[string]any, err error) {
	var codec *goavro.Codec
	switch {
	case len(b) >= 10 && b[0] == 0xC3 && b[1] == 0x01:
		codec, b = v.byFingerprint[binary.LittleEndian.Uint64(b[2:])], b[10:]
	case len(b) >= 5 && b[0] == 0 && v.registry != nil:
		codec, err = v.fetch(ctx, binary.BigEndian.Uint32(b[1:]))
		b = b[5:]
	}
	switch {
	case err != nil:
		return nil, err
	case codec == nil:
		return nil, errUnknownSchema
	}
	datum, _, err := codec.NativeFromBinary(b)
	if fields, _ = datum.(map[string]any); err != nil {
		return nil, errUnknownSchema // goavro's own words may quote the value
	}
	return fields, nil
}

// fetch asks the registry once for each id. A registry that does not answer has said
// nothing about the event, which is not to be booked unread for that.
func (v *values) fetch(ctx context.Context, id uint32) (*goavro.Codec, error) {
	if codec, known := v.byID[id]; known {
		return codec, nil
	}
	schema, err := v.registry.SchemaByID(ctx, int(id))
	if err != nil {
		return nil, fmt.Errorf("asking the registry: %w", err)
	}
	v.byID[id], err = goavro.NewCodec(schema.Schema)
	return v.byID[id], err
}
