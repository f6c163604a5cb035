// Package command holds the words of the domain: the seven commands with their
// local checks and ordering keys, one call's verdict, and the outcome that every
// command ends in.
//
// It does no I/O, logs nothing and imports the standard library only. Spellings
// of a bank never appear here: those stay inside internal/bankapi.
package command
