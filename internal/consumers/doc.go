// Package consumers takes command records in: membership of the group, fetching,
// order per key, the window of offsets, commits, and the drain that hands
// partitions over.
//
//	group ── generation ─► session ─┬─ fetcher, one per leader ─► partition ─► chains ─► workers ─► Handler
//	                                ├─ takeover: each partition's past, before it is fetched
//	                                ├─ gatekeeper: which topics are shut
//	                                ├─ committer: offset + done-map, at least once a second
//	                                └─ drain: at the generation's end, and on Stop
//
// One generation of the group is one session, and a session shares nothing with
// the next: what it knew is in the commits. Its promises:
//
//   - Records of one (topic, key) run one after another, in offset order, retries
//     included. Records without a key form one such chain per partition. Different
//     keys run side by side, on one partition too.
//   - A record is committed only after Handler has returned nil for it. A failing
//     record holds its key back and is run again; none is ever skipped.
//   - Of a partition no record is handled before History has read what its owners
//     before have left. A partition whose past cannot be read holds up no other.
//   - Every commit keeps its word to the next owner: what it does not call done has
//     all that was stored of it at or above the look-back that it carries.
//   - The lease (internal/lease) is held on the word of the group that this generation
//     counts, and ends before the group gives the partitions away, before anybody is
//     told of a fence, and with the session.
//   - What is buffered and what runs is bounded per partition, per topic and in
//     all. A full bound stops fetching; it never drops. Every topic has a floor
//     under both totals, so that a stuck topic stops no other.
//   - A position is one in a topic, known by its id: a topic that is deleted and made
//     anew is not read from where the old one was left. A missing topic holds up no
//     other.
//   - The commit metadata carries what is done above the committed offset, so that
//     a stuck key costs its successors no repeat. Intake slows before that map
//     would outgrow the metadata.
//
// The order of one key that stands in several partitions of a topic is unknown to
// Kafka; such records still never run at the same time.
package consumers
