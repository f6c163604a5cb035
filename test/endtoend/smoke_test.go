package endtoend

import (
	"strings"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/internal/sandbox"
)

// A life without trouble has no word of any, from the first look at the topics to
// the last commit.
func TestACommandThroughTheWholeProcessor(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{})
	w.watch()
	a := w.processor()
	id, sent := w.send(command.DBSInvoiceUpsert, nil)
	o := w.outcome(id)
	if o.Status != command.Succeeded || o.Code != command.CodeInvoiceAccepted {
		t.Errorf("outcome %s %s", o.Status, o.Code)
	}
	must(t, stop(a))
	for _, level := range []string{`"level":"WARN"`, `"level":"ERROR"`} {
		if log := w.log.String(); strings.Contains(log, level) {
			t.Errorf("there was trouble:\n%s", log)
		}
	}
	w.Lock()
	defer w.Unlock()
	e := w.outcomes[id][0]
	if e.Record.Partition != sent.Partition || string(e.Record.Key) != string(sent.Key) {
		t.Errorf("outcome on partition %d with key %q, the command is on %d with %q", e.Record.Partition, e.Record.Key, sent.Partition, sent.Key)
	}
	if e.Header("ce_status") != "SUCCEEDED" || e.Header("ce_subject") != id {
		t.Errorf("headers %+v", e.Record.Headers)
	}
}
