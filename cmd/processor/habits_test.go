package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bankprocessor/test/capture"
)

// leaves are the commands that do something, in the order of the help.
func leaves(c *cobra.Command) []*cobra.Command {
	if !c.HasSubCommands() {
		return []*cobra.Command{c}
	}
	var all []*cobra.Command
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			all = append(all, leaves(sub)...)
		}
	}
	return all
}

// filled are the words of a command line with something for each argument and each
// flag that must be there.
func filled(t *testing.T, c *cobra.Command) []string {
	t.Helper()
	stand := map[string]string{
		"COMMAND": "dbs.limit.query", "PLACE": "bank.dead-letter/0@0", "FILE": "/nowhere/file", "KEY_ID": "1",
		"REASON": "in-doubt", "TEXT": "a test's", "bash": "bash", "NAME": "alice",
	}
	for _, s := range allStatuses() {
		stand[s] = s
	}
	line := strings.Fields(c.CommandPath())[1:]
	for _, a := range arguments(c) {
		if strings.HasPrefix(a, "[") {
			continue
		}
		first, _, _ := strings.Cut(a, "|")
		if stand[first] == "" {
			t.Fatalf("%s: say here what %s may be", c.CommandPath(), a)
		}
		line = append(line, stand[first])
	}
	if c.Flags().Lookup("all") != nil {
		line = append(line, "--all") // one of its optional arguments must be there, or this
	}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Annotations[cobra.BashCompOneRequiredFlag] == nil {
			return
		}
		value := "x"
		switch placeholder, _ := pflag.UnquoteUsage(f); {
		case len(valuesOf(f)) > 0:
			value = valuesOf(f)[0]
		case stand[placeholder] != "":
			value = stand[placeholder]
		}
		line = append(line, "--"+f.Name, value)
	})
	return line
}

func allStatuses() []string { return vocabulary["STATUS"]() }

// Every command ends with 2 for a wrong usage or configuration, and with 1 for a
// world that does not let it work.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	broken := write(t, "kafka: {brokers: ['127.0.0.1:1'], client_idd: x}\n")
	counted := 0
	for _, c := range leaves(rootCommand(terminal{})) {
		if c.Name() == "help" {
			continue
		}
		line := filled(t, c)
		rows := []struct {
			name  string
			flags []string
			needs string // a flag
			want  int
		}{
			{"an unknown flag", []string{"--nope"}, "", exitUsage},
			{"a value of the wrong kind", []string{"--timeout", "soon"}, "timeout", exitUsage},
			{"an unknown format", []string{"--output", "xml"}, "output", exitUsage},
			{"no such configuration", []string{"--config", "/nowhere/p.yaml"}, "config", exitUsage},
			{"a broken configuration", []string{"--config", broken}, "config", exitUsage},
			{"no broker", []string{"--brokers", "127.0.0.1:1"}, "brokers", exitFailed},
			{"no registry", []string{"--registry", "http://127.0.0.1:1"}, "registry", exitFailed},
		}
		for _, row := range rows {
			if row.needs != "" && c.Flags().Lookup(row.needs) == nil || row.needs == "registry" && c.Flags().Lookup("brokers") != nil {
				continue
			}
			counted++
			t.Run(c.CommandPath()+" with "+row.name, func(t *testing.T) {
				t.Parallel()
				code, out, errs := execute(t, query, append(slices.Clone(line), row.flags...)...)
				if code != row.want {
					t.Errorf("%v: got %d, want %d: %s%s", line, code, row.want, out, errs)
				}
				if c.Name() != "check" && (out != "" || !strings.Contains(errs, "processor: ")) {
					t.Errorf("want the error on standard error alone, got %q, %q", out, errs)
				}
			})
		}
	}
	if counted < 50 {
		t.Errorf("found %d rows", counted)
	}
}

// A command that prints results does so in JSON, too.
func TestEveryCommandHasAnOutput(t *testing.T) {
	t.Parallel()
	without := []string{"processor run", "processor completion", "processor help"} // logs, a script and words
	for _, c := range leaves(rootCommand(terminal{})) {
		name := c.CommandPath()
		if has := c.Flags().Lookup("output") != nil; has == slices.ContainsFunc(without, func(w string) bool { return strings.HasPrefix(name, w) }) {
			t.Errorf("%s: has --output %t", name, has)
		}
	}
}

// Colors are for terminals that want them.
func TestColors(t *testing.T) {
	t.Parallel()
	device, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no terminal to be had: ", err)
	}
	defer func() { _ = device.Close() }()
	for _, tt := range []struct {
		environ []string
		mode    string
		want    bool
	}{
		{nil, colorAuto, true},
		{[]string{"TERM=xterm"}, colorAuto, true},
		{[]string{"NO_COLOR=1"}, colorAuto, false},
		{[]string{"NO_COLOR="}, colorAuto, true},
		{[]string{"TERM=dumb"}, colorAuto, false},
		{[]string{"NO_COLOR=1", "TERM=dumb"}, colorAlways, true},
		{nil, colorNever, false},
	} {
		if got := (terminal{out: device, environ: tt.environ}).colored(tt.mode); got != tt.want {
			t.Errorf("%v, %s: got %t", tt.environ, tt.mode, got)
		}
	}
	if (terminal{out: &capture.Text{}}).colored(colorAuto) || (terminal{out: os.Stdin}).colored(colorNever) {
		t.Error("want no colors where there is no terminal")
	}
}

// What prints in colors does so when told to, and never in JSON.
func TestColorsOfCommands(t *testing.T) {
	t.Parallel()
	file := write(t, "log: {level: loud}\n")
	for flags, want := range map[string]bool{
		"--color always": true, "--color never": false, "": false, "--color always --output json": false,
	} {
		_, out, _ := execute(t, "", append([]string{"check", "--offline", "--config", file}, strings.Fields(flags)...)...)
		if got := strings.Contains(out, "\x1b["); got != want {
			t.Errorf("check %s: colors %t:\n%q", flags, got, out)
		}
	}
}
