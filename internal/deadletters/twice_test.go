package deadletters_test

import (
	"context"
	"strings"
	"testing"

	kafkago "github.com/segmentio/kafka-go"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
)

// A command under an id of its own has no revision that another could be told by: the
// bank would book the same a second time.
func TestALifeOfItsOwnBeginsOnce(t *testing.T) {
	t.Parallel()
	for title, ref := range map[string]func(*world) deadletters.Ref{
		"without an id": func(w *world) deadletters.Ref {
			return w.lettered(w.published(1, []byte("{")), "", "", command.CodeCommandUndecodable)
		},
		"with another's": func(w *world) deadletters.Ref {
			return w.lettered(w.published(1, invoice(1)), id(1), "", command.CodeCommandIDReused)
		},
		"with its own": func(w *world) deadletters.Ref {
			return w.dead(1, command.Failed, command.CodeDBSBankUnexpectedError)
		},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			named := ref(w)
			o, other := w.order(ayse, named), w.order(mert, named)
			o.NewID, o.Payload = true, invoice(1)
			other.NewID, other.Payload = true, invoice(1)
			second := w.desk()
			both := w.plan(second, other) // made before the first is carried out
			if step := w.replays(w.Desk, o); step.Sent == "" {
				t.Fatalf("got %+v", step)
			}
			if _, err := second.Replay(t.Context(), both, nil); err != nil || !strings.Contains(both.Steps[0].Skipped, "--again") {
				t.Errorf("who was second: got %+v, %v", both.Steps[0], err)
			}
			as := w.order(mert, named)
			as.NotApplied = true
			if step := w.replays(second, as); step.Replay {
				t.Errorf("as it is: got %+v", step)
			}
			if n := len(w.sent()); n != 1 {
				t.Fatalf("%d were sent", n)
			}
			other.Again = true
			if step := w.replays(second, other); step.Sent == "" || len(w.sent()) != 2 {
				t.Errorf("on purpose: got %+v", step)
			}
		})
	}
}

// The replay of a letter was rejected, and the letter of that was mended and succeeded:
// the first letter is over as well.
func TestASuccessIsOneForAllLettersOfACommand(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.dead(1, command.Failed, command.CodeDBSBankUnexpectedError)
	w.replays(w.Desk, w.order(ayse, first))
	m := w.sent()[0]
	second := w.lettered(m, id(1), command.Rejected, command.CodeInvoiceAmountNotPositive)
	w.concluded(m, 1, command.Rejected, command.CodeInvoiceAmountNotPositive)
	if step := w.replays(w.Desk, w.order(ayse, second)); step.Sent == "" {
		t.Fatalf("got %+v", step)
	}
	w.concluded(w.sent()[1], 1, command.Succeeded, command.CodeInvoiceAccepted)
	for _, ref := range []deadletters.Ref{first, second} {
		if step := w.replays(w.Desk, w.order(mert, ref)); !strings.Contains(step.Skipped, "SUCCEEDED") {
			t.Errorf("%s: got %+v", ref, step)
		}
	}
}

// Somebody has published a revision by a tool of their own, or the audit has lost the
// claim: what the processor says of it counts all the same.
func TestAnOutcomeWithoutAClaimCounts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.dead(1, command.InDoubt, command.CodeBankNoAnswer)
	w.concluded(w.published(1, invoice(1), kafka.Header{Key: command.HeaderReplayRevision, Value: []byte("2")}), 1, command.Succeeded, command.CodeInvoiceAccepted)
	o := w.order(ayse, ref)
	o.NotApplied = true
	if step := w.replays(w.Desk, o); !strings.Contains(step.Skipped, "SUCCEEDED") {
		t.Errorf("got %+v", step)
	}
	r := deadletters.Resolution{By: ayse, Ref: ref, As: command.Failed, Why: "asked"}
	if _, err := w.Resolve(t.Context(), r); err == nil || !strings.Contains(err.Error(), "SUCCEEDED as revision 2") {
		t.Errorf("got %v", err)
	}
}

// What a letter says of its original is what its headers claim: whoever may write to the
// topic may not have an operator write to every other.
func TestALetterOfAForeignTopicIsNotPublished(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, topic := range []string{w.topics.Audit(), w.topics.Result(name), "somebodys.orders"} {
		m := w.published(1, []byte("{"))
		m.Topic = topic
		ref := w.lettered(m, "", "", command.CodeCommandUndecodable)
		if step := w.replays(w.Desk, w.order(ayse, ref)); !strings.Contains(step.Refused, "topics.prefix") {
			t.Errorf("%s: got %+v", topic, step)
		}
	}
	if story := w.trail(); len(story) > 0 {
		t.Errorf("story %v", story)
	}
}

// The topics were made anew with fewer partitions.
func TestAPartitionThatIsGoneHoldsNothingElseUp(t *testing.T) {
	t.Parallel()
	w := setup(t)
	m := w.published(1, invoice(1))
	m.Partition = 9
	gone := w.lettered(m, id(1), command.InDoubt, command.CodeBankNoAnswer)
	gone.Place.Partition, gone.Offset = 0, 0
	w.dead(2, command.Failed, command.CodeDBSBankUnexpectedError)
	p := w.plan(w.Desk, w.order(ayse))
	if progress, err := w.Replay(t.Context(), p, nil); err != nil || progress.Replayed != 1 || progress.Refused != 1 {
		t.Errorf("got %+v, %v", progress, err)
	}
	found, err := w.Find(t.Context(), deadletters.Ref{CommandID: id(1)})
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v, %v", found, err)
	}
	if v, err := w.Show(t.Context(), found[0], deadletters.ShowOptions{}); err != nil || len(v.Command) == 0 {
		t.Errorf("shown: %v", err)
	}
}

// Where values are sealed, one that did not fit has no digest in its letter, nor in the
// audit without a key.
func TestADigestOfWhatDidNotFitNeedsAKey(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.publisher = producers.NewPublisher(tight{w.batcher, w.topics.DeadLetter()}, producers.PublisherConfig{
		Encoder: w.codec, Names: w.topics, Encryptor: sealer{}, Observer: producers.NopObserver{}, Log: quiet,
	})
	ref := w.dead(1, command.Failed, command.CodeDBSBankUnexpectedError)
	o := w.order(ayse, ref)
	o.Payload = invoice(1)
	if step := w.replays(w.Desk, o); !strings.Contains(step.Refused, "dead_letters.digest_key") {
		t.Errorf("got %+v", step)
	}
}

// tight is a writer to a topic that holds no value.
type tight struct {
	producers.Writer
	topic string
}

func (w tight) Produce(ctx context.Context, r kafka.Record) (int64, error) {
	if r.Topic == w.topic && len(r.Value) > 0 {
		return -1, kafkago.MessageSizeTooLarge
	}
	return w.Writer.Produce(ctx, r)
}

// A processor that dies between a letter and its outcome leaves a second letter.
func TestAResolutionIsNotCorrectedAfterASuccess(t *testing.T) {
	t.Parallel()
	w := setup(t)
	m := w.published(1, invoice(1))
	one, other := w.lettered(m, id(1), command.InDoubt, command.CodeBankNoAnswer), w.lettered(m, id(1), command.InDoubt, command.CodeBankNoAnswer)
	w.concluded(m, 1, command.InDoubt, command.CodeBankNoAnswer)
	w.resolves(other, command.Failed)
	if step := w.replays(w.Desk, w.order(ayse, one)); step.Revision != 3 {
		t.Fatalf("got %+v", step)
	}
	w.concluded(w.sent()[0], 1, command.Succeeded, command.CodeInvoiceAccepted)
	for _, ref := range []deadletters.Ref{one, other} {
		r := deadletters.Resolution{By: mert, Ref: ref, As: command.Rejected, Why: "asked", Correct: true}
		if _, err := w.Resolve(t.Context(), r); err == nil || !strings.Contains(err.Error(), "SUCCEEDED as revision 3") {
			t.Errorf("%s: got %v", ref, err)
		}
	}
}
