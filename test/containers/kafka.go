package containers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	mobynet "github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	tcnetwork "github.com/testcontainers/testcontainers-go/network"
)

// startWithin bounds the start of a broker: a JVM on a busy machine.
const startWithin = 90 * time.Second

// advertisedFile is what the container waits for before Kafka starts: the addresses
// that Kafka tells to its clients hold ports that exist only once the container runs.
const advertisedFile = "/tmp/advertised.sh"

// waitAndRun goes on with the image's own command.
const waitAndRun = "trap 'exit 143' TERM; until [ -s " + advertisedFile + " ]; do sleep 0.05; done; . " + advertisedFile + "; exec /etc/kafka/docker/run"

// Kafka is a broker in a container. Its methods are for one goroutine.
type Kafka struct {
	container testcontainers.Container
	broker    broker
	host      string
	addrs     map[string]string // by listener, for the host
}

// StartKafka starts one broker, waits until it serves, and ends it with the test.
func StartKafka(t testing.TB, opts ...KafkaOption) *Kafka {
	t.Helper()
	Need(t)
	k, err := createKafka(t.Context(), newBroker(opts))
	if k != nil {
		removeAfter(t, k.container)
	}
	if err == nil {
		err = k.serving(t.Context())
	}
	if err != nil {
		t.Fatalf("starting Kafka: %v", err)
	}
	return k
}

// RunKafka is StartKafka for what outlives a test, such as a package's broker: who
// calls it closes it. Nothing is left behind on an error, which holds the end of
// the broker's log.
func RunKafka(ctx context.Context, opts ...KafkaOption) (*Kafka, error) {
	k, err := createKafka(ctx, newBroker(opts))
	if err == nil {
		err = k.serving(ctx)
	}
	if err == nil {
		return k, nil
	}
	if k != nil {
		err = errors.Join(fmt.Errorf("%w\n%s", err, LogTail(k.container)), k.Close())
	}
	return nil, fmt.Errorf("starting Kafka: %w", err)
}

func newBroker(opts []KafkaOption) broker {
	b := broker{env: map[string]string{}, heap: "384m"}
	for _, o := range opts {
		o(&b)
	}
	return b
}

// createKafka starts the container and tells it its addresses. The broker is
// returned beside an error too, where there is a container to be removed.
func createKafka(ctx context.Context, b broker) (*Kafka, error) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	opts, err := b.customizers(ctx)
	if err != nil {
		return nil, err
	}
	c, err := testcontainers.Run(ctx, KafkaImage(), quietly(opts)...)
	if absent(c) {
		return nil, err
	}
	k := &Kafka{container: c, broker: b}
	if err != nil {
		return k, err
	}
	return k, k.advertise(ctx)
}

func (b *broker) customizers(ctx context.Context) ([]testcontainers.ContainerCustomizer, error) {
	var exposed []string
	for _, port := range b.ports() {
		exposed = append(exposed, fmt.Sprintf("%d/tcp", port))
	}
	opts := []testcontainers.ContainerCustomizer{
		testcontainers.WithEnv(b.environment()),
		testcontainers.WithExposedPorts(exposed...),
		testcontainers.WithFiles(b.files...),
		testcontainers.WithCmd("bash", "-c", waitAndRun),
	}
	if b.network != nil {
		opts = append(opts, tcnetwork.WithNetwork([]string{b.alias}, b.network))
	}
	bindings, err := b.bindings(ctx)
	if err != nil {
		return nil, err
	}
	return append(opts, testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
		h.Memory = b.memory
		h.PortBindings = bindings
	})), nil
}

// bindings gives every published port a free one of the host, where it must stay
// the same; the engine chooses otherwise.
func (b *broker) bindings(ctx context.Context) (mobynet.PortMap, error) {
	if !b.fixedPorts {
		return nil, nil
	}
	bindings := mobynet.PortMap{}
	for _, port := range b.ports() {
		free, err := freePort(ctx)
		if err != nil {
			return nil, err
		}
		inside, _ := mobynet.PortFrom(uint16(port), mobynet.TCP)
		bindings[inside] = []mobynet.PortBinding{{HostIP: netip.IPv4Unspecified(), HostPort: free}}
	}
	return bindings, nil
}

// freePort is a port that nobody listens on. It lies below those that systems give
// to connections and the engine to containers: one of theirs could be taken in the
// meantime, and while the container is stopped.
func freePort(ctx context.Context) (string, error) {
	const from, to = 20000, 32000
	var last error
	for range 50 {
		port := strconv.Itoa(from + rand.N(to-from))
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", "0.0.0.0:"+port)
		if err == nil {
			return port, l.Close()
		}
		last = err
	}
	return "", fmt.Errorf("finding a free port: %w", last)
}

// advertise asks for the ports of the host and lets Kafka start with them.
func (k *Kafka) advertise(ctx context.Context) error {
	host, err := k.container.Host(ctx)
	if err != nil {
		return fmt.Errorf("finding the engine's host: %w", err)
	}
	k.host, k.addrs = host, map[string]string{}
	for name, port := range k.broker.ports() {
		mapped, err := k.container.MappedPort(ctx, fmt.Sprintf("%d/tcp", port))
		if err != nil {
			return fmt.Errorf("finding the port of %s: %w", name, err)
		}
		k.addrs[name] = net.JoinHostPort(host, strconv.Itoa(int(mapped.Num())))
	}
	export := "export KAFKA_ADVERTISED_LISTENERS='" + k.broker.advertised(k.addrs) + "'\n"
	if err := k.container.CopyToContainer(ctx, []byte(export), advertisedFile, 0o644); err != nil {
		return fmt.Errorf("telling the broker its addresses: %w", err)
	}
	return nil
}

// Addr is the plain listener, from the host.
func (k *Kafka) Addr() string { return k.addrs[plain] }

// ListenerAddr is a listener of WithListener, from the host.
func (k *Kafka) ListenerAddr(name string) string { return k.addrs[name] }

// InternalAddr is the plain listener for containers of the broker's network.
func (k *Kafka) InternalAddr() string {
	return net.JoinHostPort(k.broker.internalHost(), strconv.Itoa(internalPort))
}

// Host is how the host's clients call the machine that the broker runs on: what a
// certificate of the broker must be for.
func (k *Kafka) Host() string { return k.host }

// Container is for what is not here.
func (k *Kafka) Container() testcontainers.Container { return k.container }

// Stop asks the broker to end (SIGTERM), and kills it after a minute.
func (k *Kafka) Stop(ctx context.Context) error {
	patience := time.Minute
	if err := k.container.Stop(ctx, &patience); err != nil {
		return fmt.Errorf("stopping Kafka: %w", err)
	}
	return nil
}

// Kill ends the broker with SIGKILL.
func (k *Kafka) Kill(ctx context.Context) error { return Kill(ctx, k.container) }

// Start starts a stopped or killed broker again on its data, and waits until it
// serves. The host's ports are the same only with WithFixedPorts.
func (k *Kafka) Start(ctx context.Context) error {
	if !k.broker.fixedPorts {
		return errors.New("starting Kafka again: its ports would change; start it with WithFixedPorts")
	}
	if err := k.container.Start(ctx); err != nil {
		return fmt.Errorf("starting Kafka again: %w", err)
	}
	return k.serving(ctx)
}

// Close removes the broker and its data.
func (k *Kafka) Close() error { return remove(k.container) }
