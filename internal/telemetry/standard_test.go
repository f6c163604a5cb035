package telemetry_test

import (
	"bytes"
	"log"
	"strings"
	"testing"

	"bankprocessor/internal/telemetry"
)

// Not parallel: the standard logger is the process's.
func TestTheStandardLogIsWithheld(t *testing.T) {
	before, flags := log.Writer(), log.Flags()
	defer func() { log.SetOutput(before); log.SetFlags(flags) }()
	var out bytes.Buffer
	telemetry.WithholdStandardLog(&out)
	log.Printf("Unsolicited response received on idle HTTP channel starting with %q", "Ayşe")
	if strings.Contains(out.String(), "Ayşe") || strings.Count(out.String(), "\n") != 1 || !strings.Contains(out.String(), "withheld") {
		t.Errorf("want one line without the words, got %q", out.String())
	}
}
