// Package kafka speaks to one Kafka cluster through segmentio/kafka-go: it
// connects, fetches read-committed, produces with acks=all, commits with
// metadata, joins groups and looks after topics. It knows nothing of commands.
//
// It is the only package that imports kafka-go, so that the traps of that
// library are handled in one place:
//
//   - Transport routes by cached metadata. When no broker could be reached at
//     all, the cache is empty and every topic looks unknown: see Client.roundTrip.
//   - Partitions whose leader moved fail until the cache is refreshed, up to
//     MetadataTTL later: call RefreshMetadata after a ClassLeaderMoved.
//   - Its fetch response forgets how far a batch reaches, so that a compacted
//     tail would be asked for again and again, and it ignores the producer id
//     that read-committed needs: batch.go decodes record batches itself.
//   - It authenticates by itself, tells nobody how long the session lasts, and
//     keeps connections for ever: dialer authenticates, and conn replaces a
//     connection between two requests, before its session ends and when the files
//     of certificate or password have changed.
//   - A generation stops heartbeating the moment it ends, while the partitions
//     are still being drained: Generation.Start keeps the session alive.
//   - ConsumerGroup.Close waits for a join that nothing can interrupt:
//     Group.Close is bounded.
//
// It retries nothing by itself. Class tells a caller what an error asks for.
package kafka
