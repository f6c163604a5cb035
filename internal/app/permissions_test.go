package app

import (
	"slices"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
)

// Who lets people act on the console is told what that wants of the cluster; who does
// not, is asked for nothing more.
func TestTheConsolesPermissions(t *testing.T) {
	t.Parallel()
	cfg := config.Config{}.WithDefaults()
	without := permissions(cfg)
	cfg.Console.TokensFile = "tokens"
	with := permissions(cfg)
	for _, want := range []kafka.Permission{
		{Operation: kafka.Write, Resource: kafka.TopicResource, Name: cfg.Topics.Command(command.DBSInvoiceUpsert)},
		{Operation: kafka.Read, Resource: kafka.TopicResource, Name: cfg.Topics.DeadLetter()},
		{Operation: kafka.Read, Resource: kafka.TopicResource, Name: cfg.Topics.Audit()},
	} {
		if slices.Contains(without, want) || !slices.Contains(with, want) {
			t.Errorf("%s: asked for without tokens %t, with tokens %t", want, slices.Contains(without, want), slices.Contains(with, want))
		}
	}
	if more := len(with) - len(without); more != len(command.Names())+2 {
		t.Errorf("%d permissions more", more)
	}
	cfg.Console.Disabled = true
	if len(permissions(cfg)) != len(without) {
		t.Error("a console that is left out wants something")
	}
}
