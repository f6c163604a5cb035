// Package sandbox is a Kafka broker and a bank in one process, on loopback, for
// the demo, for developers and for tests. The broker speaks Kafka's own protocol
// over TCP and keeps its records in memory; the bank is internal/banksim.
//
// It is no place for production data: nothing is replicated, nothing is
// protected, and everything is gone at the end.
package sandbox
