package command_test

import (
	"testing"

	"bankprocessor/internal/command"
)

func TestAMessageSaysWhichRevisionItIsOf(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]int32{"2": 2, "3": 3, "2147483646": 2147483646} {
		m := command.Message{Headers: []command.Header{{Key: command.HeaderReplayRevision, Value: []byte(header)}}}
		if got, ok := m.Revision(); !ok || got != want {
			t.Errorf("%s: got %d, %t", header, got, ok)
		}
	}
	for _, header := range []string{"", "0", "1", "-2", "+2", "02", " 2", "2.0", "two", "2147483647", "2147483648"} {
		m := command.Message{Headers: []command.Header{{Key: command.HeaderReplayRevision, Value: []byte(header)}}}
		if got, ok := m.Revision(); ok {
			t.Errorf("%q: got %d, want none", header, got)
		}
	}
	if got, ok := new(command.Message).Revision(); !ok || got != command.FirstRevision {
		t.Errorf("without a header: got %d, %t", got, ok)
	}
}
