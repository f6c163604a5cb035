// Package codec turns bytes into commands and outcomes into bytes, by the
// schemas of package schemas.
//
// A command is recognised by its first bytes: Confluent's wire format (00 and a
// schema id), Avro single-object encoding (C3 01 and a fingerprint), or plain
// JSON ("{"). Every event is described once, in the *_fields.go files, as a walk
// over its fields; one walker reads, another writes, for Avro and JSON alike.
//
// The walk is by name: unknown fields are ignored, absent ones (and nulls) keep
// their default, a wrong type is an error that names the field. Missing fields of
// a payload are no decoding error: Validate lists them, all at once.
//
// What a value holds never appears in an error. No number passes through a float.
//
// Non-obvious:
//   - goavro decodes Avro binary; its fingerprints are not used. Its canonical
//     form keeps logical types as objects, which no other implementation does, so
//     that its fingerprints differ from Java's. canonical.go follows the
//     specification.
//   - goavro allocates an array for as many items as the bytes claim. Schemas
//     that let a few bytes claim much are refused, see schema.guard, and blocks
//     are capped.
//   - The canonical form leaves out defaults and logical types: two schemas that
//     differ only in a decimal's scale have one fingerprint. Never change a scale
//     in place; the golden file in testdata notices.
package codec
