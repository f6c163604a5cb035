package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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
			if level != "" && !slices.Contains(registry.Levels(), level) {
				return nil, fmt.Errorf("%w: there is no compatibility level %q: want one of %s", errUsage, level, strings.Join(registry.Levels(), ", "))
			}
			return client.Apply(c.Context(), subjects, level)
		})
	apply.Flags().StringVar(&level, "compatibility", "", "holds each of our subjects to this `LEVEL`, such as BACKWARD_TRANSITIVE")
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
			printSchemas(t, states)
			return err
		},
	}
	s.add(c)
	s.addRegistry(c)
	c.Flags().StringVar(&s.prefix, "topic-prefix", "", "`PREFIX` of the topics, instead of topics.prefix")
	return c
}

func printSchemas(t terminal, states []registry.State) {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	defer func() { _ = w.Flush() }()
	for _, s := range states {
		fmt.Fprintf(w, "%s\t%s\n", s.Name, schemaState(s))
	}
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
