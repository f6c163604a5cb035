// Package cluster breaks the brokers of a real cluster while a processor works on
// it: three Apache Kafka brokers (test/kafka/cluster.sh), one processor that lives
// through all of it, a simulated bank, an upstream that keeps publishing and a
// downstream that keeps reading.
//
// Upstream and downstream are another Kafka client than the processor's. The judge
// reads what upstream knows to be acknowledged, what stands in Kafka, and the
// bank's own ledger and journal; never what the processor says of itself.
//
//	go test ./test/cluster -v
//
// It wants root, for the brokers have network namespaces and file systems of their
// own, iproute2, Java 17 and, the first time, Maven. Where something is missing it
// skips, and fails where CI is set. It takes about four minutes and should run
// alone: it measures how long things take. docs/broker-faults.md has what it found,
// and how to run it without being root.
package cluster
