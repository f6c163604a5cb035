package processing

import (
	"testing"

	"bankprocessor/internal/command"
)

func TestUnstored(t *testing.T) {
	t.Parallel()
	at := func(offset int64, value string) *command.Message {
		return &command.Message{Topic: "loan.income.submit", Partition: 3, Offset: offset, Value: []byte(value)}
	}
	var u unstored
	o := &command.Outcome{CommandID: "1"}
	u.keep(at(7, "a command"), finished{outcome: o})
	u.keep(at(8, "another"), finished{outcome: &command.Outcome{CommandID: "2"}})
	if f, ok := u.take(at(7, "a command")); !ok || f.outcome != o {
		t.Errorf("take gave %+v, %v", f, ok)
	}
	for name, m := range map[string]*command.Message{
		"taken before":               at(7, "a command"),
		"never kept":                 at(9, "a command"),
		"of a topic that was anew":   at(8, "something else"),
		"forgotten with that record": at(8, "something else"),
	} {
		if _, ok := u.take(m); ok {
			t.Errorf("%s: something was kept", name)
		}
	}
}
