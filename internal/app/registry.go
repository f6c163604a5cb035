package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"bankprocessor/internal/admin"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/config"
	"bankprocessor/internal/registry"
	"bankprocessor/internal/telemetry"
)

// schemaRegistry is what the processor has of a registry; the zero value is none.
type schemaRegistry struct {
	client *registry.Client
	source *registry.Source
	framer *registry.Framer // nil when results do not carry ids
}

func newSchemaRegistry(cfg config.Config, m *telemetry.Metrics, log *slog.Logger) (schemaRegistry, error) {
	if !cfg.Registry.Enabled() {
		return schemaRegistry{}, nil
	}
	client, err := registry.New(cfg.Registry)
	if err != nil {
		return schemaRegistry{}, err
	}
	r := schemaRegistry{client: client, source: registry.NewSource(client, registryObserver{m}, log)}
	if cfg.Registry.FramesResults() {
		r.framer = registry.NewFramer(resultSubjects(cfg))
	}
	return r, nil
}

// resultSubjects are the subjects of the result topics.
func resultSubjects(cfg config.Config) []registry.Subject {
	var results []registry.Subject
	for _, s := range registry.Subjects(cfg.Topics.Prefix) {
		if s.Result() {
			results = append(results, s)
		}
	}
	return results
}

func (r schemaRegistry) newCodec(cfg config.Config) (*codec.Codec, error) {
	o := codec.Options{MaxBytes: int(cfg.Topics.MaxCommandBytes)}
	if r.source != nil { // an interface must not hold a nil pointer
		o.Registry = r.source
	}
	if r.framer != nil {
		o.Framer = r.framer
	}
	events, err := codec.New(o)
	if err != nil {
		return nil, fmt.Errorf("building codec: %w", err)
	}
	return events, nil
}

// load looks up the ids that results are framed with, and waits for a registry
// that is away. A schema that is not registered is an error: `run` registers none.
func (r schemaRegistry) load(ctx context.Context) error {
	if r.framer == nil {
		return nil
	}
	err := r.source.Await(ctx, func(ctx context.Context) error { return r.framer.Load(ctx, r.client) })
	if err != nil {
		return fmt.Errorf("framing results by the schema registry: %w", err)
	}
	return nil
}

func (r schemaRegistry) close() {
	if r.client != nil {
		r.client.Close()
	}
}

// checks: a registry that is away makes nobody unready, as a bank does not. Its
// commands wait.
func (r schemaRegistry) checks() []admin.Check {
	if r.source == nil {
		return nil
	}
	return []admin.Check{{Name: "registry", Optional: true, Ready: r.source.Ready}}
}

// registryObserver implements registry.Observer.
type registryObserver struct{ m *telemetry.Metrics }

func (o registryObserver) Asked(answered bool, took time.Duration) {
	result := "answered"
	if !answered {
		result = "away"
	}
	o.m.RegistryRequests.WithLabelValues(result).Observe(took.Seconds())
}

// checkRegistry looks whether the registry answers and takes our credentials, and
// how our schemas stand there. Without ids in results, upstream's schemas alone
// have to be there, which upstream sees to.
func checkRegistry(ctx context.Context, cfg config.Config) []Finding {
	if !cfg.Registry.Enabled() {
		return []Finding{{Name: "registry", Note: "not used: no registry.urls"}}
	}
	client, err := registry.New(cfg.Registry)
	if err != nil {
		return []Finding{{Name: "registry", Err: err}}
	}
	defer client.Close()
	if err := client.Ping(ctx); err != nil {
		return []Finding{{Name: "registry", Err: err}}
	}
	found := Finding{Name: "registry schemas"}
	states, err := client.Inspect(ctx, registry.Subjects(cfg.Topics.Prefix))
	if found.Err = err; err == nil {
		found.Err = registry.Judge(states, cfg.Registry.FramesResults())
	}
	if found.Err == nil {
		found.Note = registry.Summary(states)
	}
	return []Finding{{Name: "registry"}, found}
}
