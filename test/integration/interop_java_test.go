package integration

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/test/containers"
)

// javaClasspath compiles test/interop, once.
var javaClasspath = sync.OnceValues(func() (string, error) {
	var faults bytes.Buffer
	build := exec.Command("../interop/build.sh")
	build.Stderr = &faults
	path, err := build.Output()
	if err != nil {
		return "", fmt.Errorf("building test/interop: %w\n%s", err, &faults)
	}
	return strings.TrimSpace(string(path)), nil
})

// javaProgram is a running program of test/interop that reads lines and writes
// lines.
type javaProgram struct {
	t      *testing.T
	name   string
	in     io.WriteCloser
	out    *bufio.Scanner
	faults bytes.Buffer
}

// startJava starts a program; it ends with its input, which ends with the test.
func startJava(t *testing.T, program string, args ...string) *javaProgram {
	t.Helper()
	java := containers.NeedProgram(t, "java")
	containers.NeedProgram(t, "javac")
	containers.NeedProgram(t, "mvn")
	classpath, err := javaClasspath()
	if err != nil {
		t.Fatal(err)
	}
	ctx, kill := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
	cmd := exec.CommandContext(ctx, java, append([]string{
		"-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", "-cp", classpath, program,
	}, args...)...)
	p := &javaProgram{t: t, name: program}
	cmd.Stderr = &p.faults
	p.in, err = cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewScanner(out)
	p.out.Buffer(nil, 4<<20)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer kill()
		_ = p.in.Close()
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", program, err, &p.faults)
		}
	})
	return p
}

// tell writes a line.
func (p *javaProgram) tell(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		p.t.Fatalf("%s: %v\n%s", p.name, err, &p.faults)
	}
}

// hear reads the next line.
func (p *javaProgram) hear() string {
	p.t.Helper()
	if !p.out.Scan() {
		p.t.Fatalf("%s has ended: %v\n%s", p.name, p.out.Err(), &p.faults)
	}
	return p.out.Text()
}

// javaOrder is a line of Publisher.java's input, which documents it.
type javaOrder struct {
	Do       string            `json:"do"`
	Producer string            `json:"producer"`
	Config   map[string]string `json:"config,omitempty"`
	Topic    string            `json:"topic,omitempty"`
	Key      []byte            `json:"key"`
	Headers  map[string]string `json:"headers,omitempty"`
	Value    []byte            `json:"value,omitempty"`
	Event    json.RawMessage   `json:"event,omitempty"`
	Schema   string            `json:"schema,omitempty"`
	Registry string            `json:"registry,omitempty"`
	Subject  string            `json:"subject,omitempty"`
}

// javaPublisher publishes with kafka-clients.
type javaPublisher struct {
	*javaProgram
	w *interop
}

func (w *interop) javaPublisher() *javaPublisher {
	w.t.Helper()
	return &javaPublisher{startJava(w.t, "Publisher"), w}
}

// errJava is the class of the exception that Kafka refused an order with.
type errJava string

func (e errJava) Error() string { return "java: " + string(e) }

func (p *javaPublisher) order(o javaOrder) (kafka.Record, error) {
	p.t.Helper()
	line, err := json.Marshal(o)
	p.w.must(err)
	p.tell(string(line))
	var answer struct {
		Error     string
		Partition int32
		Offset    int64
	}
	p.w.must(json.Unmarshal([]byte(p.hear()), &answer))
	if answer.Error != "" {
		return kafka.Record{}, fmt.Errorf("%s: %w", o.Do, errJava(answer.Error))
	}
	return kafka.Record{Topic: o.Topic, Partition: answer.Partition, Offset: answer.Offset, Key: o.Key}, nil
}

// open makes a producer with Kafka's defaults but for the settings.
func (p *javaPublisher) open(producer string, settings map[string]string) {
	p.t.Helper()
	config := map[string]string{"bootstrap.servers": p.w.bootstrap(), "linger.ms": "0"}
	maps.Copy(config, settings)
	_, err := p.order(javaOrder{Do: "open", Producer: producer, Config: config})
	p.w.must(err)
}

// do begins, commits, aborts or closes.
func (p *javaPublisher) do(what, producer string) {
	p.t.Helper()
	_, err := p.order(javaOrder{Do: what, Producer: producer})
	p.w.must(err)
}

// javaEncoding chooses how an order's value is encoded.
type javaEncoding func(s sample, o *javaOrder)

func javaJSON(s sample, o *javaOrder) { o.Value = s.event }

func javaSingleObject(s sample, o *javaOrder) {
	o.Event, o.Schema = s.event, schemaFile(string(s.name))
}

// send publishes a sample under its key.
func (p *javaPublisher) send(producer string, s sample, encode javaEncoding) kafka.Record {
	p.t.Helper()
	o := javaOrder{
		Do: "send", Producer: producer, Topic: p.w.topics.Command(s.name), Key: s.key,
		Headers: map[string]string{"from": "java", "traceparent": traceparentOf(s.id)},
	}
	encode(s, &o)
	sent, err := p.order(o)
	p.w.must(err)
	return sent
}

// traceparentOf makes a W3C trace context that a command id can be told from.
func traceparentOf(id string) string {
	hex := strings.ReplaceAll(id, "-", "")
	return "00-" + hex + "-" + hex[:16] + "-01"
}

func schemaFile(topic string) string {
	path, err := filepath.Abs("../../schemas/" + topic + ".avsc")
	if err != nil {
		panic(err) // no working directory
	}
	return path
}

// javaRecord is a line of Subscriber.java's output.
type javaRecord struct {
	Topic     string
	Partition int32
	Offset    int64
	Key       []byte
	Headers   []struct{ Key, Value string }
	Event     map[string]any
	Value     []byte
}

func (r javaRecord) header(name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return h.Value
		}
	}
	return ""
}

// javaSubscriber subscribes to all results and dead letters as a read-committed
// member of a group of its own. With a registry the results are framed by it.
func (w *interop) javaSubscriber(protocol, registry string) *javaProgram {
	w.t.Helper()
	order := struct {
		Config   map[string]string `json:"config"`
		Topics   []string          `json:"topics"`
		Schemas  map[string]string `json:"schemas"`
		Registry string            `json:"registry,omitempty"`
	}{
		Config: map[string]string{
			"bootstrap.servers": w.bootstrap(), "group.id": w.topics.Prefix + protocol, "group.protocol": protocol,
			"isolation.level": "read_committed", "auto.offset.reset": "earliest", "enable.auto.commit": "false",
		},
		Topics:   []string{w.topics.DeadLetter()},
		Schemas:  map[string]string{},
		Registry: registry,
	}
	for _, n := range command.Names() {
		order.Topics = append(order.Topics, w.topics.Result(n))
		order.Schemas[w.topics.Result(n)] = schemaFile(string(n) + ".result")
	}
	line, err := json.Marshal(order)
	w.must(err)
	return startJava(w.t, "Subscriber", string(line))
}

// nextByTopic reads one record each of so many topics.
func (p *javaProgram) nextByTopic(topics int) map[string]javaRecord {
	p.t.Helper()
	read := map[string]javaRecord{}
	for len(read) < topics {
		r := p.next()
		read[r.Topic] = r
	}
	return read
}

// next reads a record.
func (p *javaProgram) next() (r javaRecord) {
	p.t.Helper()
	d := json.NewDecoder(strings.NewReader(p.hear()))
	d.UseNumber()
	if err := d.Decode(&r); err != nil {
		p.t.Fatal(err)
	}
	return r
}
