package registry

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/sr"

	"bankprocessor/internal/codec"
)

// WriterSchema returns the Avro schema of an id, whole. It asks once: the error is
// codec.ErrUnknownSchema, a *codec.SchemaError or an *AwayError.
func (c *Client) WriterSchema(ctx context.Context, id int32) (string, error) {
	var schema sr.Schema
	err := c.askUpstreams(ctx, func(ctx context.Context, api *sr.Client) (err error) {
		if schema, err = api.SchemaByID(ctx, int(id)); err == nil && schema.Schema == "" {
			err = errNoSchema
		}
		return err
	})
	switch {
	case notFound(err):
		return "", codec.ErrUnknownSchema
	case err != nil:
		return "", err
	case schema.Type != sr.TypeAvro:
		return "", &codec.SchemaError{Reason: "is of type " + schema.Type.String() + ": want Avro"}
	case len(schema.References) == 0:
		return schema.Schema, nil
	}
	return c.whole(ctx, schema)
}

// errNoSchema is the fault of an answer without the schema that was asked for.
var errNoSchema = fmt.Errorf("the answer has no schema")

// maxReferences bounds what one schema may be made of, and so how often a registry
// is asked for it.
const maxReferences = 64

// whole puts the schemas that s refers to, and those that these refer to, into its
// text: a named type stands in full where it is first used.
func (c *Client) whole(ctx context.Context, s sr.Schema) (string, error) {
	parts := map[sr.SchemaReference]string{}
	if err := c.collect(ctx, s.References, parts); err != nil {
		return "", err
	}
	in := newInliner()
	for _, text := range parts {
		in.learn(text)
	}
	if in.twice != "" {
		return "", &codec.SchemaError{Reason: "refers to two definitions of " + in.twice}
	}
	text, err := in.whole(s.Schema)
	if err != nil {
		return "", &codec.SchemaError{Reason: "is not JSON"}
	}
	return text, nil
}

func (c *Client) collect(ctx context.Context, references []sr.SchemaReference, parts map[sr.SchemaReference]string) error {
	for _, r := range references {
		r.Name = ""
		if _, have := parts[r]; have {
			continue
		}
		if len(parts) == maxReferences {
			return &codec.SchemaError{Reason: fmt.Sprintf("refers to more than %d other schemas", maxReferences)}
		}
		var found sr.SubjectSchema
		err := c.askUpstreams(ctx, func(ctx context.Context, api *sr.Client) (err error) {
			if found, err = api.SchemaByVersion(ctx, r.Subject, r.Version); err == nil && found.Schema.Schema == "" {
				err = errNoSchema
			}
			return err
		})
		if notFound(err) {
			return &codec.SchemaError{Incomplete: true, Reason: fmt.Sprintf("refers to version %d of %s, which the registry does not have", r.Version, r.Subject)}
		}
		if err != nil {
			return err
		}
		parts[r] = found.Schema.Schema
		if err := c.collect(ctx, found.References, parts); err != nil {
			return err
		}
	}
	return nil
}
