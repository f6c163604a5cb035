// Peers are what people use instead of the processor: each turns commands into calls
// to a bank and outcomes, with the best settings that keep it honest. They decode
// nothing and check nothing.
//
//	peers naive|naive-one|watermill --broker ... --commands ... --results ... --group ... \
//	    --bank ... --body ... --in-flight ... [--ca ... --http2=true] [--metrics ...]
//
// bench/compare builds and starts it.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// options are a contender's command line, as bench/ceiling has it.
type options struct {
	broker, commands, results, group string
	bank, body, ca                   string
	http2                            bool
	inFlight                         int
	metrics                          string
}

func parse(arguments []string) (o options, err error) {
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	flags.StringVar(&o.broker, "broker", "", "")
	flags.StringVar(&o.commands, "commands", "", "")
	flags.StringVar(&o.results, "results", "", "")
	flags.StringVar(&o.group, "group", "", "")
	flags.StringVar(&o.bank, "bank", "", "")
	flags.StringVar(&o.body, "body", "", "")
	flags.StringVar(&o.ca, "ca", "", "")
	flags.BoolVar(&o.http2, "http2", false, "")
	flags.IntVar(&o.inFlight, "in-flight", 0, "")
	flags.StringVar(&o.metrics, "metrics", "", "")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	if o.inFlight < 1 || strings.Count(o.body, "{}") != 2 {
		return o, fmt.Errorf("reading the command line: --in-flight is positive, --body has two places")
	}
	return o, nil
}

var peers = map[string]func(context.Context, options, *bank) error{
	"naive":     naive,
	"naive-one": naiveOne,
	"watermill": watermillRouter,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 || peers[arguments[0]] == nil {
		return fmt.Errorf("there is no such peer: %q", arguments)
	}
	o, err := parse(arguments[1:])
	if err != nil {
		return err
	}
	bank, err := newBank(o)
	if err != nil {
		return err
	}
	if o.metrics != "" {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.metrics)
		if err != nil {
			return fmt.Errorf("serving metrics: %w", err)
		}
		server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(allocations)}
		go func() { _ = server.Serve(listener) }()
		defer func() { _ = server.Close() }()
	}
	err = peers[arguments[0]](ctx, o, bank)
	if ctx.Err() != nil {
		return nil // told to stop
	}
	return err
}

// allocations serves how often this process has allocated, as Prometheus' client
// would.
func allocations(w http.ResponseWriter, _ *http.Request) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	_, _ = fmt.Fprintf(w, "go_memstats_mallocs_total %d\n", m.Mallocs)
}
