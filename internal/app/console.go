package app

import (
	"context"
	"net/http"
	"time"

	"bankprocessor/internal/admin"
	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/console"
	"bankprocessor/internal/consumers"
	"bankprocessor/internal/lease"
	"bankprocessor/internal/telemetry"
	"bankprocessor/internal/topics"
)

// standsStill are the pauses of partitions that somebody has to end.
var standsStill = map[string]bool{"no such topic": true, "topic made anew": true, "offset not in log": true}

// reader reads how the processor stands, for the console. It takes the few series that
// are shown, and not all metrics: it does so every second.
type reader struct {
	m      *telemetry.Metrics
	topics topics.Config
	status func() consumers.Status
	lease  *lease.Lease
	groups []*bankapi.Group
	checks []admin.Check
}

func (r reader) read() console.Reading {
	s := r.status()
	out := console.Reading{
		Phase: s.Phase, Generation: s.Generation, LastCommit: s.LastAck,
		LeaseHeld: r.lease.Check() == nil, LeaseLeft: r.lease.Left(),
	}
	r.takeovers(&out)
	r.outcomes(&out)
	r.commands(&out, s)
	for _, g := range r.groups {
		out.Groups = append(out.Groups, groupReading(g.State()))
	}
	for _, c := range r.checks {
		check := console.CheckReading{Name: c.Name, Optional: c.Optional}
		if err := c.Ready(); err != nil {
			check.Reason = err.Error()
		}
		out.Checks = append(out.Checks, check)
	}
	return out
}

func (r reader) takeovers(out *console.Reading) {
	var all telemetry.Distribution
	for _, s := range telemetry.Samples(r.m.TakeoverDuration) {
		all = all.Plus(s.Distribution)
	}
	out.Takeovers = all.Count()
	if median := all.Quantiles(.5); median != nil {
		out.TakeoverTime = time.Duration(median[0] * float64(time.Second))
	}
}

func (r reader) outcomes(out *console.Reading) {
	for _, s := range telemetry.Samples(r.m.Completed) {
		out.Outcomes = append(out.Outcomes, console.OutcomeCount{
			Command: s.Label("command"), Status: s.Label("status"), Code: s.Label("code"), N: uint64(s.Value),
		})
	}
	for _, s := range telemetry.Samples(r.m.DeadLetters) {
		out.Letters = append(out.Letters, console.LetterCount{
			Command: s.Label("command"), Reason: s.Label("reason"), Code: s.Label("code"), N: uint64(s.Value),
		})
	}
}

func (r reader) commands(out *console.Reading, s consumers.Status) {
	fetched := sums(r.m.FetchedRecords, "topic")
	doubts := sums(r.m.InDoubt, "command")
	calls := map[string]telemetry.Distribution{}
	for _, s := range telemetry.Samples(r.m.CallDuration) {
		calls[s.Label("command")] = s.Distribution
	}
	done := map[string]uint64{}
	for _, o := range out.Outcomes {
		done[o.Command] += o.N
	}
	for _, name := range command.Names() {
		topic, c := r.topics.Command(name), string(name)
		one := console.CommandReading{
			Name: c, In: uint64(fetched[topic]), Out: done[c], InDoubt: int(doubts[c]),
			Calls: calls[c], Of: int(r.topics.Partitions),
		}
		for _, t := range s.Topics {
			if t.Topic == topic {
				one.InFlight, one.Shut = t.InFlight, t.Shut
			}
		}
		for _, p := range s.Partitions {
			if p.Topic == topic {
				one.Partition = append(one.Partition, console.PartitionReading{
					Partition: p.Partition, Lag: p.Lag, Buffered: p.Buffered, Oldest: p.Oldest,
					Paused: p.Paused, Broken: standsStill[p.Paused],
				})
				one.Of = max(one.Of, int(p.Partition)+1)
			}
		}
		out.Commands = append(out.Commands, one)
	}
}

// sums adds the values of a vector's series up by one of its labels.
func sums(vector telemetry.Vector, label string) map[string]float64 {
	all := map[string]float64{}
	for _, s := range telemetry.Samples(vector) {
		all[s.Label(label)] += s.Value
	}
	return all
}

func groupReading(s bankapi.GroupState) console.GroupReading {
	return console.GroupReading{
		Name: s.Name, Breaker: s.Breaker, Hold: string(s.Hold), Throttled: s.Hold == bankapi.HoldDelayed,
		Why: s.Why, NextProbe: s.NextProbe, Running: s.Running, Limit: s.Limit, Waiting: s.Waiting,
	}
}

// newConsole builds the operators' page; nil where it is left out.
func (a *App) newConsole(cfg config.Config, held *lease.Lease, events *codec.Codec, version string) (*console.Console, error) {
	if cfg.Console.Disabled {
		return nil, nil
	}
	desk, client, err := a.newDesk(cfg, events)
	if err != nil {
		return nil, err
	}
	r := reader{a.metrics, cfg.Topics, a.consumer.Status, held, a.banks.groups, a.checks()}
	pages, err := console.New(cfg.Console, console.Deps{
		Version: version, Instance: hostName(), Read: r.read, Desk: desk, AdminAddress: cfg.Admin.Address, Logger: a.log,
		Acted:   func(action, result string) { a.metrics.OperatorActions.WithLabelValues(action, result).Inc() },
		Clients: func(n int) { a.metrics.ConsoleClients.WithLabelValues().Set(float64(n)) },
	})
	if err != nil {
		client.Close()
		return nil, config.Explain("console", err)
	}
	a.deskClient = client
	return pages, nil
}

// consolePages are what the admin port serves beside its own; nil without a console.
func (a *App) consolePages() http.Handler {
	if a.console == nil {
		return nil
	}
	return a.console.Handler()
}

func (a *App) startConsole(ctx context.Context) {
	if a.console != nil {
		a.ends.add("console's kafka client", func(context.Context) error { a.deskClient.Close(); return nil })
		a.console.Start(ctx)
		a.ends.add("console", a.console.Stop)
	}
}
