package deadletters_test

import (
	"errors"
	"strings"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
)

func TestAnEditedPayloadTakesTheCommandsPlace(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.dead(1, command.Rejected, command.CodeInvoiceAmountNotPositive)
	o := w.order(ayse, ref)
	o.Payload = []byte(strings.Replace(string(invoice(1)), `"amount": 900`, `"amount": 901`, 1))
	step := w.replays(w.Desk, o)
	if step.Refused != "" || step.Revision != 2 {
		t.Fatalf("got %+v", step)
	}
	m := w.sent()[0]
	c, err := w.codec.Decode(t.Context(), m)
	if err != nil || c.ID != id(1) || c.Payload.(*command.Invoice).Amount.String() != "901.00" && c.Payload.(*command.Invoice).Amount.String() != "901" {
		t.Errorf("got %+v, %v", c, err)
	}
	last := w.last()
	if !strings.HasPrefix(last.OriginalDigest, "sha256:") || !strings.HasPrefix(last.EditedDigest, "sha256:") || last.OriginalDigest == last.EditedDigest {
		t.Errorf("digests %q, %q", last.OriginalDigest, last.EditedDigest)
	}
}

func TestAPayloadThatCannotBeSentIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.dead(1, command.Rejected, command.CodeInvoiceAmountNotPositive)
	w.dead(2, command.Failed, command.CodeDBSBankUnexpectedError)
	for payload, want := range map[string]string{
		"null":     "no JSON object",
		"{":        "no JSON object",
		`{"no":1}`: "operation",
		strings.Replace(string(invoice(1)), `"amount": 900`, `"amount": -1`, 1): "amount",
	} {
		o := w.order(ayse, ref)
		o.Payload = []byte(payload)
		step := w.plan(w.Desk, o).Steps[0]
		if step.Replay || !strings.Contains(step.Refused, want) {
			t.Errorf("%.20s: got %+v", payload, step.Refused)
		}
	}
	o := w.order(ayse)
	o.NewID = true
	if _, err := w.Plan(t.Context(), o); err == nil || !strings.Contains(err.Error(), "about 2") {
		t.Errorf("for several: got %v", err)
	}
	if len(w.sent()) > 0 || len(w.trail()) > 0 {
		t.Errorf("story %v", w.trail())
	}
}

// A command whose id is another's, or cannot be read, is published as one of its own:
// with the first revision, and not a second time without being named.
func TestANewIDIsANewLife(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.lettered(w.published(1, invoice(1)), id(1), "", command.CodeCommandIDReused)
	o := w.order(ayse, ref)
	if step := w.replays(w.Desk, o); !strings.Contains(step.Refused, "--new-id") {
		t.Errorf("under the same id: got %+v", step)
	}
	o.NewID = true
	step := w.replays(w.Desk, o)
	if step.Refused != "" || step.Revision != 0 || step.Entry.State != deadletters.StateReplayed {
		t.Fatalf("got %+v", step)
	}
	m := w.sent()[0]
	c, err := w.codec.Decode(t.Context(), m)
	if err != nil || c.ID == id(1) || c.ID != w.last().NewCommandID || m.Header(command.HeaderReplayRevision) != nil {
		t.Errorf("got %+v, %v, audit %+v", c, err, w.last())
	}
	if p := w.plan(w.Desk, w.order(mert)); len(p.Steps) > 0 {
		t.Errorf("by filter again: %+v", p.Steps)
	}
}

func TestAnInterruptedNewLifeKeepsItsID(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.lettered(w.published(1, []byte("{")), "", "", command.CodeCommandUndecodable)
	w.audited("t.dbs.invoice.upsert/0@0", command.AuditRecord{
		Action: command.AuditReplay, Phase: command.AuditIntended, ID: id(77), At: w.now, Actor: ayse.Name, Tool: ayse.Tool,
		Command: name, NewCommandID: id(5), Letter: ref.String(), Original: "t.dbs.invoice.upsert/0@0",
		Target: "t.dbs.invoice.upsert/0@1", EditedDigest: "sha256:00",
	})
	o := w.order(ayse, ref)
	o.Payload = []byte(strings.Replace(string(invoice(1)), `"commandId": "`+id(1)+`",`, "", 1))
	step := w.replays(w.Desk, o)
	if !step.Resumed || step.Refused != "" {
		t.Fatalf("got %+v", step)
	}
	if c, err := w.codec.Decode(t.Context(), w.sent()[0]); err != nil || c.ID != id(5) {
		t.Errorf("got %+v, %v", c, err)
	}
}

// sealer seals by turning round, and opens what it has sealed.
type sealer struct{ shut bool }

func (sealer) Encrypt(value, _ []byte) (sealed []byte, scheme, keyID string, err error) {
	return turned(value), "turned", "7", nil
}

func (s sealer) Decrypt(sealed, _ []byte, _ string) ([]byte, error) {
	if s.shut {
		return nil, errors.New("shut")
	}
	return turned(sealed), nil
}

func turned(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[len(b)-1-i] = c
	}
	return out
}

func sealedSetup(t *testing.T, mutate ...func(*deadletters.Deps)) (*world, deadletters.Ref) {
	t.Helper()
	w := setup(t, mutate...)
	w.publisher = producers.NewPublisher(w.batcher, producers.PublisherConfig{
		Encoder: w.codec, Names: w.topics, Encryptor: sealer{}, Observer: producers.NopObserver{},
	})
	return w, w.dead(1, command.Failed, command.CodeDBSBankUnexpectedError)
}

// Without the key the original in its own topic will do, which the processor reads too.
func TestASealedLetterIsReplayedFromItsOwnTopic(t *testing.T) {
	t.Parallel()
	w, ref := sealedSetup(t)
	step := w.replays(w.Desk, w.order(ayse, ref))
	if step.Refused != "" || string(w.sent()[0].Value) != string(invoice(1)) {
		t.Errorf("got %+v", step)
	}
}

func TestAnotherRecordAtTheOriginalsPlaceIsNotReplayed(t *testing.T) {
	t.Parallel()
	w, _ := sealedSetup(t)
	m := messageOf(w.produce(kafka.Record{Topic: "t.dbs.invoice.upsert", Key: []byte("SOLEN|0222"), Value: invoice(2)}))
	m.Time = w.now.Add(-1e9) // the topic was made anew since
	ref := w.lettered(m, id(2), command.Failed, command.CodeDBSBankUnexpectedError)
	w.concluded(m, 2, command.Failed, command.CodeDBSBankUnexpectedError)
	if step := w.replays(w.Desk, w.order(ayse, ref)); !strings.Contains(step.Refused, "another record") {
		t.Errorf("got %+v", step)
	}
}

// A digest of what is sealed would let a guess at it be confirmed.
func TestDigestsOfSealedValuesNeedAKey(t *testing.T) {
	t.Parallel()
	w, ref := sealedSetup(t)
	o := w.order(ayse, ref)
	o.Payload = invoice(1)
	if step := w.replays(w.Desk, o); !strings.Contains(step.Refused, "dead_letters.digest_key") {
		t.Errorf("got %+v", step)
	}
	d := w.desk(func(d *deadletters.Deps) { d.DigestKey = []byte("0123456789abcdef0123456789abcdef") })
	if step := w.replays(d, o); step.Refused != "" {
		t.Errorf("got %+v", step)
	}
	if last := w.last(); !strings.HasPrefix(last.OriginalDigest, "hmac-sha256:") || !strings.HasPrefix(last.EditedDigest, "hmac-sha256:") {
		t.Errorf("digests %q, %q", last.OriginalDigest, last.EditedDigest)
	}
}

// last is the audit's last record.
func (w *world) last() command.AuditRecord {
	w.t.Helper()
	var last command.AuditRecord
	if err := w.Trail(w.t.Context(), func(a command.AuditRecord) bool { last = a; return true }); err != nil {
		w.t.Fatal(err)
	}
	return last
}
