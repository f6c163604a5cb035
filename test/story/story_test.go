package story

import (
	"testing"
)

func TestFill(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Processor()
	w.Fill(4)
	t.Log(w.DLQ("ayse", "list").OK())
	t.Log(w.DLQ("ayse", "replay", "--all"))
}
