package history

import (
	"strconv"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// replay is the record at offset, which carries the n-th id a second time on a
// person's word.
func replay(offset int64, n int, revision string) *command.Message {
	m := invoice(offset, n)
	m.Headers = []command.Header{{Key: command.HeaderReplayRevision, Value: []byte(revision)}}
	return m
}

func TestAReplayIsAnotherCommandThanItsFirstLife(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	r.load(t, 0, 0, 0)
	first := invoice(1, 1)
	r.attempts(t, first, 1)
	r.concludes(t, first)
	r.want(t, invoice(2, 1), "elsewhere")

	second := replay(3, 1, "2")
	r.want(t, second, "fresh")
	r.attempts(t, second, 1)
	r.want(t, second, "in doubt")
	r.want(t, first, "concluded")
	r.concludes(t, second)
	r.want(t, second, "concluded")
	r.want(t, replay(4, 1, "2"), "elsewhere") // the same replay, published twice
	r.want(t, replay(5, 1, "3"), "fresh")
}

// A successor tells them apart by the headers of what stands in Kafka.
func TestASuccessorTellsRevisionsApart(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	outcome := func(n int, offset int64, revision int) {
		r.log.put(outcomes, 0, nil, append(outcomeHeaders(commandID(n), offset),
			kafka.Header{Key: command.HeaderRevision, Value: []byte(strconv.Itoa(revision))})...)
	}
	attempted := func(m *command.Message) {
		value, err := r.codec.EncodeAttempt(attempt(m, 1))
		if err != nil {
			t.Fatal(err)
		}
		r.log.put(attempts, 0, value, m.Headers...)
	}
	attempted(invoice(1, 1))
	outcome(1, 1, 1)
	attempted(replay(2, 1, "2")) // and the process is gone
	outcome(2, 3, 1)
	outcome(2, 4, 2)
	outcome(3, 5, 1)

	r.load(t, 0, 0, 0)
	r.want(t, invoice(1, 1), "concluded")
	r.want(t, replay(2, 1, "2"), "in doubt")
	r.want(t, replay(4, 2, "2"), "concluded")
	r.want(t, replay(6, 3, "2"), "fresh")
	r.want(t, invoice(7, 3), "elsewhere")
}

func TestRecordsOfNoRevisionAreNobodys(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	for _, revision := range []string{"0", "-1", "x", "01", "2147483648", ""} {
		r.log.put(outcomes, 0, nil, append(outcomeHeaders(commandID(1), 1),
			kafka.Header{Key: command.HeaderRevision, Value: []byte(revision)})...)
	}
	r.load(t, 0, 0, 0)
	r.want(t, invoice(1, 1), "fresh")
	if r.lines.Len() == 0 {
		t.Error("want somebody told")
	}
}
