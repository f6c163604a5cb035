package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/topics"
	"bankprocessor/internal/upstream"
)

type sendFlags struct {
	settings
	force, newID bool
	encoding     string
	output       string
	timeout      time.Duration
}

func sendCommand(t terminal) *cobra.Command {
	var f sendFlags
	c := &cobra.Command{
		Use: "send COMMAND [FILE|-]", Short: "Sends commands: JSON or NDJSON to Avro",
		Long: "Reads commands as JSON, one object after the other, from FILE or standard input,\n" +
			"checks them as the processor will, writes them in Avro, or as --encoding says,\n" +
			"with the right key, and prints each one's id with its partition and offset. A\n" +
			"missing commandId or issuedAt is filled in.\n\nCommands: " + strings.Join(commandNames(), ", "),
		Example: "  processor send dbs.limit.query --brokers 127.0.0.1:9092 query.json",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			name, err := commandName(args[0])
			if err != nil {
				return err
			}
			in, closeIn, err := input(t, args[1:])
			if err != nil {
				return err
			}
			defer closeIn()
			return send(c.Context(), t, f, name, in)
		},
	}
	f.addCluster(c)
	f.addRegistry(c)
	c.Flags().StringVar(&f.encoding, "encoding", encodeSingleObject, "`ENCODING` of the commands: single-object, confluent or json")
	oneOf(c, "encoding", encodeSingleObject, encodeConfluent, encodeJSON)
	addOutput(c, &f.output, formatText)
	c.Flags().BoolVar(&f.force, "force", false, "sends commands that fail the local checks, too")
	c.Flags().BoolVar(&f.newID, "new-id", false, "gives every command a new id and moment")
	c.Flags().DurationVar(&f.timeout, "timeout", 30*time.Second, "how long Kafka may take to store them")
	return c
}

func commandNames() []string {
	var names []string
	for _, n := range command.Names() {
		names = append(names, string(n))
	}
	return names
}

func commandName(s string) (command.Name, error) {
	name, ok := command.ParseName(s)
	if !ok {
		return "", fmt.Errorf("%w: there is no command %q: want one of %s", errUsage, s, strings.Join(commandNames(), ", "))
	}
	return name, nil
}

func input(t terminal, args []string) (in io.Reader, closeIn func(), err error) {
	if len(args) == 0 || args[0] == "-" {
		return t.in, func() {}, nil
	}
	file, err := os.Open(args[0])
	if err != nil {
		return nil, nil, fmt.Errorf("reading commands: %w", err)
	}
	return file, func() { _ = file.Close() }, nil
}

// chunk is how many commands are checked before they are sent together.
const chunk = 1000

func send(ctx context.Context, t terminal, f sendFlags, name command.Name, in io.Reader) error {
	cfg, err := f.load(t, clusterSections...)
	if err != nil {
		return err
	}
	events, err := encodingCodec(ctx, cfg, name, f.encoding)
	if err != nil {
		return err
	}
	drafts := drafts{
		name: name, json: json.NewDecoder(in), force: f.force, terminal: t, machines: f.output == formatJSON,
		drafter: upstream.Drafter{Codec: events, Topics: cfg.Topics, Rules: rules(cfg), Now: time.Now, NewIDs: f.newID, JSON: f.encoding == encodeJSON},
	}
	first, err := drafts.next(chunk) // before any connection: mistakes are told at once
	if err != nil {
		return err
	}
	if len(first) == 0 {
		return fmt.Errorf("%w: no command in the input", errUsage)
	}
	client, err := connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := client.Leaders(ctx, cfg.Topics.Command(name)); errors.Is(err, kafka.ErrUnknownTopic) {
		return &topics.MissingError{Topics: []string{cfg.Topics.Command(name)}}
	} else if err != nil {
		return err
	}
	sender, err := upstream.NewSender(ctx, client, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { _ = sender.Close(context.WithoutCancel(ctx)) }()
	return drafts.send(ctx, sender, first, f.timeout)
}

func rules(cfg config.Config) func(time.Time) command.Rules {
	return func(now time.Time) command.Rules {
		return command.Rules{Now: now, Currencies: cfg.Processing.Currencies, MaxRangeDays: cfg.Processing.MaxRangeDays}
	}
}

// drafts reads commands off a stream.
type drafts struct {
	name    command.Name
	json    *json.Decoder
	drafter upstream.Drafter
	force   bool
	read    int
	// machines has everything told in JSON.
	machines bool
	terminal terminal
}

// sentLine is a command that Kafka has stored, in JSON.
type sentLine struct {
	CommandID string `json:"commandId"`
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
}

// refusedLine is a command that fails the local checks, in JSON.
type refusedLine struct {
	Command    int             `json:"command"` // which of the input it is, from 1
	CommandID  string          `json:"commandId,omitempty"`
	Error      string          `json:"error,omitempty"` // it cannot be read
	Violations []violationLine `json:"violations,omitempty"`
}

type violationLine struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// next returns up to n commands, none of which may fail a check unless forced;
// it tells of every one that does before it fails.
func (d *drafts) next(n int) ([]upstream.Draft, error) {
	var all []upstream.Draft
	refused := 0
	for len(all) < n {
		var text json.RawMessage
		err := d.json.Decode(&text)
		if errors.Is(err, io.EOF) {
			break
		}
		d.read++
		if err != nil {
			return nil, fmt.Errorf("command %d is no JSON, at byte %d: %w", d.read, d.json.InputOffset(), err)
		}
		draft, err := d.drafter.FromJSON(d.name, text)
		if err != nil {
			refused++
			d.tellUnreadable(err)
			continue
		}
		if len(draft.Violations) > 0 {
			d.tell(draft)
			if !d.force {
				refused++
			}
		}
		all = append(all, draft)
	}
	if refused > 0 {
		return nil, fmt.Errorf("%d of %d commands fail the local checks: correct them, or send what can be read with --force", refused, d.read)
	}
	return all, nil
}

// onError is the terminal with what goes to standard error.
func (d *drafts) onError() terminal { return terminal{out: d.terminal.err} }

func (d *drafts) tellUnreadable(err error) {
	if d.machines {
		_ = writeJSON(d.onError(), refusedLine{Command: d.read, Error: err.Error()})
		return
	}
	fmt.Fprintf(d.terminal.err, "command %d: %v\n", d.read, err)
}

func (d *drafts) tell(draft upstream.Draft) {
	if d.machines {
		line := refusedLine{Command: d.read, CommandID: draft.Command.ID}
		for _, v := range draft.Violations {
			line.Violations = append(line.Violations, violationLine{v.Field, string(v.Code), v.Message})
		}
		_ = writeJSON(d.onError(), line)
		return
	}
	fmt.Fprintf(d.terminal.err, "command %d (%s) fails the local checks:\n", d.read, draft.Command.ID)
	for _, v := range draft.Violations {
		fmt.Fprintf(d.terminal.err, "  %s: %s (%s)\n", v.Field, v.Message, v.Code)
	}
}

func (d *drafts) tellSent(id string, r kafka.Record) {
	if d.machines {
		_ = writeJSON(d.terminal, sentLine{id, r.Topic, r.Partition, r.Offset})
		return
	}
	fmt.Fprintf(d.terminal.out, "%s %s/%d@%d\n", id, r.Topic, r.Partition, r.Offset)
}

func (d *drafts) send(ctx context.Context, sender *upstream.Sender, next []upstream.Draft, timeout time.Duration) error {
	sent := 0
	for len(next) > 0 {
		records := make([]kafka.Record, len(next))
		for i, draft := range next {
			records[i] = draft.Record
		}
		limited, cancel := context.WithTimeout(ctx, timeout)
		stored, err := sender.Send(limited, records...)
		cancel()
		for i, r := range stored {
			if r.Offset >= 0 {
				sent++
				d.tellSent(next[i].Command.ID, r)
			}
		}
		if err != nil {
			return fmt.Errorf("%d commands were sent: %w", sent, err)
		}
		if next, err = d.next(chunk); err != nil {
			return fmt.Errorf("%d commands were sent: %w", sent, err)
		}
	}
	return nil
}
