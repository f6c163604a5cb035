package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Inspect is Load for those who want to see all that is wrong, here and in the
// world: beside the faults, nil for none, it returns what could be read, with
// defaults. What Faults.Touch names must not be used to show credentials to
// anybody. The error is that the file cannot be read.
func Inspect(file string, environ []string, sections ...string) (Config, *Faults, error) {
	var text []byte
	if file != "" {
		var err error
		if text, err = os.ReadFile(file); err != nil {
			return Config{}, nil, fmt.Errorf("reading configuration: %w", err)
		}
	}
	c, faults := parse(text, environ, sections...)
	if len(faults) > 0 {
		return c, &Faults{File: file, List: faults}, nil
	}
	return c, nil, nil
}

// Touch says whether a fault lies in the section, or may have kept something from
// getting there: an unknown key there may have meant tls.enabled. A nil Faults
// touches nothing.
func (f *Faults) Touch(section string) bool {
	if f == nil {
		return false
	}
	for _, fault := range f.List {
		if fault.touches(section) {
			return true
		}
	}
	return false
}

// Has says whether a fault speaks of path or of something below it. A nil Faults
// has none.
func (f *Faults) Has(path string) bool {
	return f != nil && slices.ContainsFunc(f.List, func(fault Fault) bool {
		return fault.Key == path || strings.HasPrefix(fault.Key, path+".")
	})
}

func (f Fault) touches(section string) bool {
	if f.Key == "" && f.Variable != "" {
		variable := key{path: section}.variable()
		return strings.HasPrefix(f.Variable+"_", variable+"_") || strings.HasPrefix(meant(f.Variable)+"_", variable+"_")
	}
	top, _, below := strings.Cut(f.Key, ".")
	if f.Key == "" || !below && !bind(&Config{}).sections[top] { // no YAML, or an unknown section
		return true
	}
	return f.Key == section || strings.HasPrefix(f.Key, section+".") || strings.HasPrefix(section, f.Key+".")
}

// meant is the variable that an unknown one may be a misspelling of, "" for none.
func meant(variable string) string {
	var names []string
	for _, k := range bind(&Config{}).keys {
		names = append(names, k.variable())
	}
	return closest(variable, names)
}

// Keys are the paths of all keys.
func Keys() []string {
	var paths []string
	for _, k := range bind(&Config{}).keys {
		paths = append(paths, k.path)
	}
	return paths
}

// Explain puts its whole key in front of every message of an error about a
// section, such as "banks.interapi"; nil stays nil. The error still is err.
func Explain(section string, err error) error {
	if err == nil {
		return nil
	}
	b := bind(&Config{})
	var lines []string
	for _, message := range flatten(err) {
		lines = append(lines, b.locate(sectionFault{section, message}, nil).String())
	}
	return &explained{strings.Join(lines, "\n"), err}
}

type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text }
func (e *explained) Unwrap() error { return e.err }
