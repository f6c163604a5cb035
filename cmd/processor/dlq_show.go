package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"bankprocessor/internal/command"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
)

type dlqShowFlags struct {
	settings
	keysetFlags
	output, raw string
	reveal      bool
}

func dlqShowCommand(t terminal) *cobra.Command {
	var f dlqShowFlags
	c := &cobra.Command{
		Use: "show PLACE|COMMAND_ID", Short: "Shows a dead letter and the command in it",
		Long: "Shows the dead letters of a command, or the one of a PLACE: topic/partition@offset,\n" +
			"of the dead letter or of its original, as `dlq list` prints it. What may tell of a\n" +
			"person is masked. Sealed values are opened with the private keyset.",
		Example: "  processor dlq show dbs.invoice.upsert/3@41 --config FILE --keyset dlq-private.json",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return dlqShow(c.Context(), t, f, args[0]) },
	}
	f.addCluster(c)
	f.keysetFlags.add(c)
	addOutput(c, &f.output, formatText)
	c.Flags().BoolVar(&f.reveal, "reveal", false, "shows what may tell of a person, too")
	c.Flags().StringVar(&f.raw, "raw", "", "writes the original value's bytes to a new `FILE`, or - for standard output, and nothing else")
	c.MarkFlagsMutuallyExclusive("raw", "reveal")
	c.MarkFlagsMutuallyExclusive("raw", "output")
	return c
}

// wanted is which letters are shown: those of a command, or of a place.
type wanted struct {
	id string
	tp kafka.TopicPartition
	at int64
}

func parseWanted(s string) (wanted, error) {
	if id, err := command.ParseID(s); err == nil {
		return wanted{id: id}, nil
	}
	topic, rest, ok := strings.Cut(s, "/")
	partition, offset, ok2 := strings.Cut(rest, "@")
	p, err := strconv.ParseUint(partition, 10, 31)
	at, err2 := strconv.ParseUint(offset, 10, 63)
	if !ok || !ok2 || topic == "" || err != nil || err2 != nil {
		return wanted{}, fmt.Errorf("%w: %q is neither a command's id nor a place such as dbs.invoice.upsert/3@41", errUsage, s)
	}
	return wanted{tp: kafka.TopicPartition{Topic: topic, Partition: int32(p)}, at: int64(at)}, nil
}

func (w wanted) matches(l *producers.Letter) bool {
	if w.id != "" {
		return strings.EqualFold(l.CommandID, w.id)
	}
	original := l.Topic == w.tp.Topic && l.Partition == w.tp.Partition && l.Offset == w.at
	own := l.Record.Topic == w.tp.Topic && l.Record.Partition == w.tp.Partition && l.Record.Offset == w.at
	return original || own
}

func dlqShow(ctx context.Context, t terminal, f dlqShowFlags, what string) error {
	want, err := parseWanted(what)
	if err != nil {
		return err
	}
	if err := checkOutput(f.output, formatText); err != nil {
		return err
	}
	cfg, err := f.load(t, dlqSections...)
	if err != nil {
		return err
	}
	events, err := newCodec(cfg)
	if err != nil {
		return err
	}
	opener, err := f.opener(cfg)
	if err != nil {
		return err
	}
	client, err := connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer client.Close()
	w, err := openDeadLetters(ctx, client, cfg)
	if err != nil {
		return err
	}
	letters, err := find(ctx, w, want, cfg.Topics.DeadLetter())
	if err != nil {
		return err
	}
	if len(letters) == 0 {
		return fmt.Errorf("there is no dead letter of %s: it may never have been one, or be older than the topic's retention", what)
	}
	if f.raw != "" {
		return writeRaw(t, f.raw, letters, opener)
	}
	if len(letters) == maxShown {
		fmt.Fprintf(t.err, "shown are the oldest %d: `dlq list` has all, each with its own place\n", maxShown)
	}
	v := viewer{events: events, topics: cfg.Topics, opener: opener, reveal: f.reveal}
	var failed error
	for i, l := range letters {
		view, err := v.view(ctx, l)
		failed = errors.Join(failed, err)
		if f.output == formatJSON {
			err = writeJSON(t, view)
		} else {
			err = view.print(t, i > 0)
		}
		if err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	}
	return failed
}

// maxShown bounds how many letters of one command are shown: replays of it may
// fail again and again.
const maxShown = 100

// find reads the whole topic, or for a place in it that record alone.
func find(ctx context.Context, w *downstream.Watcher, want wanted, deadLetters string) ([]*producers.Letter, error) {
	direct := want.tp.Topic == deadLetters
	if direct {
		w.Only(want.tp, want.at)
	}
	var letters []*producers.Letter
	var unreadable error
	err := w.ReadToEnd(ctx, func(e downstream.Event) bool {
		l, err := producers.ReadLetter(e.Record)
		switch {
		case err != nil && direct && e.Record.Offset == want.at:
			unreadable = fmt.Errorf("%s: %w", position(e), err)
		case err == nil && want.matches(l):
			letters = append(letters, l)
		}
		return !direct && len(letters) < maxShown
	})
	return letters, errors.Join(err, unreadable)
}

// writeRaw writes the original value of the one letter.
func writeRaw(t terminal, to string, letters []*producers.Letter, opener producers.Decryptor) (err error) {
	if len(letters) > 1 {
		var all []string
		for _, l := range letters {
			all = append(all, l.Address())
		}
		return fmt.Errorf("%w: --raw: the command has %d dead letters: name one of %s", errUsage, len(letters), strings.Join(all, ", "))
	}
	original, err := letters[0].Original(opener)
	if err != nil {
		return explain(err)
	}
	if original.Value == nil {
		return fmt.Errorf("%s has no value: it is a tombstone", letters[0].Place())
	}
	if to == "-" {
		_, err = t.out.Write(original.Value)
		return err
	}
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("--raw: %w", err)
	}
	_, err = file.Write(original.Value)
	return errors.Join(err, file.Close())
}

// explain says what to do about a value that is not open.
func explain(err error) error {
	if errors.Is(err, producers.ErrSealed) {
		return fmt.Errorf("%w: give the private keyset that holds it with --keyset (dead_letters.encryption.private_keyset_file)", err)
	}
	return err
}
