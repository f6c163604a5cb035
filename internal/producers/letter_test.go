package producers

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// posted returns the record of a dead letter of m.
func posted(t testing.TB, m *command.Message, encryptor Encryptor) kafka.Record {
	t.Helper()
	w := &shelf{}
	p, _ := publisher(w, sizer{}, encryptor, io.Discard)
	if err := p.DeadLetter(t.Context(), deadLetter(m)); err != nil {
		t.Fatal(err)
	}
	w.records[0].Offset = 9
	return w.records[0]
}

func TestALetterSaysWhatItsHeadersSay(t *testing.T) {
	t.Parallel()
	record := posted(t, message(), reverser{})
	got, err := ReadLetter(record)
	if err != nil {
		t.Fatal(err)
	}
	want := &Letter{
		Record: record, Reason: command.ReasonExhausted, Code: command.CodeRetriesExhausted,
		Message: "the bank answered 503 three times", Attempts: 4,
		FailedAt: time.UnixMilli(1_700_000_002_000).UTC(), CommandID: commandID, Revision: 1,
		Topic: "p.dbs.invoice.upsert", Partition: 7, Offset: 41, Time: time.UnixMilli(1_700_000_000_123).UTC(),
		Headers: record.Headers[:3], ValueBytes: len(record.Value), Scheme: "reverse", KeyID: "7",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Place() != "p.dbs.invoice.upsert/7@41" || got.Address() != "p.bank.dead-letter/1@9" {
		t.Errorf("got %s, %s", got.Place(), got.Address())
	}
	if _, err := got.Original(nil); !errors.Is(err, ErrSealed) || !strings.Contains(err.Error(), "key 7") {
		t.Errorf("without a key: %v", err)
	}
	broken := errors.New("broken")
	if _, err := got.Original(reverser{broken}); !errors.Is(err, broken) || !strings.Contains(err.Error(), "p.bank.dead-letter/1@9") {
		t.Errorf("with a broken key: %v", err)
	}
}

// A sealed value that is put into another letter does not open there.
func TestAValueOpensInItsOwnLetterOnly(t *testing.T) {
	t.Parallel()
	here := message()
	record := posted(t, here, reverser{})
	for name, move := range map[string]func(*command.Message){
		"topic":     func(m *command.Message) { m.Topic = "p.customer.create" },
		"partition": func(m *command.Message) { m.Partition++ },
		"offset":    func(m *command.Message) { m.Offset++ },
	} {
		there := message()
		move(there)
		moved := posted(t, there, reverser{})
		moved.Value = record.Value
		letter, err := ReadLetter(moved)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := letter.Original(reverser{}); !errors.Is(err, errContext) {
			t.Errorf("another %s: got %v", name, err)
		}
	}
}

func TestARecordThatIsNoDeadLetterSaysSo(t *testing.T) {
	t.Parallel()
	sum := header(HeaderOriginalHeaders, "0")
	topic, partition, offset := header(HeaderTopic, "t"), header(HeaderPartition, "1"), header(HeaderOffset, "2")
	for name, headers := range map[string][]kafka.Header{
		"none":                 nil,
		"other":                {header("a", "b")},
		"not a sum":            {header(HeaderOriginalHeaders, "x"), topic, partition, offset},
		"wrong sum":            {header("a", "b"), header(HeaderOriginalHeaders, "2"), topic, partition, offset},
		"wrong sign":           {header(HeaderOriginalHeaders, "-1"), topic, partition, offset},
		"no topic":             {sum, partition, offset},
		"no partition":         {sum, topic, offset},
		"no offset":            {sum, topic, partition},
		"partition out of all": {sum, topic, header(HeaderPartition, "2147483648"), offset},
		"offset below all":     {sum, topic, partition, header(HeaderOffset, "-2")},
		"place of an original": {topic, partition, offset, header(HeaderOriginalHeaders, "3")},
	} {
		if _, err := ReadLetter(kafka.Record{Headers: headers}); !errors.Is(err, errNotADeadLetter) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	letter, err := ReadLetter(kafka.Record{Headers: []kafka.Header{sum, topic, partition, offset, header(HeaderTimestamp, "+292278994-08-17T07:12:55Z")}})
	if err != nil || letter.Place() != "t/1@2" || !letter.Time.IsZero() {
		t.Errorf("want a bare letter read, got %+v, %v", letter, err)
	}
}

// Whatever stands in the topic, reading it ends in a letter whose place is one,
// or in an error.
func FuzzReadLetter(f *testing.F) {
	f.Add("0", "t", "1", "2", "3", "tink-hybrid", []byte("value"))
	f.Add("1", "", "-1", "9223372036854775808", "-7", "", []byte(nil))
	f.Fuzz(func(t *testing.T, sum, topic, partition, offset, omitted, scheme string, value []byte) {
		letter, err := ReadLetter(kafka.Record{Value: value, Headers: []kafka.Header{
			header(HeaderOriginalHeaders, sum), header(HeaderTopic, topic), header(HeaderPartition, partition),
			header(HeaderOffset, offset), header(HeaderOmitted, omitted), header(HeaderEncrypted, scheme),
		}})
		if err != nil {
			return
		}
		if letter.Topic == "" || letter.Partition < 0 || letter.Offset < 0 || len(letter.Headers) != 0 {
			t.Errorf("got %+v", letter)
		}
		if _, err := letter.Original(nil); err == nil {
			t.Error("want an omitted value told")
		}
	})
}
