// Package archtest holds the rules of the house as a test: which package may
// import which (docs/design.md), and a few bans that no compiler knows. The
// rules are the data in rules.go; each of them is tested to fire.
package archtest
