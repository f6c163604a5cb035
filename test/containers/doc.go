// Package containers gives tests real Apache Kafka, and whatever else runs in a
// container, through the Docker engine of the machine.
//
// Everything started here ends with the test that started it, failed or not; when
// the test has failed, the end of each container's log is in the test's output.
// A test without an engine is skipped, loudly, and fails instead where CI is set:
// see [Need].
//
// It refuses to share containers behind a test's back: who wants one broker for
// several tests keeps what [RunKafka] returns, and closes it.
package containers
