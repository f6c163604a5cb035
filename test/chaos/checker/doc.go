// Package checker says whether what a processor has told the world is true. It reads
// what stands in Kafka (commands, attempts, results, dead letters) and the bank's
// ledger file, and nothing else: no log, no metric, no word of the processor about
// itself.
//
// The command topics are the truth about what was asked, and in which order. The
// ledger is the truth about what was done. Judge holds the results to both.
//
// It tells commands apart by their trace: upstream gives each its own, and the
// processor carries it to the bank. Moments are those of the brokers
// (LogAppendTime) and of the bank, so that a processor's clock moves nothing.
package checker
