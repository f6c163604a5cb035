// Package upstream publishes commands as an upstream system does: it fills in
// what every command needs, checks them as the processor will, writes them in
// Avro and sends them to the partition that Java's producers would choose. The
// command line, the demo and the tests use it.
package upstream
