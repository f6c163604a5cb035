// Package simulation runs the real packages that keep an outcome true (consumers,
// history, lease, processing, producers' publisher) against a Kafka and a bank that
// live in memory, many thousand times, each time in another order.
//
//	seed ─► driver ── picks one step at a time ──► world ── judged by ──► invariants
//	                                                ▲ ▼
//	  consumers ─ history ─ processing ─ lease, in two or three lives, in virtual time
//
// Whatever a process asks of the outside (a fetch, a commit, a produce, a join, a
// call to the bank) waits in the world. When nothing can run any more, the driver
// draws what happens next: one of the waiting requests takes effect, or its answer
// arrives, or is lost; time passes; a process is killed, stopped, continued, cut off
// from Kafka or started; a member joins or leaves; a command is published again. A
// seed gives a schedule. After the faults everything heals, and every command has to
// come to its end.
//
// The invariants (docs/one-outcome.md) are looked at with every effect, by what
// stands in the logs, the group and the ledger, and never by what a process says.
//
//	make simulate                                  100,000 schedules
//	go test ./test/simulation -v -seed 4711        one, told step by step
//	go test -tags planted -run Planted ./test/simulation
//	                                               with each safeguard switched off
//
// What is not here: codec and transports (fakes stand at their ports), breakers, and
// commands that may be repeated freely. Ties between events of one moment are the
// runtime's to break, so that about one seed in thirty does not repeat itself exactly;
// a failure therefore tells its own story.
package simulation
