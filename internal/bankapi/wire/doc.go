// Package wire reads and writes the JSON of both banks (contract sections 1.4
// to 1.6). Reading is lenient where the banks are known to be careless: numbers
// as strings, lists collapsed to one object or rendered as "", members twice (the
// last one counts), a byte order mark, non-breaking spaces as white space. It is
// strict where a guess could cost money: a decimal with a comma, an integer with
// a fraction, a code that is not one.
//
// No number passes through a float, and no error holds a value: errors name the
// field and what was wanted there.
package wire
