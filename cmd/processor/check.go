package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"bankprocessor/internal/app"
	"bankprocessor/internal/config"
)

func checkCommand(t terminal) *cobra.Command {
	var s settings
	var output string
	c := &cobra.Command{
		Use: "check --config FILE", Short: "Says all that is wrong at once, and changes nothing", Args: cobra.NoArgs,
		Long: "Checks configuration, schemas, brokers, topics, permissions, registry, secrets,\n" +
			"certificates and the banks' addresses, and says all that is wrong at once: what a\n" +
			"faulty configuration leaves is looked at, too. It changes nothing, joins no group\n" +
			"and sends no credentials to a bank: secrets are looked at where they stand, since\n" +
			"a wrong one, tried at the bank five times, locks the application.\n" +
			"Exit code 2: the configuration has faults. 1: what it relies on has.",
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkOutput(output, formatTable); err != nil {
				return err
			}
			cfg, faults, err := s.inspect(t)
			if err != nil {
				return err
			}
			found := append(findingsOf(faults), worldly(app.Check(c.Context(), cfg, faults))...)
			if err := show(t, output, found); err != nil {
				return err
			}
			return verdict(faults, found)
		},
	}
	s.add(c)
	addOutput(c, &output, formatTable)
	return c
}

// finding is one line of the answer.
type finding struct {
	Check    string `json:"check"`
	Status   string `json:"status"` // ok, fail or skipped
	Key      string `json:"key,omitempty"`
	Line     int    `json:"line,omitempty"`
	Variable string `json:"variable,omitempty"`
	Message  string `json:"message,omitempty"`
	text     string // the whole message, for people
}

const checkedConfiguration = "configuration"

func findingsOf(faults *config.Faults) []finding {
	if faults == nil {
		return []finding{{Check: checkedConfiguration, Status: "ok"}}
	}
	var all []finding
	for _, f := range faults.List {
		all = append(all, finding{checkedConfiguration, "fail", f.Key, f.Line, f.Variable, f.Message, f.String()})
	}
	return all
}

func worldly(found []app.Finding) []finding {
	var all []finding
	for _, f := range found {
		switch {
		case f.Err != nil:
			all = append(all, finding{Check: f.Name, Status: "fail", Message: f.Err.Error(), text: f.Err.Error()})
		case f.Skipped != "":
			all = append(all, finding{Check: f.Name, Status: "skipped", Message: f.Skipped, text: f.Skipped})
		default:
			all = append(all, finding{Check: f.Name, Status: "ok", Message: f.Note, text: f.Note})
		}
	}
	return all
}

func show(t terminal, output string, found []finding) error {
	if output == formatJSON {
		return json.NewEncoder(t.out).Encode(found)
	}
	for _, f := range found {
		if _, err := fmt.Fprintln(t.out, f.line()); err != nil {
			return err
		}
	}
	return nil
}

// line is the finding for people. Whoever answered may have had a part in its
// words: the names in a certificate, for one.
func (f finding) line() string {
	lines := strings.Split(f.text, "\n")
	for i := range lines {
		lines[i] = plain(lines[i])
	}
	text := strings.Join(lines, "\n        ")
	switch {
	case f.Status == "fail":
		return "FAIL  " + f.Check + ": " + text
	case f.Status == "skipped":
		return "skip  " + f.Check + ": " + text
	case f.text != "":
		return "ok    " + f.Check + " (" + text + ")"
	}
	return "ok    " + f.Check
}

// checkError sums up what has been shown. It is a fault of the configuration
// where that has any.
type checkError struct {
	faults, failed int
}

func (e *checkError) Error() string {
	if e.faults == 0 {
		return fmt.Sprintf("%d of the checks failed", e.failed)
	}
	return fmt.Sprintf("the configuration has %d faults, and %d of the other checks failed", e.faults, e.failed)
}

// Is makes faults of the configuration a wrong usage, for the exit code.
func (e *checkError) Is(target error) bool { return e.faults > 0 && target == errUsage }

func verdict(faults *config.Faults, found []finding) error {
	e := &checkError{}
	if faults != nil {
		e.faults = len(faults.List)
	}
	for _, f := range found {
		if f.Status == "fail" && f.Check != checkedConfiguration {
			e.failed++
		}
	}
	if e.faults+e.failed > 0 {
		return e
	}
	return nil
}

// inspect reads the configuration with its faults.
func (s *settings) inspect(t terminal) (config.Config, *config.Faults, error) {
	c, faults, err := config.Inspect(s.file, t.environ)
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("%w: %w", err, errConfigFile)
	}
	return c, faults, err
}
