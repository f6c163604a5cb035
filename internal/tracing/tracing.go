package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"bankprocessor/internal/command"
	"bankprocessor/internal/processing"
)

// Names says what the topics are called.
type Names interface {
	Result(n command.Name) string
	DeadLetter() string
}

// Observer is told what becomes of spans, for metrics. Its methods must not block.
type Observer interface {
	// Exported: the collector has taken spans, or with err has not.
	Exported(spans int, took time.Duration, err error)
	// Dropped: spans were left out, as too many were waiting.
	Dropped(spans int)
}

// Deps are what spans tell beside the commands.
type Deps struct {
	Version  string
	Instance string // names this process among its like; "" for none
	Group    string // the consumer group
	Names    Names
	// Servers are the base URLs of the banks.
	Servers  map[command.Bank]string
	Observer Observer
	Logger   *slog.Logger
}

// Tracing makes spans of commands and exports them.
type Tracing struct {
	cfg      Config
	tracer   *tracer
	provider *sdk.TracerProvider
	exporter *exporter
	queue    atomic.Pointer[queue] // nil before Start
	waiting  atomic.Int64
	observer Observer
	log      *slog.Logger
}

// Spans are of few attributes and events; what would be more than usual is cut.
const maxAttributes, maxEvents = 32, 64

// batchDelay is how long a span waits for others to leave with.
const batchDelay = time.Second

// service is what the spans are of.
const service = "bank-processor"

// New returns tracing that has not begun. cfg must be enabled and have passed Validate;
// errors name the keys of the files that cannot be read.
func New(cfg Config, d Deps) (*Tracing, error) {
	t := &Tracing{cfg: cfg, observer: d.Observer, log: d.Logger}
	out, closers, err := newExporter(cfg)
	if err != nil {
		return nil, err
	}
	t.exporter = &exporter{
		SpanExporter: out, waiting: &t.waiting, observer: d.Observer, log: d.Logger, closers: closers,
		ended: make(chan struct{}),
	}
	t.exporter.ctx, t.exporter.abandon = context.WithCancel(context.Background())
	about := []attribute.KeyValue{
		attribute.String("service.name", service), attribute.String("service.version", d.Version),
	}
	if d.Instance != "" {
		about = append(about, attribute.String("service.instance.id", d.Instance))
	}
	t.provider = sdk.NewTracerProvider(
		sdk.WithResource(resource.NewSchemaless(about...)),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(cfg.SampleRatio))),
		sdk.WithRawSpanLimits(sdk.SpanLimits{
			AttributeValueLengthLimit: 256, AttributeCountLimit: maxAttributes, EventCountLimit: maxEvents,
			LinkCountLimit: 1, AttributePerEventCountLimit: 4, AttributePerLinkCountLimit: 1,
		}),
	)
	t.tracer = &tracer{otel: t.provider.Tracer("bankprocessor"), group: d.Group, names: d.Names, servers: map[command.Bank]server{}}
	for bank, base := range d.Servers {
		if t.tracer.servers[bank], err = serverOf(base); err != nil {
			return nil, fmt.Errorf("address of %s: %w", bank, err)
		}
	}
	return t, nil
}

// Tracer follows commands. Until Start, nothing that it draws is exported.
func (t *Tracing) Tracer() processing.Tracer { return t.tracer }

// Waiting is how many spans wait for the exporter or are with it.
func (t *Tracing) Waiting() int64 { return t.waiting.Load() }

// Start begins to export. It asks nothing of the collector.
func (t *Tracing) Start(ctx context.Context) error {
	if s, ok := t.exporter.SpanExporter.(interface{ Start(context.Context) error }); ok {
		if err := s.Start(ctx); err != nil {
			return fmt.Errorf("starting the exporter of spans: %w", err)
		}
	}
	q := &queue{
		SpanProcessor: sdk.NewBatchSpanProcessor(t.exporter,
			sdk.WithMaxQueueSize(t.cfg.QueueSpans), sdk.WithMaxExportBatchSize(min(512, t.cfg.QueueSpans)),
			sdk.WithBatchTimeout(batchDelay), sdk.WithExportTimeout(t.cfg.Timeout)),
		limit: int64(t.cfg.QueueSpans), waiting: &t.waiting, observer: t.observer,
	}
	t.queue.Store(q)
	t.provider.RegisterSpanProcessor(q)
	t.log.Info("commands are traced", "endpoint", t.cfg.Endpoint, "protocol", t.cfg.Protocol, "sample_ratio", t.cfg.SampleRatio)
	return nil
}

// Stop exports what waits, for Timeout at most and until ctx ends; the rest is lost, and
// counted. It returns nil: what is lost is no fault of the processor's commands.
func (t *Tracing) Stop(ctx context.Context) error {
	q := t.queue.Load()
	if q == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, t.cfg.Timeout)
	defer cancel()
	err := q.Shutdown(ctx) // not the provider's, which would leave it alone once ctx has ended
	t.exporter.abandon()
	<-t.exporter.ended
	if lost := t.waiting.Swap(0); lost > 0 {
		t.observer.Dropped(int(lost))
	}
	if err != nil {
		t.log.Warn("not all spans were exported before the stop", "reason", reason(err))
	}
	return nil
}

// server is where calls go.
type server struct {
	host string
	port int
}

func serverOf(base string) (server, error) {
	u, err := url.Parse(base)
	if err != nil {
		return server{}, errNoURL // whose text may hold a password
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		port = 443
		if u.Scheme == "http" {
			port = 80
		}
	}
	return server{u.Hostname(), port}, nil
}
