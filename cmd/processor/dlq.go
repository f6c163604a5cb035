package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"bankprocessor/internal/config"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/sealing"
	"bankprocessor/internal/secret"
	"bankprocessor/internal/topics"
)

func dlqCommand(t terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "dlq", Short: "Lists and shows dead letters, and keeps their keys", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return fmt.Errorf("%w: want list, show or keys", errUsage) },
	}
	c.AddCommand(dlqListCommand(t), dlqShowCommand(t), dlqKeysCommand(t))
	return c
}

// dlqSections are what the tools around dead letters need of a configuration.
var dlqSections = append(slices.Clone(clusterSections), "dead_letters")

// wrappingFlags say what a private keyset is itself encrypted with.
type wrappingFlags struct{ file, env string }

func (f *wrappingFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.file, "key-file", "", "`FILE` with the key that the private keyset is itself encrypted with")
	c.Flags().StringVar(&f.env, "key-env", "", "environment variable `NAME` with the key that the private keyset is itself encrypted with")
	c.MarkFlagsMutuallyExclusive("key-file", "key-env")
}

func (f *wrappingFlags) source() secret.Source { return secret.Source{File: f.file, Env: f.env} }

// keysetFlags say what opens sealed values.
type keysetFlags struct {
	wrappingFlags
	keyset string
}

func (f *keysetFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.keyset, "keyset", "", "private keyset `FILE`, instead of dead_letters.encryption.private_keyset_file")
	f.wrappingFlags.add(c)
}

// opener returns nil where no private keyset is named.
func (f *keysetFlags) opener(cfg config.Config) (producers.Decryptor, error) {
	keys := cfg.DeadLetters.Encryption
	if f.keyset != "" {
		keys.PrivateKeysetFile = f.keyset
	}
	if source := f.source(); !source.IsZero() {
		keys.PrivateKeysetKey = source
	}
	if keys.PrivateKeysetFile == "" {
		return nil, nil
	}
	o, err := sealing.NewOpener(keys)
	if err != nil {
		return nil, config.Explain("dead_letters.encryption", err)
	}
	return o, nil
}

// openDeadLetters watches the dead letters from the oldest on.
func openDeadLetters(ctx context.Context, client *kafka.Client, cfg config.Config) (*downstream.Watcher, error) {
	w, err := downstream.OpenDeadLetters(ctx, client, cfg.Topics)
	if missing, ok := errors.AsType[*kafka.UnknownTopicsError](err); ok {
		return nil, &topics.MissingError{Topics: missing.Topics}
	}
	return w, err
}
