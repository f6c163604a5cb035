package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bankprocessor/internal/app"
	"bankprocessor/internal/config"
)

type checkFlags struct {
	settings
	output, color string
	offline       bool
	timeout       time.Duration
}

func checkCommand(t terminal) *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use: "check --config FILE", Short: "Says all that is wrong at once, and changes nothing", Args: cobra.NoArgs,
		Long: "Checks configuration, schemas, brokers, topics, permissions, registry, secrets,\n" +
			"certificates and the banks' addresses, and says all that is wrong at once: what a\n" +
			"faulty configuration leaves is looked at, too. It changes nothing, joins no group\n" +
			"and sends no credentials to a bank: secrets are looked at where they stand, since\n" +
			"a wrong one, tried at the bank five times, locks the application.\n" +
			"Exit code 2: the configuration has faults. 1: what it relies on has. With\n" +
			"--offline the configuration and the files that it names are looked at, and no\n" +
			"network is.",
		Example: "  processor check --config processor.yaml --offline\n" +
			"  processor check --config processor.yaml --output json --timeout 30s",
		RunE: func(c *cobra.Command, _ []string) error { return f.check(c.Context(), t) },
	}
	f.add(c)
	addOutput(c, &f.output, formatTable)
	addColor(c, &f.color)
	c.Flags().BoolVar(&f.offline, "offline", false, "looks at the configuration and at files alone; the rest is skipped")
	c.Flags().DurationVar(&f.timeout, "timeout", time.Minute, "how long all of it may take; what has not answered by then has failed")
	return c
}

func (f *checkFlags) check(ctx context.Context, t terminal) error {
	if f.timeout <= 0 {
		return fmt.Errorf("%w: --timeout is %s: want more than 0", errUsage, f.timeout)
	}
	cfg, faults, err := f.inspect(t)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	look := app.Check
	if f.offline {
		look = app.CheckOffline
	}
	looked := look(ctx, cfg, faults)
	for i := range looked {
		if errors.Is(looked[i].Err, context.DeadlineExceeded) && ctx.Err() != nil {
			looked[i].Err = fmt.Errorf("no answer within %s (--timeout): %w", f.timeout, looked[i].Err)
		}
	}
	found := append(findingsOf(faults), worldly(looked)...)
	if err := f.show(t, found); err != nil {
		return err
	}
	return verdict(faults, found)
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

func (f *checkFlags) show(t terminal, found []finding) error {
	if f.output == formatJSON {
		return writeList(t, found)
	}
	colored := t.colored(f.color)
	for _, one := range found {
		if _, err := fmt.Fprintln(t.out, one.line(colored)); err != nil {
			return err
		}
	}
	return nil
}

// line is the finding for people. Whoever answered may have had a part in its
// words: the names in a certificate, for one.
func (f finding) line(colored bool) string {
	lines := strings.Split(f.text, "\n")
	for i := range lines {
		lines[i] = plain(lines[i])
	}
	text := strings.Join(lines, "\n        ")
	switch {
	case f.Status == "fail":
		return paint("FAIL", red, colored) + "  " + f.Check + ": " + text
	case f.Status == "skipped":
		return paint("skip", yellow, colored) + "  " + f.Check + ": " + text
	case f.text != "":
		return paint("ok", green, colored) + "    " + f.Check + " (" + text + ")"
	}
	return paint("ok", green, colored) + "    " + f.Check
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
