package main

import (
	"io"
	"os"
	"strings"
)

// terminal is what a run reads and writes.
type terminal struct {
	in      io.Reader
	out     io.Writer
	err     io.Writer
	environ []string
}

// When colors are used.
const (
	colorAuto   = "auto" // at a terminal, unless its environment says otherwise
	colorAlways = "always"
	colorNever  = "never"
)

// colored says whether what is printed has colors. What was asked for counts more
// than what the environment says (no-color.org).
func (t terminal) colored(mode string) bool {
	switch mode {
	case colorAlways:
		return true
	case colorNever:
		return false
	}
	return t.variable("NO_COLOR") == "" && t.variable("TERM") != "dumb" && isTerminal(t.out)
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (t terminal) variable(name string) string {
	for _, assignment := range t.environ {
		if value, ok := strings.CutPrefix(assignment, name+"="); ok {
			return value
		}
	}
	return ""
}

const (
	red    = "31"
	green  = "32"
	yellow = "33"
)

func paint(s, color string, colored bool) string {
	if !colored {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}
