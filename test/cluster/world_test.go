package cluster

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"bankprocessor/internal/app"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
)

// world is a cluster and all that works on it, the same through all scenarios.
type world struct {
	t         *testing.T
	brokers   *brokers
	bank      *banksim.Bank
	up        *upstream
	down      *downstream
	processor *app.App
	group     string
	log       capture
	table     table
}

func openWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, brokers: startBrokers(t)}
	layout := topics.Config{Partitions: 6, ReplicationFactor: 3}.WithDefaults()
	w.createTopics(layout)
	box, err := sandbox.Start(t.Context(), sandbox.Options{
		Kafka: w.brokers.addresses, NoTopics: true,
		Bank: banksim.Config{Latency: banksim.Latency{Fixed: banksim.Duration(5 * time.Millisecond)}},
	})
	must(t, err)
	t.Cleanup(func() { must(t, box.Stop()) })
	w.bank = box.Bank()

	events, err := codec.New(codec.Options{})
	must(t, err)
	w.up, err = newUpstream(w.brokers.addresses, newDrafts(events, layout))
	must(t, err)
	t.Cleanup(w.up.client.Close)
	w.down, err = newDownstream(w.brokers.addresses, events, layout)
	must(t, err)
	reading, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var reader sync.WaitGroup
	reader.Go(func() { w.down.run(reading) })
	t.Cleanup(func() { stop(); reader.Wait(); w.down.client.Close() })
	w.start(app.SandboxConfig(box, layout))
	return w
}

// createTopics makes them as `processor topics apply` does.
func (w *world) createTopics(layout topics.Config) {
	w.t.Helper()
	client, err := kafka.New(kafka.Config{Brokers: w.brokers.addresses})
	must(w.t, err)
	defer client.Close()
	_, err = client.CreateMissingTopics(w.t.Context(), layout.Specs())
	must(w.t, err)
	w.brokers.awaitWhole()
}

// start starts the one processor, whose Kafka settings are the defaults.
func (w *world) start(cfg config.Config) {
	w.t.Helper()
	w.group = cfg.Intake.Group
	var err error
	w.processor, err = app.New(cfg, app.Options{Version: "test", Logger: slog.New(slog.NewTextHandler(&w.log, nil))})
	must(w.t, err)
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(w.t.Context()), w.processor.StopTimeout())
		defer cancel()
		must(w.t, w.processor.Stop(ctx))
	})
	must(w.t, w.processor.Start(w.t.Context()))
	until(w.t, 30*time.Second, "a processor that is ready", func() bool { return w.processor.Ready() == nil })
}

// countUnready counts for how long the processor says that it is not ready, until
// the returned function is called.
func (w *world) countUnready() (end func() time.Duration) {
	const interval = 50 * time.Millisecond
	ctx, cancel := context.WithCancel(w.t.Context())
	var counter sync.WaitGroup
	var unready time.Duration
	counter.Go(func() {
		for wait(ctx, interval) == nil {
			if w.processor.Ready() != nil {
				unready += interval
			}
		}
	})
	return func() time.Duration {
		cancel()
		counter.Wait()
		return unready
	}
}

// capture keeps what is written to it.
type capture struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps p.
func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(p)
}

// since returns the lines after the first n.
func (c *capture) since(n int) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := strings.Split(strings.TrimSpace(c.text.String()), "\n")
	return all[min(n, len(all)):]
}
