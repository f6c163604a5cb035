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
package history
