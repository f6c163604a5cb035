package parts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kfake"

	"bankprocessor/bench/process"
)

// Broker is one Kafka broker.
type Broker struct {
	// Address is host:port.
	Address string
	// Kind says what it is, for the table.
	Kind string
	// PID is its process.
	PID  int
	stop func() error
}

// Stop ends it.
func (b *Broker) Stop() error { return b.stop() }

// The kinds of broker that a benchmark can be told to use.
const (
	KafkaOrEmbedded = "auto" // Apache Kafka where it can run
	Kafka           = "kafka"
	Embedded        = "embedded"
)

// IsBroker says whether kind is one of them.
func IsBroker(kind string) bool { return kind == KafkaOrEmbedded || kind == Kafka || kind == Embedded }

// StartBroker starts a broker of that kind with its data in dir; root and port are
// StartKafka's. Why there is the embedded one instead of Kafka is said in log.
func StartBroker(ctx context.Context, dir, kind, root string, port int, log io.Writer) (*Broker, error) {
	if kind == Embedded {
		return StartEmbedded(ctx, dir)
	}
	b, err := StartKafka(ctx, dir, root, port)
	if kind == KafkaOrEmbedded && errors.Is(err, ErrNoKafka) {
		fmt.Fprintf(log, "the embedded broker instead of Kafka: %v\n", err)
		return StartEmbedded(ctx, dir)
	}
	return b, err
}

// StartEmbedded starts the embedded broker in a process of its own.
func StartEmbedded(ctx context.Context, dir string) (*Broker, error) {
	p, address, err := start(ctx, dir, "broker")
	if err != nil {
		return nil, err
	}
	return &Broker{Address: address, Kind: "embedded broker", PID: p.PID(), stop: func() error { return p.Stop(patience) }}, nil
}

func serveBroker(ctx context.Context, out io.Writer, _ []string) error {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		return fmt.Errorf("starting the broker: %w", err)
	}
	defer cluster.Close()
	fmt.Fprintln(out, Listening+cluster.ListenAddrs()[0])
	<-ctx.Done()
	return nil
}

// ErrNoKafka is wrapped by the refusal to start Apache Kafka where it cannot run.
var ErrNoKafka = errors.New("Apache Kafka cannot be started here") //nolint:staticcheck // a name

// StartKafka starts Apache Kafka with its data in dir, on a free port of loopback
// unless port is one. root is the repository: test/kafka/broker.sh does the work.
func StartKafka(ctx context.Context, dir, root string, port int) (*Broker, error) {
	for _, program := range []string{"java", "bash"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoKafka, err)
		}
	}
	if port == 0 {
		var err error
		if port, err = freePorts(ctx); err != nil {
			return nil, err
		}
	}
	script := filepath.Join(root, "test", "kafka", "broker.sh")
	data := filepath.Join(dir, "kafka")
	if err := run(ctx, dir, "start-kafka", script, "start", data, strconv.Itoa(port), "auto.create.topics.enable=false"); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoKafka, err)
	}
	b := &Broker{
		Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Kind: "Apache Kafka",
		stop: func() error { return run(context.WithoutCancel(ctx), dir, "stop-kafka", script, "stop", data) },
	}
	text, err := os.ReadFile(filepath.Join(data, "pid"))
	if err == nil {
		b.PID, err = strconv.Atoi(strings.TrimSpace(string(text)))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("finding Kafka's process: %w", err), b.stop())
	}
	return b, nil
}

// run runs a program to its end, with its output in dir/name.log; the error of one
// that fails has it.
func run(ctx context.Context, dir, name, program string, arguments ...string) error {
	p, err := process.Start(dir, name, program, arguments...)
	if err != nil {
		return err
	}
	return p.Wait(ctx)
}

// freePorts is a port that is free with the one after it, which a broker's
// controller takes.
func freePorts(ctx context.Context) (int, error) {
	var config net.ListenConfig
	for range 20 {
		first, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := first.Addr().(*net.TCPAddr).Port
		second, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+1)))
		_ = first.Close()
		if err != nil {
			continue
		}
		_ = second.Close()
		return port, nil
	}
	return 0, fmt.Errorf("%w: no two free ports in a row", ErrNoKafka)
}
