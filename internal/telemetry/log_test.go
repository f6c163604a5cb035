package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"bankprocessor/internal/telemetry"
)

type named string

func TestLoggerMasksPersonalDataInEveryShape(t *testing.T) {
	t.Parallel()
	for _, canary := range []string{"10000000146", "+905559999999", "+90 555 999 99 99", "05559999999", "5559999999", "kisi@example.com"} {
		for _, format := range []string{"json", "text"} {
			t.Run(format+" "+canary, func(t *testing.T) {
				t.Parallel()
				var out bytes.Buffer
				log := telemetry.NewLogger(&out, telemetry.LogConfig{Format: format})
				log.With("bound", canary).WithGroup("g").Info("message "+canary, //nolint:sloglint // what must not be done is what is tested
					"text", canary,
					"error", errors.Join(errors.New("bad ("+canary+")"), errors.New("other")),
					"named", named(canary),
					"list", []string{canary},
					"struct", struct{ A string }{canary},
					"number", 42,
					slog.Group("nested", "deep", "x="+canary))
				if strings.Contains(out.String(), canary) {
					t.Fatalf("the canary got through: %s", out.String())
				}
				for _, want := range []string{"message ***", "42", "other"} {
					if !strings.Contains(out.String(), want) {
						t.Errorf("want %q in %s", want, out.String())
					}
				}
				if strings.Count(out.String(), "\n") != 1 {
					t.Errorf("want one line per record: %q", out.String())
				}
			})
		}
	}
}

func TestLoggerLeavesIDsAddressesAndMomentsAlone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"12345678-1234-4123-8123-123456789012", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"127.0.0.1:54321", "2026-11-20T12:34:56Z", "offset 123456789", "dbs.invoice.upsert", "30s",
	} {
		var out bytes.Buffer
		telemetry.NewLogger(&out, telemetry.LogConfig{}).Info("m", "a", text)
		if !strings.Contains(out.String(), text) {
			t.Errorf("want %q in %s", text, out.String())
		}
	}
}

func TestLoggerLevelAndFormat(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, telemetry.LogConfig{Level: "warn"})
	log.Info("below")
	log.Warn("at", "n", 7)
	var record map[string]any
	if err := json.Unmarshal(out.Bytes(), &record); err != nil {
		t.Fatalf("want one JSON record, got %q: %v", out.String(), err)
	}
	if record["msg"] != "at" || record["level"] != "WARN" || record["n"] != 7.0 {
		t.Errorf("unexpected record %v", record)
	}
}

func TestLogConfigValidate(t *testing.T) {
	t.Parallel()
	if err := (telemetry.LogConfig{}).WithDefaults().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	err := telemetry.LogConfig{Level: "loud", Format: "xml"}.Validate()
	if err == nil || !strings.Contains(err.Error(), "level:") || !strings.Contains(err.Error(), "format:") {
		t.Errorf("want both faults, got %v", err)
	}
}

func BenchmarkLogger(b *testing.B) {
	log := telemetry.NewLogger(io.Discard, telemetry.LogConfig{})
	for b.Loop() {
		log.Info("command completed", "command", named("dbs.invoice.upsert"), "command_id", "5b0c7a52-6a0f-4f0e-9d7c-0c6a5c9e1a04",
			"status", named("SUCCEEDED"), "code", named("dbs.invoice.accepted"), "attempts", 1)
	}
}
