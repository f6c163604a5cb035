// Package world is a whole world for stories about operators: a broker and a bank with a
// ledger, processors, an upstream, a downstream, and the command line as a process of its
// own. The bank records what comes twice instead of refusing it, so that whatever is
// doubled shows (banksim.DuplicatesRecorded).
//
// Fill makes the dead letters that the stories are about: one for each reason, a storm of
// the bank's code 999, and lost answers. What a story does with them is its own.
package world
