package codec

import (
	"context"
	"encoding/binary"
	"errors"
)

// Registry knows the schemas that Confluent-framed commands were written with.
type Registry interface {
	// WriterSchema returns the Avro schema of an id, whole: without references
	// to other schemas. An id that the registry does not have is
	// ErrUnknownSchema, one whose schema cannot be used a *SchemaError; every
	// other error is the registry's absence, and the command waits for it.
	WriterSchema(ctx context.Context, id int32) (string, error)
}

// ErrUnknownSchema is Registry's answer for an id that it does not have.
var ErrUnknownSchema = errors.New("no schema has this id")

// SchemaError says that a schema of the registry cannot be used. Reason must hold
// nothing of a command.
type SchemaError struct {
	Reason string
	// Incomplete says that the registry lacks a part of it, which may come yet;
	// any other schema stays of no use, however often one asks.
	Incomplete bool
}

// Error is the reason.
func (e *SchemaError) Error() string { return e.Reason }

// Framer chooses the frame of what is written.
type Framer interface {
	// Header returns the bytes that stand before a datum of the topic's current
	// schema, whose CRC-64-AVRO fingerprint is given. The topic is less its
	// prefix. What it has returned once stands before every event of the topic: it
	// is asked again only after an error.
	Header(topic string, fingerprint uint64) ([]byte, error)
}

// SingleObject frames with Avro single-object encoding, which needs no registry.
type SingleObject struct{}

const (
	confluentMagic  = 0x00
	confluentHeader = 5
	singleMagic0    = 0xC3
	singleMagic1    = 0x01
	singleHeader    = 10
)

// Header returns C3 01 and the fingerprint, little-endian.
func (SingleObject) Header(_ string, fingerprint uint64) ([]byte, error) {
	return binary.LittleEndian.AppendUint64([]byte{singleMagic0, singleMagic1}, fingerprint), nil
}

type frame uint8

const (
	frameUnknown frame = iota
	frameJSON
	frameSingle
	frameConfluent
)

// frameOf recognises a value by its first bytes. JSON may stand after white space,
// which starts neither of the others.
func frameOf(b []byte) frame {
	if len(b) == 0 {
		return frameUnknown
	}
	switch b[0] {
	case confluentMagic:
		return frameConfluent
	case singleMagic0:
		if len(b) > 1 && b[1] == singleMagic1 {
			return frameSingle
		}
	case '{':
		return frameJSON
	case ' ', '\t', '\r', '\n':
		for _, c := range b {
			switch c {
			case ' ', '\t', '\r', '\n':
			case '{':
				return frameJSON
			default:
				return frameUnknown
			}
		}
	}
	return frameUnknown
}
