package app

import (
	"os"
	"slices"
	"strings"
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

// The page grants what the console's people need, and no more.
func TestThePageGrantsTheConsole(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/kafka-security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "\n### The processor's console\n")
	_, rest, _ = strings.Cut(rest, "```sh\n")
	block, _, _ := strings.Cut(rest, "```")
	var granted []kafka.Permission
	for line := range strings.Lines(strings.ReplaceAll(block, "\\\n", "")) {
		words := strings.Fields(line)
		for i := range words {
			if words[i] == "--topic" {
				operation := kafka.Write
				if slices.Contains(words, "Read") {
					operation = kafka.Read
				}
				granted = append(granted, kafka.Permission{Operation: operation, Resource: kafka.TopicResource, Name: words[i+1]})
			}
		}
	}
	cfg := config.Config{}.WithDefaults()
	cfg.Topics.Prefix = "prod."
	without := permissions(cfg)
	cfg.Console.TokensFile = "tokens"
	want := slices.DeleteFunc(permissions(cfg), func(p kafka.Permission) bool { return slices.Contains(without, p) })
	byText := func(a, b kafka.Permission) int { return strings.Compare(a.String(), b.String()) }
	slices.SortFunc(granted, byText)
	slices.SortFunc(want, byText)
	if !slices.Equal(granted, want) {
		t.Errorf("the page grants\n%v\nand wanted is\n%v", granted, want)
	}
}
