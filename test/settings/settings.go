// Package settings lists every security setting with the tests that show a wrong
// value refused by a message that names it, and a right one at work. Its own test
// fails when a setting has no row, or a row names a test that does not exist.
//
// A key of the configuration is a security setting unless it is listed as plain.
package settings

import "maps"

// Row names tests as "package.Test", the package by its directory.
type Row struct{ Wrong, Right []string }

// Rows are all rows, by key. Each section has a file of its own.
func Rows() map[string]Row {
	all := map[string]Row{}
	for _, section := range []map[string]Row{banks(), admin(), kafka(), registry(), deadLetters(), tracing(), console()} {
		maps.Copy(all, section)
	}
	return all
}

// tests lists names.
func tests(names ...string) []string { return names }
