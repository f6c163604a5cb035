package producers

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// The headers of a dead letter. They stand after the original's own; where a
// name repeats, the last one is ours. An original that was a dead letter before
// keeps its older ones, and HeaderOriginalHeaders says where they end.
const (
	HeaderReason    = "dlq-reason"
	HeaderCode      = "dlq-code"
	HeaderMessage   = "dlq-message"
	HeaderAttempts  = "dlq-attempts"
	HeaderTopic     = "dlq-topic"
	HeaderPartition = "dlq-partition"
	HeaderOffset    = "dlq-offset"
	HeaderTimestamp = "dlq-timestamp" // of the original record, RFC 3339
	HeaderFailedAt  = "dlq-failed-at" // RFC 3339
	HeaderCommandID = "dlq-command-id"
	// HeaderOriginalHeaders is how many of the headers are the original's: they
	// are the first ones.
	HeaderOriginalHeaders = "dlq-original-headers"
	// HeaderEncrypted says how the value is sealed; absent when it is not.
	HeaderEncrypted = "dlq-value-encrypted"
	// HeaderOmitted is the size in bytes of a value that did not fit, and
	// HeaderSHA256 its digest in hex, to check the original against.
	HeaderOmitted = "dlq-value-omitted"
	HeaderSHA256  = "dlq-value-sha256"
	// HeaderHeadersOmitted is how many original headers did not fit.
	HeaderHeadersOmitted = "dlq-headers-omitted"
	// HeaderOriginalTopic is what existing tools read.
	HeaderOriginalTopic = "kafka_dlt-original-topic"
)

// kept is how much of the original a dead letter holds.
type kept uint8

const (
	everything kept = iota
	noValue
	noHeaders // and no value
)

// deadLetter returns the value and headers of a dead letter.
func (p *Publisher) deadLetter(d *command.DeadLetter, keep kept) ([]byte, []kafka.Header, error) {
	m := d.Message
	headers := make([]kafka.Header, 0, len(m.Headers)+16)
	if keep != noHeaders {
		for _, h := range m.Headers {
			headers = append(headers, kafka.Header(h))
		}
	}
	headers = append(headers,
		header(HeaderOriginalHeaders, strconv.Itoa(len(headers))),
		header(HeaderReason, string(d.Reason)),
		header(HeaderCode, string(d.Code)),
		header(HeaderMessage, d.Text),
		header(HeaderAttempts, strconv.Itoa(d.Attempts)),
		header(HeaderTopic, m.Topic),
		header(HeaderPartition, strconv.Itoa(int(m.Partition))),
		header(HeaderOffset, strconv.FormatInt(m.Offset, 10)),
		header(HeaderTimestamp, m.Time.UTC().Format(time.RFC3339Nano)),
		header(HeaderFailedAt, d.FailedAt.UTC().Format(time.RFC3339Nano)),
		header(HeaderOriginalTopic, m.Topic),
	)
	if d.CommandID != "" {
		headers = append(headers, header(HeaderCommandID, d.CommandID))
	}
	if keep == noHeaders {
		headers = append(headers, header(HeaderHeadersOmitted, strconv.Itoa(len(m.Headers))))
	}
	switch {
	case keep != everything:
		digest := sha256.Sum256(m.Value)
		return nil, append(headers,
			header(HeaderOmitted, strconv.Itoa(len(m.Value))),
			header(HeaderSHA256, hex.EncodeToString(digest[:])),
		), nil
	case p.encryptor != nil && m.Value != nil:
		sealed, how, err := p.encryptor.Encrypt(m.Value)
		if err != nil {
			return nil, nil, fmt.Errorf("encrypting dead letter: %w", err)
		}
		return sealed, append(headers, header(HeaderEncrypted, how)), nil
	}
	return m.Value, headers, nil
}

var errNotADeadLetter = errors.New("the record lacks the headers of a dead letter")

// OriginalHeaders returns the headers that a dead letter's record had before it
// became one.
func OriginalHeaders(r kafka.Record) ([]kafka.Header, error) {
	for i, h := range slices.Backward(r.Headers) {
		if h.Key != HeaderOriginalHeaders {
			continue
		}
		n, err := strconv.Atoi(string(h.Value))
		if err != nil || n != i {
			break
		}
		return r.Headers[:n:n], nil
	}
	return nil, errNotADeadLetter
}
