package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"bankprocessor/internal/kafka"
	"bankprocessor/internal/topics"
)

func topicsCommand(t terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "topics", Short: "Creates topics, and shows what differs", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return fmt.Errorf("%w: want apply or list", errUsage) },
	}
	c.AddCommand(
		topicsSubcommand(t, "apply", "Creates the topics that are missing; changes none that is there",
			func(c *cobra.Command, client *kafka.Client, specs []kafka.TopicSpec) ([]kafka.TopicState, error) {
				return client.CreateMissingTopics(c.Context(), specs)
			}),
		topicsSubcommand(t, "list", "Shows every topic and how it differs from the configuration",
			func(c *cobra.Command, client *kafka.Client, specs []kafka.TopicSpec) ([]kafka.TopicState, error) {
				return client.CompareTopics(c.Context(), specs)
			}),
	)
	return c
}

func topicsSubcommand(t terminal, name, short string,
	work func(*cobra.Command, *kafka.Client, []kafka.TopicSpec) ([]kafka.TopicState, error),
) *cobra.Command {
	var s settings
	c := &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := s.load(t, clusterSections...)
			if err != nil {
				return err
			}
			client, err := connect(c.Context(), cfg)
			if err != nil {
				return err
			}
			defer client.Close()
			states, err := work(c, client, cfg.Topics.Specs())
			printTopics(t, states)
			if err != nil {
				return err
			}
			return topics.Check(c.Context(), client, cfg.Topics)
		},
	}
	s.addCluster(c)
	return c
}

func printTopics(t terminal, states []kafka.TopicState) {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	defer func() { _ = w.Flush() }()
	for _, s := range states {
		fmt.Fprintf(w, "%s\t%s\n", s.Wanted.Name, topicState(s))
	}
}

func topicState(s kafka.TopicState) string {
	switch {
	case s.Created:
		return fmt.Sprintf("created, %d partitions", s.Wanted.Partitions)
	case !s.Exists:
		return "missing"
	case len(s.Differences) == 0:
		return "as configured"
	}
	var parts []string
	for _, d := range s.Differences {
		parts = append(parts, fmt.Sprintf("%s is %s, configured %s", d.Property, d.Have, d.Want))
	}
	return "differs: " + strings.Join(parts, "; ")
}
