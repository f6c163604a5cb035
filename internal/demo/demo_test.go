package demo

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bankprocessor/internal/command"
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

func TestAnOutcomeThatDiffersFailsTheDemo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := run(t.Context(), &out, Options{}, []act{{"Wrong", []step{
		{title: "not what comes", name: command.DBSLimitQuery, want: refusedByBank(command.CodeLimitNotFound, "301")},
		{title: "not its bank code", name: command.DBSLimitQuery, want: succeeded(command.CodeLimitListed, "000")},
	}}})
	if !errors.Is(err, ErrWrong) {
		t.Fatalf("Run: %v, want ErrWrong", err)
	}
	for _, want := range []string{
		"status is SUCCEEDED, want REJECTED", "code is dbs.limit.listed, want dbs.limit.not_found",
		"bank code is 300, want 000", "2 of 3 are not as they should be",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo does not say %q:\n%s", want, &out)
		}
	}
}
