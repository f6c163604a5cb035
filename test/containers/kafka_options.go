package containers

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/testcontainers/testcontainers-go"
)

// Listener is a door of a broker that tests reach from the host, beside the plain
// one. The public image asks for its own KAFKA_SSL_..._FILENAME variables where a
// listener's name ends in SSL, and for KAFKA_OPTS where it has SASL_ in it: other
// names ("TLS", "SCRAM") take their settings from KAFKA_LISTENER_NAME_<name>_...
type Listener struct {
	// Name without a dot or a colon, such as "TLS".
	Name string
	// Protocol is Kafka's: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.
	Protocol string
}

// KafkaOption changes what StartKafka and RunKafka start.
type KafkaOption func(*broker)

// broker is one that is to be started; it is its own controller.
type broker struct {
	env        map[string]string
	listeners  []Listener
	files      []testcontainers.ContainerFile
	network    *testcontainers.DockerNetwork
	alias      string
	fixedPorts bool
	heap       string
	memory     int64
}

// The listeners that every broker has. The plain one is for the host, the internal
// one for the broker itself and for containers of the same network.
const (
	plain      = "PLAINTEXT"
	internal   = "INTERNAL"
	controller = "CONTROLLER"

	plainPort      = 9092
	controllerPort = 9093
	internalPort   = 9094
	firstExtraPort = 9100
)

// WithEnv sets variables of the image, such as KAFKA_AUTO_CREATE_TOPICS_ENABLE or
// KAFKA_OPTS. They win over what is set here.
func WithEnv(env map[string]string) KafkaOption {
	return func(b *broker) { maps.Copy(b.env, env) }
}

// WithListener opens another door for the host.
func WithListener(l Listener) KafkaOption {
	return func(b *broker) { b.listeners = append(b.listeners, l) }
}

// WithFile puts a file into the container before Kafka starts. Kafka runs as
// another user than root: mode is usually 0o644.
func WithFile(path string, content []byte, mode int64) KafkaOption {
	return func(b *broker) {
		b.files = append(b.files, testcontainers.ContainerFile{Reader: bytes.NewReader(content), ContainerFilePath: path, FileMode: mode})
	}
}

// WithNetwork makes the broker reachable for the containers of nw as alias: see
// [Kafka.InternalAddr].
func WithNetwork(nw *testcontainers.DockerNetwork, alias string) KafkaOption {
	return func(b *broker) { b.network, b.alias = nw, alias }
}

// WithFixedPorts keeps the host's ports over a stop and a start. Without it they
// change, and clients on the host lose the broker.
func WithFixedPorts() KafkaOption {
	return func(b *broker) { b.fixedPorts = true }
}

// WithHeap sets the heap of the JVM, such as "512m"; it is 384m otherwise.
func WithHeap(size string) KafkaOption {
	return func(b *broker) { b.heap = size }
}

// WithMemory bounds the memory of the container in bytes.
func WithMemory(limit int64) KafkaOption {
	return func(b *broker) { b.memory = limit }
}

// ports are the container's ports that are published, by listener.
func (b *broker) ports() map[string]int {
	ports := map[string]int{plain: plainPort}
	for i, l := range b.listeners {
		ports[l.Name] = firstExtraPort + i
	}
	return ports
}

// internalHost is how the broker finds itself, and containers of its network do.
func (b *broker) internalHost() string {
	if b.network == nil {
		return "localhost"
	}
	return b.alias
}

// environment is all but the advertised listeners, which are known once the
// container has its ports.
func (b *broker) environment() map[string]string {
	env := map[string]string{
		"CLUSTER_ID":                           "5L6g3nShT-eMCtK--X86sw",
		"KAFKA_NODE_ID":                        "1",
		"KAFKA_PROCESS_ROLES":                  "broker,controller",
		"KAFKA_CONTROLLER_LISTENER_NAMES":      controller,
		"KAFKA_CONTROLLER_QUORUM_VOTERS":       fmt.Sprintf("1@%s:%d", b.internalHost(), controllerPort),
		"KAFKA_INTER_BROKER_LISTENER_NAME":     internal,
		"KAFKA_LISTENERS":                      b.bound(),
		"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": b.protocols(),
		"KAFKA_LOG_DIRS":                       "/var/lib/kafka/data",
		"KAFKA_HEAP_OPTS":                      "-Xms" + b.heap + " -Xmx" + b.heap,
		// Brokers of tests live for seconds: the compiler that is quick to start serves them best.
		"KAFKA_JVM_PERFORMANCE_OPTS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
		// At their starts these write all settings down, which hides what matters.
		"KAFKA_LOG4J_LOGGERS": "org.apache.kafka.common.config.AbstractConfig=WARN,org.apache.kafka.common.config=WARN",
		// Kafka's defaults are for three brokers, and wait for a group's second member.
		"KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR":                 "1",
		"KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR":         "1",
		"KAFKA_TRANSACTION_STATE_LOG_MIN_ISR":                    "1",
		"KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
		"KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR":            "1",
		"KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS":                 "0",
		// Fifty partitions each take a second to make.
		"KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS":         "5",
		"KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS": "5",
	}
	maps.Copy(env, b.env)
	return env
}

func (b *broker) bound() string {
	doors := []string{
		fmt.Sprintf("%s://:%d", controller, controllerPort),
		fmt.Sprintf("%s://:%d", internal, internalPort),
	}
	for _, name := range slices.Sorted(maps.Keys(b.ports())) {
		doors = append(doors, fmt.Sprintf("%s://:%d", name, b.ports()[name]))
	}
	return strings.Join(doors, ",")
}

func (b *broker) protocols() string {
	pairs := []string{controller + ":PLAINTEXT", internal + ":PLAINTEXT", plain + ":PLAINTEXT"}
	for _, l := range b.listeners {
		pairs = append(pairs, l.Name+":"+l.Protocol)
	}
	return strings.Join(pairs, ",")
}

// advertised takes the listeners' addresses on the host.
func (b *broker) advertised(addrs map[string]string) string {
	doors := []string{fmt.Sprintf("%s://%s:%d", internal, b.internalHost(), internalPort)}
	for _, name := range slices.Sorted(maps.Keys(addrs)) {
		doors = append(doors, name+"://"+addrs[name])
	}
	return strings.Join(doors, ",")
}
