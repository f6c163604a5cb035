package config

// read binds p, sets its keys from the file's text and then from environ, and
// returns where each key of the file stands, and every fault.
func read(p any, text []byte, environ []string) (lines map[string]int, faults []Fault) {
	d := document{binding: bind(p), lines: map[string]int{}}
	d.read(text)
	return d.lines, append(d.faults, d.binding.override(environ)...)
}
