// Package producers writes attempts, outcomes and dead letters of commands, each
// acknowledged with acks=all before its caller goes on.
//
// Batcher turns many concurrent callers into few requests: one per leading
// broker at a time, with the records of every topic and partition that have come
// together while the last one was under way. Nothing lingers.
//
//	Produce ──► queue per partition ──► request per leader ──► acknowledged
//	                 ▲                        │
//	                 └── passing failure: ────┘
//	                     in front again, after a backoff
//
// Non-obvious:
//   - An outage fails nobody. A record waits until it is stored, its caller's
//     context ends, or the Batcher is stopped.
//   - A record leaves only while its caller waits for it. What a caller has given up
//     is dropped, up to the moment at which the request is written: who writes in its
//     place may have begun.
//   - A request that is withheld (kafka.ErrWithheld) waits as in an outage, and costs
//     nobody's connection.
//   - A request whose answer is lost is sent again, so that a record may be
//     stored twice. Subscribers tell by the event id.
//   - A partition has at most one batch under way, and what failed goes first
//     again: order within a partition is the order of Produce, across retries.
//   - There is one request per leader at a time, and a partition is in no other. A
//     second one for the partitions that are not under way would save half an
//     acknowledgement at low rates, and double the requests at high ones.
//   - A lane lets whoever can run go first before it fills its request. That is what
//     makes requests large when processors are scarce, without lingering when they
//     are not.
//   - An entry is used again once its caller has its result, never after its caller has
//     gone: the lane may still come to it.
//   - One record that the broker refuses (too large, above all) fails its whole
//     batch. The batch is then sent record by record, so that only the guilty
//     caller gets the error.
package producers
