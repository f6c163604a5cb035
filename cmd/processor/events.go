package main

import (
	"context"
	"fmt"
	"slices"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/registry"
)

// newCodec reads what a registry is needed for, where one is configured.
func newCodec(cfg config.Config) (*codec.Codec, error) { return framingCodec(cfg, nil) }

// framingCodec frames what it writes with f; nil means single-object encoding.
func framingCodec(cfg config.Config, f codec.Framer) (*codec.Codec, error) {
	o := codec.Options{MaxBytes: int(cfg.Topics.MaxCommandBytes), Framer: f}
	if cfg.Registry.Enabled() {
		client, err := registry.New(cfg.Registry)
		if err != nil {
			return nil, err
		}
		o.Registry = lookups{client}
	}
	c, err := codec.New(o)
	if err != nil {
		return nil, fmt.Errorf("reading schemas: %w", err)
	}
	return c, nil
}

// lookups asks once, as a tool does, and keeps no connection: the codec remembers.
type lookups struct{ client *registry.Client }

func (l lookups) WriterSchema(ctx context.Context, id int32) (string, error) {
	defer l.client.Close()
	return l.client.WriterSchema(ctx, id)
}

// The encodings that commands are sent in.
const (
	encodeSingleObject = "single-object"
	encodeConfluent    = "confluent"
	encodeJSON         = "json"
)

// encodingCodec writes one kind of command in one of the encodings. JSON needs no
// frame.
func encodingCodec(ctx context.Context, cfg config.Config, name command.Name, encoding string) (*codec.Codec, error) {
	if encoding != encodeConfluent {
		return newCodec(cfg)
	}
	if !cfg.Registry.Enabled() {
		return nil, fmt.Errorf("%w: %w", errUsage, errNoRegistry)
	}
	client, err := registry.New(cfg.Registry)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	subjects := slices.DeleteFunc(registry.Subjects(cfg.Topics.Prefix), func(s registry.Subject) bool { return s.Topic != string(name) })
	framer := registry.NewFramer(subjects)
	if err := framer.Load(ctx, client); err != nil {
		return nil, err
	}
	return framingCodec(cfg, framer)
}
