package config

import (
	"fmt"
	"strings"
)

// Fault is one thing wrong with the configuration.
type Fault struct {
	// Key is the dotted path of the key, "" when the fault is not a key's.
	Key string
	// Line is where it stands in the file, 0 when it does not.
	Line int
	// Variable is the environment variable at fault, "" when it is none.
	Variable string
	// Message says what is wrong and what was wanted; never a secret's value.
	Message string
}

func (f Fault) String() string {
	var at []string
	if f.Line > 0 {
		at = append(at, fmt.Sprintf("line %d", f.Line))
	}
	if f.Variable != "" {
		at = append(at, "environment variable "+f.Variable)
	}
	if f.Key != "" {
		at = append(at, f.Key)
	}
	return strings.Join(append(at, f.Message), ": ")
}

// Faults is everything wrong with a configuration.
type Faults struct {
	File string // "" when there was no file
	List []Fault
}

// Error lists every fault, one per line.
func (f *Faults) Error() string {
	var b strings.Builder
	if f.File != "" {
		fmt.Fprintf(&b, "configuration %s: ", f.File)
	} else {
		b.WriteString("configuration: ")
	}
	if len(f.List) == 1 {
		b.WriteString(f.List[0].String())
		return b.String()
	}
	fmt.Fprintf(&b, "%d faults", len(f.List))
	for _, fault := range f.List {
		b.WriteString("\n  " + fault.String())
	}
	return b.String()
}
