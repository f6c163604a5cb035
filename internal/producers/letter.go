package producers

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// Decryptor opens the values of dead letters; *sealing.Opener is one.
type Decryptor interface {
	// Decrypt opens a value that was sealed by that scheme for that context.
	Decrypt(sealed, context []byte, scheme string) ([]byte, error)
}

// Letter is a dead letter, read back from its record. What it says of the
// original is what its headers claim: whoever may write to the topic may have
// written them.
type Letter struct {
	// Record is the dead letter as it stands in its own topic.
	Record    kafka.Record
	Reason    command.DeadLetterReason
	Code      command.Code
	Message   string
	Attempts  int
	FailedAt  time.Time // zero when the header does not read
	CommandID string    // "" when not even that could be read
	// Status is of the outcome that goes with the letter, "" when there is none, or when
	// a release before wrote it; Revision is that outcome's.
	Status   command.Status
	Revision int32
	// Topic, Partition and Offset are the original's place, Time its timestamp,
	// which is zero when the header does not read.
	Topic     string
	Partition int32
	Offset    int64
	Time      time.Time
	// Headers are the original's.
	Headers []kafka.Header
	// HeadersOmitted says that the original's headers did not fit; Headers is then
	// empty, though there were some.
	HeadersOmitted bool
	// ValueOmitted says that the value did not fit; ValueBytes is its size then,
	// and SHA256 its digest in hex, or "" where values are sealed.
	ValueOmitted bool
	ValueBytes   int
	SHA256       string
	// Scheme and KeyID say how the value is sealed; Scheme is "" when it is not.
	Scheme, KeyID string
}

var (
	// ErrSealed is what a sealed value answers when there is nothing to open it.
	ErrSealed = errors.New("the value is sealed")
	// ErrOmitted is what a letter answers that does not hold the whole original.
	ErrOmitted = errors.New("the original did not fit into the dead letter")

	errNotADeadLetter = errors.New("the record lacks the headers of a dead letter")
)

// ReadLetter reads a record of the dead-letter topic. It needs the headers that
// tell the original's from ours and name the original's place; what else is
// missing is left empty.
func ReadLetter(r kafka.Record) (*Letter, error) {
	original, err := OriginalHeaders(r)
	if err != nil {
		return nil, err
	}
	ours := map[string]string{}
	for _, h := range r.Headers[len(original):] {
		ours[h.Key] = string(h.Value)
	}
	partition, err := strconv.ParseInt(ours[HeaderPartition], 10, 32)
	if err != nil || partition < 0 {
		return nil, errNotADeadLetter
	}
	offset, err := strconv.ParseInt(ours[HeaderOffset], 10, 64)
	if err != nil || offset < 0 || ours[HeaderTopic] == "" {
		return nil, errNotADeadLetter
	}
	l := &Letter{
		Record: r, Reason: command.DeadLetterReason(ours[HeaderReason]), Code: command.Code(ours[HeaderCode]),
		Message: ours[HeaderMessage], CommandID: ours[HeaderCommandID],
		Topic: ours[HeaderTopic], Partition: int32(partition), Offset: offset,
		Headers: original, SHA256: ours[HeaderSHA256],
		Scheme: ours[HeaderEncrypted], KeyID: ours[HeaderKeyID], ValueBytes: len(r.Value),
	}
	l.Status = command.Status(ours[HeaderStatus])
	l.Revision = command.FirstRevision
	if said, ok := ours[HeaderRevision]; ok {
		if l.Revision, ok = command.ParseRevision([]byte(said), command.FirstRevision); !ok {
			return nil, errNotADeadLetter
		}
	}
	l.Attempts, _ = strconv.Atoi(ours[HeaderAttempts])
	l.Time, _ = time.Parse(time.RFC3339Nano, ours[HeaderTimestamp])
	l.FailedAt, _ = time.Parse(time.RFC3339Nano, ours[HeaderFailedAt])
	_, l.HeadersOmitted = ours[HeaderHeadersOmitted]
	if size, omitted := ours[HeaderOmitted]; omitted {
		l.ValueOmitted = true
		l.ValueBytes, _ = strconv.Atoi(size)
	}
	return l, nil
}

// OriginalHeaders returns the headers that a dead letter's record had before it
// became one.
func OriginalHeaders(r kafka.Record) ([]kafka.Header, error) {
	for i, h := range slices.Backward(r.Headers) {
		if h.Key != HeaderOriginalHeaders {
			continue
		}
		if string(h.Value) != strconv.Itoa(i) {
			break
		}
		return r.Headers[:i:i], nil
	}
	return nil, errNotADeadLetter
}

// Place is where the original stands: topic/partition@offset.
func (l *Letter) Place() string { return place(l.Topic, l.Partition, l.Offset) }

// Address is where the dead letter itself stands.
func (l *Letter) Address() string { return place(l.Record.Topic, l.Record.Partition, l.Record.Offset) }

func place(topic string, partition int32, offset int64) string {
	return fmt.Sprintf("%s/%d@%d", topic, partition, offset)
}

// Original returns the record that the command came in: its place, key, value
// and headers, byte for byte. d may be nil, for letters that are not sealed. The
// error is ErrOmitted or ErrSealed, or d's.
func (l *Letter) Original(d Decryptor) (kafka.Record, error) {
	r := kafka.Record{
		Topic: l.Topic, Partition: l.Partition, Offset: l.Offset, Time: l.Time,
		Key: l.Record.Key, Value: l.Record.Value, Headers: l.Headers,
	}
	switch {
	case l.ValueOmitted, l.HeadersOmitted:
		return kafka.Record{}, fmt.Errorf("%w; it stands at %s for as long as that topic keeps it", ErrOmitted, l.Place())
	case l.Scheme == "":
		return r, nil
	case d == nil:
		return kafka.Record{}, fmt.Errorf("%w with key %s", ErrSealed, l.KeyID)
	}
	var err error
	r.Value, err = d.Decrypt(l.Record.Value, sealedFor(l.Topic, l.Partition, l.Offset), l.Scheme)
	if err != nil {
		return kafka.Record{}, fmt.Errorf("opening dead letter %s: %w", l.Address(), err)
	}
	return r, nil
}
