package app

import (
	"log/slog"
	"strconv"
	"strings"
	"time"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/telemetry"
)

// The observers turn what the rooms tell into metrics. Every label is bounded:
// names, statuses, codes and reasons are constants of the code, groups are too,
// topics and partitions are the configuration's.

// codeLabel keeps a code that is not of the table from becoming a label.
func codeLabel(c command.Code) string {
	if c == "" || command.Known(c) {
		return string(c)
	}
	return "other"
}

// counter, level and distribution are the series that every command moves.
type (
	counter interface{ Inc() }
	level   interface {
		Inc()
		Dec()
	}
	distribution interface{ Observe(value float64) }
)

// measured are two of them that go together.
type measured struct {
	counter
	distribution
}

func (m measured) took(d time.Duration) {
	m.Inc()
	m.Observe(d.Seconds())
}

// tookIn is took for what belongs to a trace.
func (m measured) tookIn(traceparent string, d time.Duration) {
	m.Inc()
	telemetry.ObserveTraced(m.distribution, d.Seconds(), traceparent)
}

// processingObserver implements processing.Observer.
type processingObserver struct {
	m         *telemetry.Metrics
	completed *telemetry.Series[ended, measured]
	attempted *telemetry.Series[command.Name, measured]
	inDoubt   *telemetry.Series[command.Name, level]
}

// ended is how a command can end.
type ended struct {
	name   command.Name
	status command.Status
	code   command.Code
}

func newProcessingObserver(m *telemetry.Metrics) processingObserver {
	o := processingObserver{
		m: m,
		inDoubt: telemetry.NewSeries(func(name command.Name) level {
			return m.InDoubt.WithLabelValues(string(name))
		}),
		completed: telemetry.NewSeries(func(e ended) measured {
			name, status := string(e.name), string(e.status)
			return measured{m.Completed.WithLabelValues(name, status, codeLabel(e.code)), m.Duration.WithLabelValues(name, status)}
		}),
		attempted: telemetry.NewSeries(func(name command.Name) measured {
			return measured{m.Attempts.WithLabelValues(string(name)), m.AttemptDuration.WithLabelValues(string(name))}
		}),
	}
	for _, name := range command.Names() { // none is in doubt, which is worth saying
		o.inDoubt.Of(name)
	}
	return o
}

func (o processingObserver) Attempted(name command.Name, took time.Duration, traceparent string) {
	o.attempted.Of(name).tookIn(traceparent, took)
}

func (o processingObserver) Doubted(name command.Name) { o.inDoubt.Of(name).Inc() }

func (o processingObserver) Settled(name command.Name) { o.inDoubt.Of(name).Dec() }

func (o processingObserver) Recovered(name command.Name) {
	o.m.Recovered.WithLabelValues(string(name)).Inc()
}

func (o processingObserver) Answered(name command.Name, elsewhere, differs bool) {
	how := "redone"
	switch {
	case elsewhere && differs:
		how = "reused"
	case elsewhere:
		how = "duplicate"
	}
	o.m.Answered.WithLabelValues(string(name), how).Inc()
}

func (o processingObserver) Completed(out *command.Outcome, took time.Duration, traceparent string) {
	o.completed.Of(ended{out.Command, out.Status, out.Code}).tookIn(traceparent, took)
}

func (o processingObserver) DeadLettered(name command.Name, reason command.DeadLetterReason, code command.Code) {
	o.m.DeadLetters.WithLabelValues(string(name), string(reason), codeLabel(code)).Inc()
}

func (o processingObserver) Retried(name command.Name, code command.Code) {
	o.m.Retries.WithLabelValues(string(name), codeLabel(code)).Inc()
}

func (o processingObserver) Reconciling(operation command.InvoiceOperation) {
	o.m.Reconciliations.WithLabelValues(string(operation)).Inc()
}

func (o processingObserver) KeyMismatch(name command.Name) {
	o.m.KeyMismatches.WithLabelValues(string(name)).Inc()
}

// bankObserver implements bankapi.Observer. What stands at a moment is read from
// the groups themselves, see gauges. It logs what makes commands wait: nobody else
// says so, because nothing is wrong with the commands.
type bankObserver struct {
	m         *telemetry.Metrics
	called    *telemetry.Series[called, measured]
	log       *slog.Logger
	onBreaker func(group, from, to string) // may be nil
	// traced says that calls carry traces of ours, which are worth an exemplar.
	traced bool
}

// called is what a bank call can come to.
type called struct {
	name command.Name
	code command.Code
}

func newBankObserver(m *telemetry.Metrics, log *slog.Logger, traced bool, onBreaker func(group, from, to string)) bankObserver {
	return bankObserver{m: m, log: log, onBreaker: onBreaker, traced: traced, called: telemetry.NewSeries(func(c called) measured {
		name := string(c.name)
		return measured{m.Calls.WithLabelValues(name, codeLabel(c.code)), m.CallDuration.WithLabelValues(name)}
	})}
}

func (o bankObserver) Called(name command.Name, code command.Code, took time.Duration, traceparent string) {
	if !o.traced {
		traceparent = ""
	}
	o.called.Of(called{name, code}).tookIn(traceparent, took)
}

func (o bankObserver) Waited(group string, took time.Duration) {
	o.m.Waits.WithLabelValues(group).Observe(took.Seconds())
}

func (o bankObserver) BreakerChanged(group, from, to string) {
	o.m.BreakerChanges.WithLabelValues(group, to).Inc()
	if o.onBreaker != nil {
		o.onBreaker(group, from, to)
	}
	switch to {
	case "open":
		o.log.Warn("the bank fails: commands wait, a few will try it again", "group", group, "breaker", to)
	case "closed":
		o.log.Info("the bank answers again: commands go on", "group", group, "breaker", to)
	}
}

func (o bankObserver) GateChanged(group string, reason bankapi.HoldReason, why string) {
	switch reason {
	case "":
		o.log.Info("the bank takes commands again", "group", group)
	case bankapi.HoldDelayed:
		o.log.Info("the bank asks us to slow down: commands wait", "group", group, "reason", reason, "why", why)
	default:
		bank, _, _ := strings.Cut(group, ".")
		o.log.Warn("the bank refuses us: commands wait until that is mended",
			"group", group, "reason", reason, "why", why, "settings", "banks."+bank)
	}
}

// historyObserver implements history.Observer.
type historyObserver struct{ m *telemetry.Metrics }

func (o historyObserver) Loaded(tp kafka.TopicPartition, records int, _ time.Duration) {
	o.m.TakeoverRecords.WithLabelValues(tp.Topic).Add(float64(records))
}

// intakeObserver implements consumers.Observer.
type intakeObserver struct{ m *telemetry.Metrics }

func partitionLabel(p int32) string { return strconv.Itoa(int(p)) }

func (o intakeObserver) Fetched(tp kafka.TopicPartition, records, bytes int) {
	p := partitionLabel(tp.Partition)
	o.m.FetchedRecords.WithLabelValues(tp.Topic, p).Add(float64(records))
	o.m.FetchedBytes.WithLabelValues(tp.Topic, p).Add(float64(bytes))
}

func (o intakeObserver) TookOver(tp kafka.TopicPartition, took time.Duration) {
	o.m.TakeoverDuration.WithLabelValues(tp.Topic).Observe(took.Seconds())
}

func (o intakeObserver) Skipped(tp kafka.TopicPartition, records int) {
	o.m.Skipped.WithLabelValues(tp.Topic, partitionLabel(tp.Partition)).Add(float64(records))
}

func (o intakeObserver) Lost(tp kafka.TopicPartition, offsets int64) {
	o.m.Lost.WithLabelValues(tp.Topic, partitionLabel(tp.Partition)).Add(float64(offsets))
}

func (o intakeObserver) Failed(topic string) { o.m.Failed.WithLabelValues(topic).Inc() }

func (o intakeObserver) Committed(took time.Duration, err error) {
	o.m.CommitDuration.WithLabelValues(resultLabel(err)).Observe(took.Seconds())
}

func (o intakeObserver) Drained(took time.Duration, clean bool) {
	result := "clean"
	if !clean {
		result = "uncertain"
	}
	o.m.DrainDuration.WithLabelValues(result).Observe(took.Seconds())
}

// outputObserver implements producers.Observer.
type outputObserver struct {
	m        *telemetry.Metrics
	produced *telemetry.Series[produced, measured]
	records  distribution
	bytes    distribution
}

// produced is what can come of a record.
type produced struct{ topic, result string }

func newOutputObserver(m *telemetry.Metrics) outputObserver {
	return outputObserver{
		m: m, records: m.BatchRecords.WithLabelValues(), bytes: m.BatchBytes.WithLabelValues(),
		produced: telemetry.NewSeries(func(p produced) measured {
			return measured{m.Produced.WithLabelValues(p.topic, p.result), m.ProduceDuration.WithLabelValues(p.topic)}
		}),
	}
}

func (o outputObserver) Produced(topic string, took time.Duration, err error) {
	o.produced.Of(produced{topic, resultLabel(err)}).took(took)
}

func (o outputObserver) Batched(records int, bytes int64) {
	o.records.Observe(float64(records))
	o.bytes.Observe(float64(bytes))
}

func (o outputObserver) Retried(topic string, class kafka.ErrorClass) {
	o.m.ProduceRetries.WithLabelValues(topic, class.String()).Inc()
}

func (o outputObserver) Omitted(topic string) { o.m.Omitted.WithLabelValues(topic).Inc() }

// resultLabel is "ok" or the class of a Kafka error.
func resultLabel(err error) string {
	if err == nil {
		return "ok"
	}
	return kafka.Class(err).String()
}
