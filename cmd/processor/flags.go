package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// How a command prints.
const (
	formatTable = "table"
	formatText  = "text"
	formatJSON  = "json"
)

// valuesAnnotation holds the only values that a flag takes.
const valuesAnnotation = "processor_values"

// oneOf says that a flag takes these values and no others: others are refused, and
// completion and the reference list these.
func oneOf(c *cobra.Command, flag string, values ...string) {
	if err := c.Flags().SetAnnotation(flag, valuesAnnotation, values); err != nil {
		panic(err) // there is no such flag: a mistake in the program
	}
}

func valuesOf(f *pflag.Flag) []string { return f.Annotations[valuesAnnotation] }

// checkValues refuses flags with values that they do not take.
func checkValues(c *cobra.Command) error {
	var err error
	c.Flags().Visit(func(f *pflag.Flag) {
		values := valuesOf(f)
		if err == nil && len(values) > 0 && !slices.Contains(values, f.Value.String()) {
			err = fmt.Errorf("%w: --%s is %q: want %s", errUsage, f.Name, f.Value, either(values))
		}
	})
	return err
}

// either lists as "a, b or c".
func either(values []string) string {
	last := len(values) - 1
	if last < 1 {
		return strings.Join(values, "")
	}
	return strings.Join(values[:last], ", ") + " or " + values[last]
}

// addOutput adds the flag that says how a command prints: for people, as a table
// or as text, or for machines.
func addOutput(c *cobra.Command, output *string, people string) {
	c.Flags().StringVarP(output, "output", "o", people, "`FORMAT` of what is printed: "+people+", or json for machines")
	oneOf(c, "output", people, formatJSON)
}

// addColor adds the flag that says when a command prints in colors.
func addColor(c *cobra.Command, color *string) {
	c.Flags().StringVar(color, "color", colorAuto, "`WHEN` to use colors: auto is at a terminal without NO_COLOR, always or never")
	oneOf(c, "color", colorAuto, colorAlways, colorNever)
}

// writeList prints what has been found as one array: never null.
func writeList[T any](t terminal, list []T) error {
	if list == nil {
		list = []T{}
	}
	return writeJSON(t, list)
}
