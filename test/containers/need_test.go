package containers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// verdict is a testing.TB that keeps how a test was ended, and goes on.
type verdict struct {
	testing.TB
	ctx             func() context.Context
	skipped, failed string
}

func (*verdict) Helper() {}

func (v *verdict) Context() context.Context { return v.ctx() }

func (v *verdict) Skipf(format string, args ...any) { v.skipped = fmt.Sprintf(format, args...) }

func (v *verdict) Fatalf(format string, args ...any) { v.failed = fmt.Sprintf(format, args...) }

func TestWhatIsAbsentIsSkippedLoudlyAndFailsUnderCI(t *testing.T) {
	t.Parallel()
	absent := errors.New("nobody answers")
	tests := map[string]struct {
		ci              string
		absent          error
		skipped, failed bool
	}{
		"there":           {},
		"there, in CI":    {ci: "true"},
		"absent":          {absent: absent, skipped: true},
		"absent, in CI":   {ci: "true", absent: absent, failed: true},
		"absent, CI is 1": {ci: "1", absent: absent, failed: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := &verdict{TB: t}
			need(v, tt.ci, "a Docker engine", tt.absent)
			if (v.skipped != "") != tt.skipped || (v.failed != "") != tt.failed {
				t.Fatalf("skipped %q, failed %q", v.skipped, v.failed)
			}
			if said := v.skipped + v.failed; said != "" && (!strings.Contains(said, "a Docker engine") || !strings.Contains(said, "nobody answers")) {
				t.Errorf("it does not say what is absent, and why: %q", said)
			}
		})
	}
}

func TestNeedsAskTheEnvironment(t *testing.T) {
	t.Setenv("CI", "true")
	v := &verdict{TB: t}
	NeedProgram(v, "no-program-has-this-name")
	if v.failed == "" {
		t.Error("an absent program is no failure where CI is set")
	}
	t.Setenv("CI", "")
	v = &verdict{TB: t}
	NeedProgram(v, "no-program-has-this-name")
	if v.skipped == "" {
		t.Error("an absent program is no skip where CI is not set")
	}
}

func TestNeedAsksForTheEngine(t *testing.T) {
	t.Setenv("CI", "true")
	v := &verdict{TB: t}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	v.ctx = func() context.Context { return over }
	Need(v)
	if v.failed == "" {
		t.Error("an engine that does not answer in time is no failure where CI is set")
	}
}
