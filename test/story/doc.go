// Package story plays what an operator does at night: dead letters are listed, shown,
// replayed, resolved and read about in the audit, through the command line as a process
// of its own, against a broker and a bank with a ledger.
package story
