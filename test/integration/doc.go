// Package integration holds the suites that need real Apache Kafka, and other real
// parts beside it, in containers: see [bankprocessor/test/containers]. Without a
// Docker engine they are skipped, loudly; where CI is set they fail instead.
//
// The suites share one plain broker, each with topics of its own prefix, unless
// they are about brokers.
package integration
