// Package downstream subscribes to outcomes and dead letters as a downstream
// system does, without a consumer group: it reads every partition from a
// position of its own and leaves no trace. The command line, the demo and the
// tests use it.
package downstream
