package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bankprocessor/internal/config"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2 // usage or configuration
)

// How a command prints.
const (
	formatTable = "table"
	formatText  = "text"
	formatJSON  = "json"
)

// terminal is what a run reads and writes.
type terminal struct {
	in      io.Reader
	out     io.Writer
	err     io.Writer
	environ []string
}

// colored says whether out is a terminal that wants colors (no-color.org).
func (t terminal) colored() bool {
	file, ok := t.out.(*os.File)
	if !ok || t.variable("NO_COLOR") != "" || t.variable("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (t terminal) variable(name string) string {
	for _, assignment := range t.environ {
		if value, ok := strings.CutPrefix(assignment, name+"="); ok {
			return value
		}
	}
	return ""
}

// run is the whole command line as a function.
func run(ctx context.Context, args []string, t terminal) int {
	started := false // until then, every error is a wrong usage
	root := rootCommand(t)
	onStart(root, func() { started = true })
	root.SetArgs(args)
	root.SetIn(t.in)
	root.SetOut(t.out)
	root.SetErr(t.err)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(t.err, "processor: "+err.Error())
	switch {
	case !started:
		fmt.Fprintf(t.err, "See: %s --help\n", command.CommandPath())
		return exitUsage
	case config.IsFault(err), errors.Is(err, errUsage), errors.Is(err, os.ErrNotExist) && errors.Is(err, errConfigFile):
		return exitUsage
	}
	return exitFailed
}

// onStart has every command below c call f when it begins its work.
func onStart(c *cobra.Command, f func()) {
	for _, sub := range c.Commands() {
		onStart(sub, f)
	}
	if work := c.RunE; work != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			f()
			return work(c, args)
		}
	}
}

var (
	// errUsage marks arguments that make no sense.
	errUsage = errors.New("wrong usage")
	// errConfigFile marks a configuration file that cannot be read.
	errConfigFile = errors.New("give another with --config")
)

func rootCommand(t terminal) *cobra.Command {
	root := &cobra.Command{
		Use:   "processor",
		Short: "Turns command events on Kafka into calls to a bank, one true outcome each",
		Long: "Turns command events on Kafka into calls to a bank, one true outcome each.\n" +
			"Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.",
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.AddCommand(
		demoCommand(t), devCommand(t), runCommand(t), checkCommand(t), topicsCommand(t), schemasCommand(t),
		sendCommand(t), watchCommand(t), dlqCommand(t), banksimCommand(t), versionCommand(t),
	)
	return root
}

// settings are the flags that say which configuration is meant.
type settings struct {
	file     string
	brokers  string
	prefix   string
	registry string
}

func (s *settings) add(c *cobra.Command) {
	c.Flags().StringVarP(&s.file, "config", "c", "", "configuration `FILE`; without one, defaults and PROCESSOR_ variables")
}

// addCluster adds what is enough to work with topics, without a file.
func (s *settings) addCluster(c *cobra.Command) {
	s.add(c)
	c.Flags().StringVarP(&s.brokers, "brokers", "b", "", "`HOST:PORT,...` of brokers to begin with, instead of kafka.brokers")
	c.Flags().StringVar(&s.prefix, "topic-prefix", "", "`PREFIX` of the topics, instead of topics.prefix")
}

// addRegistry adds what is enough to work with schemas, without a file.
func (s *settings) addRegistry(c *cobra.Command) {
	c.Flags().StringVar(&s.registry, "registry", "", "`URL,...` of the schema registry's nodes, instead of registry.urls")
}

// addOutput adds the flag that says how a command prints: for people, as a table
// or as text, or for machines.
func addOutput(c *cobra.Command, output *string, people string) {
	c.Flags().StringVarP(output, "output", "o", people, "`FORMAT` of what is printed: "+people+", or json for machines")
}

func checkOutput(output, people string) error {
	if output == people || output == formatJSON {
		return nil
	}
	return fmt.Errorf("%w: --output is %q: want %s or json", errUsage, output, people)
}

// load reads the configuration, or with sections those alone. A flag is a
// variable that takes precedence.
func (s *settings) load(t terminal, sections ...string) (config.Config, error) {
	environ := t.environ
	for name, value := range map[string]string{
		"PROCESSOR_KAFKA_BROKERS": s.brokers, "PROCESSOR_TOPICS_PREFIX": s.prefix, "PROCESSOR_REGISTRY_URLS": s.registry,
	} {
		if value == "" {
			continue
		}
		environ = slices.DeleteFunc(slices.Clone(environ), func(a string) bool { return strings.HasPrefix(a, name+"=") })
		environ = append(environ, name+"="+value)
	}
	c, err := config.Load(s.file, environ, sections...)
	if errors.Is(err, os.ErrNotExist) {
		return c, fmt.Errorf("%w: %w", err, errConfigFile)
	}
	return c, err
}
