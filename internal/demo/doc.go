// Package demo takes commands of all seven kinds, good and bad, through a whole
// processor over real TCP, and holds every outcome to what it should be.
//
// scenario.go says what is sent and what must come of it; stage.go runs it;
// report.go prints it. Nothing in it is faked: the broker is a Kafka broker, the
// bank keeps a ledger, and the processor is the one that production runs.
package demo
