// Package history knows what has been done for commands before: by this process,
// by the owners of a partition before it, and for another record with the same
// command id (design section 4). It is an index in memory of what stands in Kafka,
// and Kafka is all that it is built from.
//
//	bank.attempts ─┐   Load, when a partition     ┌─► Open: what is known of a command
//	<c>.result    ─┴─► is taken over ─► index ────┤
//	                        ▲                     └─► Lookback: where the next owner
//	 processing ─ Recorder ─┘                         has to begin to read
//
// A command, its attempts and its outcome stand in partitions with the same index,
// so that everything goes by offsets and nothing by clocks. Lookback is a promise:
// every attempt and every outcome of a command that is not done in the commit which
// carries it stands at or above its offsets.
//
// What is easily got wrong:
//   - A produce that failed may have been stored. Its record's floor is the end that
//     was known before it began, and stays.
//   - What a takeover has found holds the look-back as if it were its own, for it may
//     die before its first commit, too.
//   - An end that is known is a lower bound: others write to the attempts. It may be
//     low and must not be high, and comes down when a topic counts from 0 again.
//   - Behind an open transaction of somebody else our own outcomes may stand. A
//     takeover waits for its end.
//   - Attempts and outcomes are known by id, not by offset: upstream may publish a
//     command that is in doubt a second time.
//   - Of a command that is done nobody keeps the attempts. An outcome is kept as long
//     as a record of its id is unsettled, and for Config.Window outcomes.
package history
