package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"bankprocessor/internal/admin"
	"bankprocessor/internal/config"
	"bankprocessor/internal/console"
	"bankprocessor/internal/consumers"
	"bankprocessor/internal/history"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/lease"
	"bankprocessor/internal/planted"
	"bankprocessor/internal/processing"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/sealing"
	"bankprocessor/internal/telemetry"
	"bankprocessor/internal/topics"
	"bankprocessor/internal/tracing"
)

// Options are what an App needs beside its configuration.
type Options struct {
	Version string
	Logger  *slog.Logger // nil discards
	// OnBreaker is told of every change of a bank group's breaker, for those who
	// show it; it must not block. May be nil.
	OnBreaker func(group, from, to string)
}

// App is one processor.
type App struct {
	cfg     config.Config
	log     *slog.Logger
	metrics *telemetry.Metrics
	traces  *tracing.Tracing // nil traces nothing

	client   *kafka.Client
	banks    *banks
	registry schemaRegistry
	sealer   *sealing.Sealer // nil leaves dead letters in clear
	batcher  *producers.Batcher
	consumer *consumers.Consumer
	files    *watch
	admin    *admin.Server
	console  *console.Console // nil where it is left out
	// deskClient is the console's own; nil without one.
	deskClient *kafka.Client

	mu      sync.Mutex
	waiting error // why the intake has not been started; nil once it has been
	ends    cleanups
}

var (
	errNotStarted         = errors.New("not started")
	errWaitingForRegistry = errors.New("waiting for the schema registry, which results are framed by")
)

// New builds a processor from a valid configuration. It reads the secrets, opens
// no connection and starts nothing.
func New(cfg config.Config, o Options) (*App, error) {
	cfg = cfg.WithDefaults()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &App{
		cfg: cfg, log: o.Logger, metrics: telemetry.NewMetrics(o.Version),
		waiting: errNotStarted, ends: cleanups{log: o.Logger},
	}
	intake := cfg.Intake.For(cfg.Topics)
	held := lease.New(intake.Lease)
	var err error
	if a.traces, err = newTracing(cfg, o.Version, a.metrics, a.log); err != nil {
		return nil, err
	}
	if a.client, err = kafka.New(a.kafkaConfig(held.Check)); err != nil {
		return nil, fmt.Errorf("building kafka client: %w", err)
	}
	if a.banks, err = newBanks(cfg.Banks, newBankObserver(a.metrics, a.log, a.traces != nil, o.OnBreaker), a.log); err != nil {
		return nil, err
	}
	if a.registry, err = newSchemaRegistry(cfg, a.metrics, a.log); err != nil {
		return nil, err
	}
	events, err := a.registry.newCodec(cfg)
	if err != nil {
		return nil, err
	}
	output := newOutputObserver(a.metrics)
	if a.batcher, err = producers.NewBatcher(cfg.Output, a.client, output, a.log); err != nil {
		return nil, fmt.Errorf("building output: %w", err)
	}
	if a.sealer, err = newSealer(cfg.DeadLetters.Encryption); err != nil {
		return nil, err
	}
	publisher := producers.NewPublisher(a.batcher, producers.PublisherConfig{
		Encoder: events, Names: cfg.Topics, Encryptor: encryptor(a.sealer), Observer: output, Log: a.log,
	})
	past := history.New(cfg.History, history.Deps{
		Log: a.client, Decoder: events, Names: cfg.Topics, Observer: historyObserver{a.metrics}, Logger: a.log,
	})
	processor := processing.New(cfg.Processing, processing.Deps{
		Decoder: events, Bank: a.banks.router, Publisher: past.Recorder(publisher), History: past, Lease: held,
		Fenced:   func(cause error) bool { return errors.Is(cause, consumers.ErrFenced) },
		Observer: newProcessingObserver(a.metrics), Tracer: tracerOf(a.traces), Logger: a.log, Now: planted.Now,
	})
	if a.consumer, err = consumers.New(intake, consumers.Deps{
		Cluster: a.client, Join: consumers.JoinWith(a.client, intake),
		Handler: handler{processor, cfg.Topics}, History: past, Lease: held, Gate: gate{a.banks.router, cfg.Topics},
		Observer: intakeObserver{a.metrics}, Logger: a.log,
	}); err != nil {
		return nil, fmt.Errorf("building intake: %w", err)
	}
	a.files = newWatch(slices.Concat(cfg.Followed(), a.banks.followed, followedKeyset(a.sealer)), a.metrics, a.log)
	a.metrics.BeforeGather(gauges{a.metrics, a.consumer.Status, held, a.banks.groups, a.sealer, a.registry.source, a.traces}.refresh)
	if a.console, err = a.newConsole(cfg, held, events, o.Version); err != nil {
		return nil, err
	}
	a.admin = admin.New(cfg.Admin, admin.Deps{
		Version: o.Version, Checks: a.checks(), Metrics: a.metrics.Handler(), Console: a.consolePages(), Logger: a.log,
	})
	return a, nil
}

// kafkaConfig has the client ask about our topics only, write nothing without
// permission, and tell its concerns.
func (a *App) kafkaConfig(mayProduce func() error) kafka.Config {
	k := a.cfg.Kafka
	k.MayProduce = mayProduce
	for _, s := range a.cfg.Topics.Specs() {
		k.Topics = append(k.Topics, s.Name)
	}
	k.Concern = func(err error) {
		a.log.Warn("a connection to kafka cannot be renewed and goes on as it was", "error", err)
	}
	return k
}

// Start starts everything and returns once the intake is under way; it does not
// wait for the group. While no broker can be reached, or results wait for their
// schemas' ids and the registry is away, it waits until ctx ends; topics that are
// missing or unequal and schemas that are not registered are an error. After an error nothing runs.
func (a *App) Start(ctx context.Context) error {
	if err := a.start(ctx); err != nil {
		return errors.Join(err, a.stopInTime(ctx))
	}
	return nil
}

// stopInTime stops within StopTimeout, whatever has become of ctx.
func (a *App) stopInTime(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.StopTimeout())
	defer cancel()
	return a.Stop(ctx)
}

func (a *App) start(ctx context.Context) error {
	if a.traces != nil {
		if err := a.traces.Start(ctx); err != nil {
			return err
		}
		a.ends.add("traces", a.traces.Stop)
	}
	a.ends.add("kafka client", func(context.Context) error { a.client.Close(); return nil })
	a.ends.add("bank connections", func(context.Context) error { a.banks.closeIdle(); return nil })
	a.ends.add("registry connections", func(context.Context) error { a.registry.close(); return nil })
	if err := a.admin.Start(ctx); err != nil {
		return err
	}
	a.ends.add("admin port", a.admin.Stop)
	a.startConsole(ctx)
	a.files.start(ctx)
	a.ends.add("file watch", a.files.stop)
	if err := a.awaitTopics(ctx); err != nil {
		return err
	}
	if err := a.awaitRegistry(ctx); err != nil {
		return err
	}
	a.batcher.Start(ctx)
	a.ends.add("output", a.batcher.Stop)
	a.ends.add("intake", a.consumer.Stop)
	if err := a.consumer.Start(ctx); err != nil {
		return err
	}
	a.wait(nil)
	a.log.Info("processor started", "group", a.cfg.Intake.Group, "topic_prefix", a.cfg.Topics.Prefix, "admin", a.admin.Address())
	return nil
}

func (a *App) wait(reason error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = reason
}

// awaitTopics checks the topics, again and again while the brokers are away.
func (a *App) awaitTopics(ctx context.Context) error {
	const again = time.Second
	told := kafka.ClassNone
	for {
		err := topics.Check(ctx, a.client, a.cfg.Topics)
		if err == nil || !kafka.Class(err).Passing() || ctx.Err() != nil {
			return err
		}
		a.wait(err)
		// What begins as an outage may go on as a refusal, which somebody has to mend.
		if class := kafka.Class(err); told == kafka.ClassNone || class == kafka.ClassAuth && told != class {
			told = class
			a.log.Warn("kafka cannot be reached: trying on", "brokers", a.cfg.Kafka.Brokers, "class", class.String(), "error", err)
		}
		select {
		case <-time.After(again):
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// awaitRegistry makes results ready to be written.
func (a *App) awaitRegistry(ctx context.Context) error {
	a.wait(errWaitingForRegistry)
	return a.registry.load(ctx)
}

// Stop takes commands under way to their ends, commits, leaves the group and
// ends everything in reverse. ctx bounds it. It may come before Start, and more
// than once; it must not come while Start runs.
func (a *App) Stop(ctx context.Context) error {
	a.mu.Lock()
	ends := a.ends
	a.ends.steps = nil
	a.mu.Unlock()
	return ends.run(ctx)
}

// StopTimeout is how long Stop may need: the drain, what it publishes, the spans of
// that, and a little.
func (a *App) StopTimeout() time.Duration {
	limit := a.cfg.Intake.DrainTimeout + a.cfg.Processing.PublishGrace + a.cfg.Output.AckTimeout + 5*time.Second
	if a.traces != nil {
		limit += a.cfg.Tracing.Timeout
	}
	return limit
}

// Run starts the processor, calls started unless that is nil, waits for ctx to
// end and stops within StopTimeout. A ctx that ends while the start waits for a broker
// or the registry is a stop like any other.
func (a *App) Run(ctx context.Context, started func()) error {
	if err := a.Start(ctx); err != nil {
		if stopped := context.Cause(ctx); stopped != nil && errors.Is(err, stopped) {
			a.log.Info("processor stopped before it had started", "cause", stopped, "waited_for", a.Ready())
			return nil
		}
		return err
	}
	if started != nil {
		started()
	}
	<-ctx.Done()
	a.log.Info("processor stopping", "cause", context.Cause(ctx))
	err := a.stopInTime(ctx)
	a.log.Info("processor stopped", "clean", err == nil)
	return err
}

// AdminAddress is where the admin port listens, "" before Start.
func (a *App) AdminAddress() string { return a.admin.Address() }

// Ready says why commands are not being taken in; nil when they are.
func (a *App) Ready() error { return a.intakeReady() }

// Metrics are the processor's metrics.
func (a *App) Metrics() *telemetry.Metrics { return a.metrics }
