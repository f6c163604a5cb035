package main

import (
	"errors"
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
	var output string
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
			if err == nil || len(states) > 0 {
				err = errors.Join(showTopics(t, output, states), err)
			}
			if err != nil {
				return err
			}
			return topics.Check(c.Context(), client, cfg.Topics)
		},
	}
	s.addCluster(c)
	addOutput(c, &output, formatTable)
	return c
}

func showTopics(t terminal, output string, states []kafka.TopicState) error {
	if output == formatJSON {
		var lines []topicLine
		for _, s := range states {
			lines = append(lines, lineOfTopic(s))
		}
		return writeList(t, lines)
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, s := range states {
		fmt.Fprintf(w, "%s\t%s\n", s.Wanted.Name, topicState(s))
	}
	return w.Flush()
}

// topicLine is a topic in JSON.
type topicLine struct {
	Topic string `json:"topic"`
	// State is missing, created (just now), as-configured or differs.
	State string `json:"state"`
	// Partitions are those that are configured.
	Partitions  int32            `json:"partitions"`
	Differences []differenceLine `json:"differences,omitempty"`
}

type differenceLine struct {
	Property   string `json:"property"`
	Have       string `json:"have"`
	Configured string `json:"configured"`
}

func lineOfTopic(s kafka.TopicState) topicLine {
	l := topicLine{Topic: s.Wanted.Name, Partitions: s.Wanted.Partitions}
	switch {
	case s.Created:
		l.State = "created"
	case !s.Exists:
		l.State = "missing"
	case len(s.Differences) == 0:
		l.State = "as-configured"
	default:
		l.State = "differs"
	}
	for _, d := range s.Differences {
		l.Differences = append(l.Differences, differenceLine{d.Property, d.Have, d.Want})
	}
	return l
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
