package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"bankprocessor/internal/config"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2 // usage or configuration
)

var (
	// errUsage marks arguments that make no sense.
	errUsage = errors.New("wrong usage")
	// errConfigFile marks a configuration file that cannot be read.
	errConfigFile = errors.New("give another with --config")
)

// failure is how a run ended that did not do what it was asked to. Where JSON is
// asked for it is the last line on standard error.
type failure struct {
	Error string `json:"error"`
	Code  int    `json:"code"` // the exit code
	// Hint names the next step, "" where the error itself does.
	Hint string `json:"hint,omitempty"`
}

// failureOf judges the error of a command, which has started its work or was
// refused before.
func failureOf(c *cobra.Command, err error, started bool) failure {
	f := failure{Error: err.Error(), Code: exitFailed, Hint: nextStep(err)}
	switch {
	case config.IsFault(err), errors.Is(err, errConfigFile):
		f.Code = exitUsage
	case !started, errors.Is(err, errUsage):
		f.Code = exitUsage
		if f.Hint == "" {
			f.Hint = "See: " + c.CommandPath() + " --help"
		}
	}
	return f
}

// tell prints the failure for people, or for machines.
func (f failure) tell(t terminal, machines bool) {
	if machines {
		line, err := json.Marshal(f)
		if err != nil {
			panic(err) // strings and a number always are JSON
		}
		fmt.Fprintf(t.err, "%s\n", line)
		return
	}
	fmt.Fprintln(t.err, "processor: "+f.Error)
	if f.Hint != "" {
		fmt.Fprintln(t.err, f.Hint)
	}
}

// wantsJSON says whether the arguments ask for JSON. They may be wrong, and have
// flags that nothing knows.
func wantsJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	for i, a := range args {
		switch a {
		case "--output=" + formatJSON, "-o=" + formatJSON, "-o" + formatJSON:
			return true
		case "--output", "-o":
			if i+1 < len(args) && args[i+1] == formatJSON {
				return true
			}
		}
	}
	return false
}
