package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"bankprocessor/internal/registry"
)

// registrySections are what the tools around schemas need of a configuration.
var registrySections = []string{"topics", "registry"}

var errNoRegistry = errors.New("there is no schema registry: set registry.urls, or give --registry")

func schemasCommand(t terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "schemas", Short: "Compares our schemas with a schema registry, and registers them", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return fmt.Errorf("%w: want list, check or apply", errUsage) },
	}
	var level string
	apply := schemasSubcommand(t, "apply", "Registers what is missing, once all of it is compatible",
		"Checks every schema as `schemas check` does, and then registers those that the\n"+
			"registry does not have. When one is incompatible nothing is registered. Nothing\n"+
			"else is set, unless --compatibility asks for it.",
		func(c *cobra.Command, client *registry.Client, subjects []registry.Subject) ([]registry.State, error) {
			return client.Apply(c.Context(), subjects, level)
		})
	apply.Flags().StringVar(&level, "compatibility", "", "holds each of our subjects to this `LEVEL`, such as BACKWARD_TRANSITIVE")
	oneOf(apply, "compatibility", registry.Levels()...)
	c.AddCommand(
		schemasSubcommand(t, "list", "Shows every subject and what the registry has of it",
			"Shows every subject of ours: the version and the id of our schema there, and\n"+
				"whether it is the latest.", inspect),
		schemasSubcommand(t, "check", "Says whether our schemas may be registered, and changes nothing",
			"Asks the registry whether each schema of ours is compatible with what is\n"+
				"registered, under the subject's own level. Fails, naming the fields, when one is\n"+
				"not.",
			func(c *cobra.Command, client *registry.Client, subjects []registry.Subject) ([]registry.State, error) {
				states, err := inspect(c, client, subjects)
				return states, errors.Join(err, registry.Incompatible(states))
			}),
		apply,
	)
	return c
}

func inspect(c *cobra.Command, client *registry.Client, subjects []registry.Subject) ([]registry.State, error) {
	return client.Inspect(c.Context(), subjects)
}

func schemasSubcommand(t terminal, name, short, long string,
	work func(*cobra.Command, *registry.Client, []registry.Subject) ([]registry.State, error),
) *cobra.Command {
	var s settings
	var output string
	c := &cobra.Command{
		Use: name, Short: short, Long: long, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := s.load(t, registrySections...)
			if err != nil {
				return err
			}
			if !cfg.Registry.Enabled() {
				return fmt.Errorf("%w: %w", errUsage, errNoRegistry)
			}
			client, err := registry.New(cfg.Registry)
			if err != nil {
				return err
			}
			defer client.Close()
			states, err := work(c, client, registry.Subjects(cfg.Topics.Prefix))
			if err == nil || len(states) > 0 {
				err = errors.Join(showSchemas(t, output, states), err)
			}
			return err
		},
	}
	s.add(c)
	s.addRegistry(c)
	s.addPrefix(c)
	addOutput(c, &output, formatTable)
	return c
}

func showSchemas(t terminal, output string, states []registry.State) error {
	if output == formatJSON {
		var lines []schemaLine
		for _, s := range states {
			lines = append(lines, lineOfSchema(s))
		}
		return writeList(t, lines)
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, s := range states {
		fmt.Fprintf(w, "%s\t%s\n", s.Name, schemaState(s))
	}
	return w.Flush()
}

// schemaLine is a subject of the registry in JSON.
type schemaLine struct {
	Subject string `json:"subject"`
	// State is missing, created (registered just now), registered, compatible
	// (and not registered) or incompatible.
	State string `json:"state"`
	// Version and ID are those of our schema, Latest and LatestID of the latest;
	// absent where there is none.
	Version  int    `json:"version,omitempty"`
	ID       int    `json:"id,omitempty"`
	Latest   int    `json:"latest,omitempty"`
	LatestID int    `json:"latestId,omitempty"`
	Level    string `json:"level,omitempty"` // of compatibility
	// Conflicts say what is incompatible.
	Conflicts []string `json:"conflicts,omitempty"`
}

func lineOfSchema(s registry.State) schemaLine {
	l := schemaLine{
		Subject: s.Name, State: "compatible", Version: s.Version, ID: s.ID,
		Latest: s.Latest, LatestID: s.LatestID, Level: s.Level, Conflicts: s.Conflicts,
	}
	switch {
	case s.Applied:
		l.State = "created"
	case s.Registered():
		l.State = "registered"
	case s.Missing():
		l.State = "missing"
	case len(s.Conflicts) > 0:
		l.State = "incompatible"
	}
	return l
}

func schemaState(s registry.State) string {
	switch {
	case s.Applied:
		return fmt.Sprintf("registered now: version %d, id %d", s.Version, s.ID)
	case s.Registered() && s.Version == s.Latest:
		return fmt.Sprintf("registered: version %d, id %d, the latest", s.Version, s.ID)
	case s.Registered():
		return fmt.Sprintf("registered: version %d, id %d; the latest is version %d, id %d", s.Version, s.ID, s.Latest, s.LatestID)
	case s.Missing():
		return "missing: there is no such subject"
	case len(s.Conflicts) > 0:
		return fmt.Sprintf("incompatible with version %d", s.Latest) + held(s)
	}
	return fmt.Sprintf("not registered; compatible with version %d", s.Latest) + held(s)
}

func held(s registry.State) string {
	if s.Level == "" {
		return ""
	}
	return " (" + s.Level + ")"
}
