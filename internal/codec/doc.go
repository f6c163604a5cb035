// Package codec turns bytes into commands and outcomes into bytes, by the
// schemas of package schemas.
//
// A command is recognised by its first bytes: Confluent's wire format (00 and a
// schema id), Avro single-object encoding (C3 01 and a fingerprint), or plain
// JSON ("{"). Every event is described once, in the *_fields.go files, as a walk
// over its fields, and what walks over them reads or writes.
//
// Two paths lead between Avro's bytes and a value:
//   - The fast one, for schemas of ours: binaryReader and binaryWriter walk along
//     the schema's plan, straight between the bytes and the structs. It is taken
//     first, and only ever says yes or no.
//   - The one of reference: goavro and its natives, reader and writer, which JSON
//     takes too. It is taken when the fast one says no, which is for every value
//     that is refused, for a registry's schema that is not word for word one of
//     ours, and for bytes that are allowed but that nobody writes, such as a list
//     in several blocks. Every refusal is therefore its own.
//
// The tests of differential_test.go hold the one against the other.
//
// The walk is by name: unknown fields are ignored, absent ones (and nulls) keep
// their default, a wrong type is an error that names the field. Missing fields of
// a payload are no decoding error: Validate lists them, all at once.
//
// What a value holds never appears in an error. No number passes through a float.
//
// Non-obvious:
//   - A walk goes in the order of its schema's fields. In another order it would
//     still be right, but on the slow path; a test notices.
//   - The texts of a value that was decoded fast are parts of one string, a copy of
//     the datum. Who keeps one of them for long after the rest clones it.
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
