package tracing_test

import (
	"strings"
	"testing"

	"bankprocessor/internal/processing"
	"bankprocessor/internal/tracing"
)

// What the list says of words is what the ports have.
func TestTheListKnowsEveryWord(t *testing.T) {
	t.Parallel()
	meanings := map[string]string{}
	for _, a := range tracing.Attributes() {
		if _, twice := meanings[a.Key]; twice || a.On == "" || a.Meaning == "" {
			t.Errorf("%+v: want it once, with what it says and where", a)
		}
		meanings[a.Key] = a.Meaning
	}
	for key, words := range map[string][]string{
		"processor.wait.for": {
			string(processing.WaitGate), string(processing.WaitLease), string(processing.WaitAttempt),
			string(processing.WaitBackoff), string(processing.WaitBudget), string(processing.WaitSettle),
		},
		"processor.ending": {
			processing.EndedOutcome, processing.EndedLetter, processing.EndedAnswered, processing.EndedReleased, processing.EndedNotStored,
		},
	} {
		for _, word := range words {
			if !strings.Contains(meanings[key], "`"+word+"`") {
				t.Errorf("%s is said to be %q, without %s", key, meanings[key], word)
			}
		}
	}
}
