// Package ceiling is the yardstick of the benchmarks: the fastest loop from Kafka
// through net/http to Kafka that keeps the order of each key, tuned by hand. It
// decodes nothing, checks nothing, and commits what it has fetched on a timer,
// finished or not: a limit, not a design.
package ceiling

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Options are a contender's command line.
type Options struct {
	Broker, Commands, Results, Group string
	// Bank is the whole URL of the one method.
	Bank string
	// Body is what is posted, with {} for the dealer and, after it, for the invoice
	// number.
	Body string
	// CA is the PEM file of an authority to trust; HTTP2 asks for it.
	CA    string
	HTTP2 bool
	// InFlight bounds the calls that run at once.
	InFlight int
	// Metrics is where the number of allocations is served.
	Metrics string
}

func parse(arguments []string) (o Options, err error) {
	flags := flag.NewFlagSet("ceiling", flag.ContinueOnError)
	flags.StringVar(&o.Broker, "broker", "", "")
	flags.StringVar(&o.Commands, "commands", "", "")
	flags.StringVar(&o.Results, "results", "", "")
	flags.StringVar(&o.Group, "group", "", "")
	flags.StringVar(&o.Bank, "bank", "", "")
	flags.StringVar(&o.Body, "body", "", "")
	flags.StringVar(&o.CA, "ca", "", "")
	flags.BoolVar(&o.HTTP2, "http2", false, "")
	flags.IntVar(&o.InFlight, "in-flight", 0, "")
	flags.StringVar(&o.Metrics, "metrics", "", "")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	if o.InFlight < 1 || strings.Count(o.Body, "{}") != 2 {
		return o, fmt.Errorf("reading the command line: --in-flight is positive, --body has two places")
	}
	return o, nil
}

// Serve runs the loop until ctx ends; it is a parts.Part.
func Serve(ctx context.Context, _ io.Writer, arguments []string) error {
	o, err := parse(arguments)
	if err != nil {
		return err
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // as cmd/processor has it
	}
	bank, err := newBank(o)
	if err != nil {
		return err
	}
	defer bank.transport.CloseIdleConnections()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(o.Broker),
		kgo.ConsumerGroup(o.Group), kgo.ConsumeTopics(o.Commands), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.Balancers(kgo.RangeBalancer()), kgo.AutoCommitInterval(500*time.Millisecond),
		kgo.FetchMaxWait(200*time.Millisecond), kgo.FetchMaxBytes(8<<20), kgo.FetchMaxPartitionBytes(1<<20),
		kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerLinger(0), kgo.MaxBufferedRecords(buffered),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.RecordPartitioner(kgo.ManualPartitioner()),
	)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	stop, err := serveMetrics(ctx, o.Metrics)
	if err != nil {
		client.Close()
		return err
	}
	defer stop()
	l := newLoop(o, bank, client)
	return l.run(ctx)
}

// buffered is how many commands are held, waiting or under way.
const buffered = 1 << 16

// serveMetrics serves how often this process has allocated, as Prometheus' client
// would.
func serveMetrics(ctx context.Context, address string) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serving metrics: %w", err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		_, _ = fmt.Fprintf(w, "go_memstats_mallocs_total %d\n", m.Mallocs)
	})}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(listener) })
	return func() {
		_ = server.Close()
		served.Wait()
	}, nil
}
