// Package registry talks to a Confluent-compatible schema registry: it tells the
// codec what commands were written with and how results are framed, and compares
// and registers our own schemas.
//
// A subject is named after its topic, prefix included: <topic>-value
// (TopicNameStrategy). Everything that is not a registry's own answer - no
// connection, a refused password, a 5xx, a page of HTML - is an *AwayError, which
// names the setting to look at. Nothing is concluded from it: what was asked is
// asked again, and a command that needs the answer waits, see [Source].
//
// It refuses to register anything by itself: who publishes a schema decides that
// with `processor schemas apply`.
//
// Non-obvious:
//   - A 404 is an answer only with a registry's own error code. A wrong path or a
//     proxy answers 404 too, and commands must not be refused because of it.
//   - An id that is not known yet may be known soon: followers lag behind the
//     leader that registered it. It counts as unknown once it has stayed so for
//     registry.unknown_id_grace, see [Source].
package registry
