package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
)

// permissions are what the processor's principal must be granted on the cluster;
// docs/kafka-security.md has them as commands.
func permissions(cfg config.Config) []kafka.Permission {
	on := func(o kafka.Operation, topic string) kafka.Permission {
		return kafka.Permission{Operation: o, Resource: kafka.TopicResource, Name: topic}
	}
	var all []kafka.Permission
	for _, name := range command.Names() {
		all = append(all, on(kafka.Read, cfg.Topics.Command(name)),
			on(kafka.Write, cfg.Topics.Result(name)), on(kafka.Read, cfg.Topics.Result(name)))
	}
	if cfg.Console.Acts() { // its people read letters and the audit, and send commands again
		all = append(all, on(kafka.Read, cfg.Topics.DeadLetter()), on(kafka.Read, cfg.Topics.Audit()))
		for _, name := range command.Names() {
			all = append(all, on(kafka.Write, cfg.Topics.Command(name)))
		}
	}
	return append(all,
		on(kafka.Write, cfg.Topics.DeadLetter()), on(kafka.Write, cfg.Topics.Audit()),
		on(kafka.Write, cfg.Topics.Attempts()), on(kafka.Read, cfg.Topics.Attempts()),
		kafka.Permission{Operation: kafka.Read, Resource: kafka.GroupResource, Name: cfg.Intake.Group})
}

// checkPermissions asks what is granted; nothing is read, written or joined.
func checkPermissions(ctx context.Context, client *kafka.Client, cfg config.Config) Finding {
	f := Finding{Name: "kafka permissions"}
	missing, err := missingPermissions(ctx, client, permissions(cfg))
	switch {
	case err != nil:
		f.Err = err
	case len(missing) > 0:
		var list []string
		for _, p := range missing {
			list = append(list, p.String())
		}
		f.Err = fmt.Errorf("grant %s to the processor's principal (docs/kafka-security.md)", strings.Join(list, ", "))
	}
	return f
}

// A new cluster makes the topic of its groups when it is first asked about one, and
// has no coordinator until that topic is there.
const (
	coordinatorWait  = 5 * time.Second
	coordinatorRetry = 200 * time.Millisecond
)

func missingPermissions(ctx context.Context, client *kafka.Client, wanted []kafka.Permission) ([]kafka.Permission, error) {
	over := time.NewTimer(coordinatorWait)
	defer over.Stop()
	again := time.NewTicker(coordinatorRetry)
	defer again.Stop()
	for {
		missing, err := client.MissingPermissions(ctx, wanted)
		if kafka.Class(err) != kafka.ClassRetriable {
			return missing, err
		}
		select {
		case <-again.C:
		case <-over.C:
			return nil, err
		case <-ctx.Done():
			return nil, err
		}
	}
}
