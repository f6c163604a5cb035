package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"bankprocessor/internal/app"
	"bankprocessor/internal/console"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/secret"
	"bankprocessor/internal/telemetry"
	"bankprocessor/internal/topics"
)

type devFlags struct {
	kafkaPort, bankPort int
	admin, level        string
	output              string
	topics              topics.Config
}

func devCommand(t terminal) *cobra.Command {
	var f devFlags
	c := &cobra.Command{
		Use: "dev", Short: "Broker, bank and processor in one process, staying up", Args: cobra.NoArgs,
		Long: "Runs an embedded broker, the bank simulator and the processor on loopback until\n" +
			"Ctrl-C. Everything is in memory and gone at the end. The token that it prints signs\n" +
			"in to the console, which is at the admin address.",
		RunE: func(c *cobra.Command, _ []string) error { return develop(c.Context(), t, f) },
	}
	c.Flags().IntVar(&f.kafkaPort, "kafka-port", 9092, "`PORT` of the broker; 0 takes a free one")
	c.Flags().IntVar(&f.bankPort, "bank-port", 8080, "`PORT` of the bank simulator; 0 takes a free one")
	c.Flags().StringVar(&f.admin, "admin", "127.0.0.1:9464", "`HOST:PORT` of the admin port; port 0 takes a free one")
	c.Flags().StringVar(&f.level, "log-level", "info", "`LEVEL` of the log: debug, info, warn or error")
	oneOf(c, "log-level", "debug", "info", "warn", "error")
	c.Flags().Int32Var(&f.topics.Partitions, "partitions", 12, "partitions of every topic but the dead letters")
	c.Flags().StringVar(&f.topics.Prefix, "topic-prefix", "", "`PREFIX` of the topics")
	addOutput(c, &f.output, formatText)
	return c
}

func develop(ctx context.Context, t terminal, f devFlags) (err error) {
	logging := telemetry.LogConfig{Level: f.level, Format: "text"}
	if err := errors.Join(logging.Validate(), f.topics.WithDefaults().Validate()); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	log := telemetry.NewLogger(t.err, logging)
	box, err := sandbox.Start(ctx, sandbox.Options{
		Topics: f.topics, KafkaPort: f.kafkaPort, BankPort: f.bankPort,
	})
	if err != nil {
		return fmt.Errorf("%w; take other ports with --kafka-port and --bank-port", err)
	}
	defer func() { err = errors.Join(err, box.Stop()) }()
	cfg := app.SandboxConfig(box, f.topics)
	cfg.Admin.Address = f.admin
	token, revoke, err := admit(&cfg.Console)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, revoke()) }()
	a, err := app.New(cfg, app.Options{Version: buildVersion(), Logger: log})
	if err != nil {
		return err
	}
	err = a.Run(ctx, func() { f.announce(t, box, a, token) })
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w; take another with --admin", err)
	}
	return err
}

// admit lets one person sign in to the console, until revoke is called.
func admit(cfg *console.Config) (token secret.Value, revoke func() error, err error) {
	token, line, err := console.NewToken("dev")
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "processor-dev-")
	if err != nil {
		return "", nil, err
	}
	revoke = func() error { return os.RemoveAll(dir) }
	cfg.TokensFile = filepath.Join(dir, "tokens")
	if err := os.WriteFile(cfg.TokensFile, []byte(line+"\n"), 0o600); err != nil {
		return "", nil, errors.Join(err, revoke())
	}
	return token, revoke, nil
}

// devLine is where everything is, in JSON.
type devLine struct {
	Brokers []string `json:"brokers"`
	Bank    string   `json:"bank"`
	Admin   string   `json:"admin"`
	Token   string   `json:"token"` // signs in to the console
}

func (f devFlags) announce(t terminal, box *sandbox.Sandbox, a *app.App, token secret.Value) {
	if f.output == formatJSON {
		_ = writeJSON(t, devLine{box.Brokers(), box.BankURL(), "http://" + a.AdminAddress() + "/", token.Reveal()})
		return
	}
	prefix := f.topics.Prefix
	brokers := strings.Join(box.Brokers(), ",")
	flags := "--brokers " + brokers
	if prefix != "" {
		flags += " --topic-prefix " + prefix
	}
	fmt.Fprintf(t.out, `broker  %s
bank    %s
admin   http://%s/
token   %s

  processor watch %s
  processor send dbs.limit.query schemas/examples/dbs.limit.query.json --new-id %s

Ctrl-C ends it.
`, brokers, box.BankURL(), a.AdminAddress(), token.Reveal(), flags, flags)
}
