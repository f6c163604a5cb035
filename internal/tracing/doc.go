// Package tracing makes OpenTelemetry spans of commands and exports them by OTLP.
//
//	process <topic>               a command, from the record to its durable outcome
//	├─ attempt <command>          announced, and called
//	│  └─ POST <command>          the bank call, which carries its traceparent
//	├─ reconcile <command>        an invoice in doubt is looked up
//	│  └─ POST dbs.invoice.results.query
//	├─ send bank.dead-letter
//	└─ send <command>.result      the outcome's event, which carries its traceparent
//
// It implements processing's ports, and is the one room that knows OpenTelemetry. A
// span holds what attributes.go lists and nothing else: names, codes and statuses that
// are constants of the code, places in Kafka, and ids that are random. There is no way
// by which a key, a value of a command's or a word of a bank's could get into one: the
// ports do not carry them.
//
// Spans never hold a command up: what is more than the queue takes is dropped, and
// counted. An exporter that fails costs spans, and is counted; it costs no command.
package tracing
