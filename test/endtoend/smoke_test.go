package endtoend

import (
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/internal/sandbox"
)

func TestACommandThroughTheWholeProcessor(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{})
	w.watch()
	w.processor()
	id, sent := w.send(command.DBSInvoiceUpsert, nil)
	o := w.outcome(id)
	if o.Status != command.Succeeded || o.Code != command.CodeInvoiceAccepted {
		t.Errorf("outcome %s %s", o.Status, o.Code)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.outcomes[id][0]
	if e.Record.Partition != sent.Partition || string(e.Record.Key) != string(sent.Key) {
		t.Errorf("outcome on partition %d with key %q, the command is on %d with %q", e.Record.Partition, e.Record.Key, sent.Partition, sent.Key)
	}
	if e.Header("ce_status") != "SUCCEEDED" || e.Header("ce_subject") != id {
		t.Errorf("headers %+v", e.Record.Headers)
	}
}
