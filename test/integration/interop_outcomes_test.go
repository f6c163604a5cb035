package integration

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/producers"
)

// A Java subscriber reads the outcomes of all seven commands and a dead letter, as
// a member of a group of either protocol, while the processor goes on: keys and
// headers as text, values by Apache Avro and the published schemas, every field
// what our own reader sees. Apache Avro checks the fingerprints itself.
func TestAJavaSubscriberReadsWhatWePublish(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"classic", "consumer"} { // the second is KIP-848's
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			w := openInterop(t, 2)
			w.processor()
			subscriber := w.javaSubscriber(protocol, "")
			java := w.javaPublisher()
			java.open("upstream", nil)
			var sent []sample
			publish := func(s sample) {
				sent = append(sent, s)
				java.send("upstream", s, javaJSON)
			}
			outcomes := w.seven(publish)
			unreadable := w.sample(command.LoanIncomeSubmit, nil)
			unreadable.event = json.RawMessage("no command")
			publish(unreadable)

			read := subscriber.nextByTopic(len(sent))
			for _, s := range sent[:len(outcomes)] {
				w.judgeRead(s, read[w.topics.Result(s.name)], outcomes[s.name])
			}
			letter := read[w.topics.DeadLetter()]
			if string(letter.Key) != string(unreadable.key) || string(letter.Value) != string(unreadable.event) ||
				letter.header(producers.HeaderReason) != string(command.ReasonMalformed) ||
				letter.header(producers.HeaderOriginalTopic) != w.topics.Command(command.LoanIncomeSubmit) {
				t.Errorf("the dead letter is %+v", letter)
			}
		})
	}
}

// judgeRead compares an outcome as Java has read it with what it is.
func (w *interop) judgeRead(s sample, r javaRecord, o *command.Outcome) {
	w.t.Helper()
	if string(r.Key) != string(s.key) {
		w.t.Errorf("%s: key %q, want %q", s.name, r.Key, s.key)
	}
	for header, want := range map[string]string{
		"ce_specversion": "1.0", "ce_id": codec.EventID(s.id, 1), "ce_type": producers.EventType(s.name),
		"ce_source": "/bank-processor", "ce_subject": s.id, "content-type": producers.ContentType,
		"ce_status": string(o.Status), "ce_code": string(o.Code),
	} {
		if got := r.header(header); got != want {
			w.t.Errorf("%s: header %s is %q, want %q", s.name, header, got, want)
		}
	}
	if at, err := time.Parse(time.RFC3339, r.header("ce_time")); err != nil || !at.Truncate(time.Millisecond).Equal(o.CompletedAt) {
		w.t.Errorf("%s: header ce_time is %q, want %v", s.name, r.header("ce_time"), o.CompletedAt)
	}
	if got, want := r.header("traceparent"), traceparentOf(s.id)[:35]; !strings.HasPrefix(got, want) {
		w.t.Errorf("%s: traceparent is %q, want %s…", s.name, got, want)
	}
	text, err := codec.OutcomeJSON(o)
	w.must(err)
	ours := map[string]any{}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	w.must(d.Decode(&ours))
	for _, wrong := range differences("", r.Event, ours) {
		w.t.Errorf("%s: %s", s.name, wrong)
	}
}

// differences compares an event as Apache Avro has read it with ours, which leaves
// out what is empty.
func differences(path string, got, want any) (wrong []string) {
	switch want := want.(type) {
	case map[string]any:
		got, _ := got.(map[string]any)
		for name, value := range want {
			wrong = append(wrong, differences(path+"."+name, got[name], value)...)
		}
		for name, value := range got {
			if _, ours := want[name]; !ours && !empty(value) {
				wrong = append(wrong, fmt.Sprintf("%s.%s is %v, ours is absent", path, name, value))
			}
		}
	case []any:
		got, _ := got.([]any)
		if len(got) != len(want) {
			return []string{fmt.Sprintf("%s has %d items, want %d", path, len(got), len(want))}
		}
		for i := range want {
			wrong = append(wrong, differences(fmt.Sprintf("%s[%d]", path, i), got[i], want[i])...)
		}
	case string:
		if text, ok := got.(string); !ok || !sameText(text, want) {
			wrong = append(wrong, fmt.Sprintf("%s is %v, want %s", path, got, want))
		}
	default:
		if got != want {
			wrong = append(wrong, fmt.Sprintf("%s is %v, want %v", path, got, want))
		}
	}
	return wrong
}

func empty(value any) bool {
	switch v := value.(type) {
	case string:
		return v == ""
	case json.Number:
		return v == "0"
	case bool:
		return !v
	case []any:
		return len(v) == 0
	}
	return value == nil
}

// sameText says whether two texts are the same, the same amount, or the same
// moment: Java shows a decimal with its whole scale.
func sameText(a, b string) bool {
	if a == b {
		return true
	}
	if x, err := time.Parse(time.RFC3339Nano, a); err == nil {
		y, err := time.Parse(time.RFC3339Nano, b)
		return err == nil && x.Equal(y)
	}
	x, isAmount := new(big.Rat).SetString(a)
	y, too := new(big.Rat).SetString(b)
	return strings.Contains(a, ".") && isAmount && too && x.Cmp(y) == 0
}
