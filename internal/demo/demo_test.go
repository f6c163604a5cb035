package demo

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryOutcomeIsAsItShouldBe(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	start := time.Now()
	if err := Run(t.Context(), &out, Options{}); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("the demo took %v, want less than a minute", took)
	}
	for _, want := range []string{
		"SUCCEEDED", "PARTIAL", "REJECTED", "FAILED", "IN_DOUBT", "no outcome",
		"106", "129", "130", "201", "301", "999", "open → half-open",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo does not show %q", want)
		}
	}
	t.Log(out.String())
}
