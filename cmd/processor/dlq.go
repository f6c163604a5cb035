package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/sealing"
	"bankprocessor/internal/secret"
)

func dlqCommand(t terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "dlq", Short: "Lists, shows, replays and resolves dead letters, and keeps their keys", Args: cobra.NoArgs,
		Long: "What people do about dead letters. What changes something (replay, resolve) says\n" +
			"what it would do until it is given --execute, and is written down in the audit;\n" +
			"so is what shows personal data. docs/dead-letters.md has the whole way.",
		RunE: func(*cobra.Command, []string) error {
			return fmt.Errorf("%w: want list, show, replay, resolve, audit or keys", errUsage)
		},
	}
	c.AddCommand(dlqListCommand(t), dlqShowCommand(t), dlqReplayCommand(t), dlqResolveCommand(t), dlqAuditCommand(t), dlqKeysCommand(t))
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

// deskFlags say whose dead letters are meant, and what opens them.
type deskFlags struct {
	settings
	keysetFlags
	// keyed says that the configuration's keys are read: they may be where not
	// everybody who lists may read them.
	keyed bool
}

// addDesk adds all flags; who opens nothing adds those of the cluster alone.
func (f *deskFlags) addDesk(c *cobra.Command) {
	f.addCluster(c)
	f.keysetFlags.add(c)
	f.keyed = true
}

// desk is where a command line acts on dead letters.
type desk struct {
	*deadletters.Desk
	cfg    config.Config
	client *kafka.Client
	events *codec.Codec
}

// open connects. The desk is to be closed.
func (f *deskFlags) open(ctx context.Context, t terminal) (*desk, error) {
	cfg, err := f.load(t, dlqSections...)
	if err != nil {
		return nil, err
	}
	d := &desk{cfg: cfg}
	if d.events, err = newCodec(cfg); err != nil {
		return nil, err
	}
	deps := deadletters.Deps{Codec: d.events, Topics: cfg.Topics, Rules: rules(cfg)}
	if f.keyed {
		if deps.Opener, err = f.opener(cfg); err != nil {
			return nil, err
		}
		if deps.DigestKey, err = cfg.DeadLetters.ReadDigestKey(); err != nil {
			return nil, err
		}
	}
	if d.client, err = connect(ctx, cfg); err != nil {
		return nil, err
	}
	deps.Kafka = d.client
	d.Desk = deadletters.New(deps)
	return d, nil
}

func (d *desk) close() { d.client.Close() }

// find returns the letters that ref names, or an error where there is none.
func (d *desk) find(ctx context.Context, ref deadletters.Ref, as string) ([]deadletters.Entry, error) {
	entries, err := d.Find(ctx, ref)
	if err == nil && len(entries) == 0 {
		err = noLetter(as)
	}
	return entries, err
}

func noLetter(of string) error {
	return fmt.Errorf("there is no dead letter of %s: it may never have been one, or be older than the topic's retention; `processor dlq list` has those that are there", of)
}

// parseRef reads a command's id or a place.
func parseRef(s string) (deadletters.Ref, error) {
	if id, err := command.ParseID(s); err == nil {
		return deadletters.Ref{CommandID: id}, nil
	}
	tp, at, ok := deadletters.ParsePlace(s)
	if !ok {
		return deadletters.Ref{}, fmt.Errorf("%w: %q is neither a command's id nor a place such as dbs.invoice.upsert/3@41", errUsage, s)
	}
	return deadletters.Ref{Place: tp, Offset: at}, nil
}

// timeFlag reads how long ago, or a moment; "" is none.
func timeFlag(flag, s string, now time.Time) (time.Time, error) {
	at, ok := deadletters.ParseMoment(s, now)
	if !ok {
		return at, fmt.Errorf("%w: --%s is %q: want a duration such as 24h, or a moment such as 2026-01-31T08:00:00Z", errUsage, flag, s)
	}
	return at, nil
}

// row writes one line whose columns came from a topic; nothing trails.
func (t terminal) row(format string, columns ...string) error {
	cells := make([]any, len(columns))
	for i, c := range columns {
		cells[i] = plain(c)
	}
	_, err := fmt.Fprintln(t.out, strings.TrimRight(fmt.Sprintf(format, cells...), " \n"))
	return err
}

// explain says what to do about a value that is not open.
func explain(err error) error {
	if errors.Is(err, producers.ErrSealed) {
		return fmt.Errorf("%w: give the private keyset that holds it with --keyset (dead_letters.encryption.private_keyset_file)", err)
	}
	return err
}

// showEach shows everything that read finds, until writing fails, and returns how much
// there was.
func showEach[T any](show func(T) error, read func(emit func(T) bool) error) (seen int, err error) {
	var failed error
	err = read(func(v T) bool {
		seen++
		failed = show(v)
		return failed == nil
	})
	if failed != nil {
		return seen, fmt.Errorf("writing: %w", failed)
	}
	return seen, err
}
