package producers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// The headers of a dead letter. They stand after the original's own; where a
// name repeats, the last one is ours. An original that was a dead letter before
// keeps its older ones, and HeaderOriginalHeaders says where they end.
const (
	HeaderReason    = "dlq-reason"     // why it needs a person: one of the reasons
	HeaderCode      = "dlq-code"       // the code, dotted
	HeaderMessage   = "dlq-message"    // what is wrong, in words without personal data
	HeaderAttempts  = "dlq-attempts"   // how many calls may have left
	HeaderTopic     = "dlq-topic"      // of the original record
	HeaderPartition = "dlq-partition"  // of the original record
	HeaderOffset    = "dlq-offset"     // of the original record
	HeaderTimestamp = "dlq-timestamp"  // of the original record, RFC 3339
	HeaderFailedAt  = "dlq-failed-at"  // when it became a dead letter, RFC 3339
	HeaderCommandID = "dlq-command-id" // absent when not even that could be read
	HeaderStatus    = "dlq-status"     // of the outcome that goes with the letter, absent when there is none
	HeaderRevision  = "dlq-revision"   // of that outcome, absent when it is the first
	// HeaderOriginalHeaders is how many of the headers are the original's: they
	// are the first ones.
	HeaderOriginalHeaders = "dlq-original-headers"
	HeaderEncrypted       = "dlq-value-encrypted" // the scheme that the value is sealed by, absent when it is not
	HeaderKeyID           = "dlq-key-id"          // the key that the value is sealed with, absent when it is not
	HeaderOmitted         = "dlq-value-omitted"   // the size in bytes of a value that did not fit
	// HeaderSHA256 is the digest, in hex, of a value that did not fit, to check the
	// original against. Where values are sealed there is none: it would tell whoever
	// can guess the value that they guessed right.
	HeaderSHA256 = "dlq-value-sha256"
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
	headers := make([]kafka.Header, 0, len(m.Headers)+18)
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
	if d.Status != "" {
		headers = append(headers, header(HeaderStatus, string(d.Status)))
	}
	if revision, ok := m.Revision(); ok && revision > command.FirstRevision {
		headers = append(headers, header(HeaderRevision, strconv.Itoa(int(revision))))
	}
	if keep == noHeaders {
		headers = append(headers, header(HeaderHeadersOmitted, strconv.Itoa(len(m.Headers))))
	}
	switch {
	case keep != everything:
		headers = append(headers, header(HeaderOmitted, strconv.Itoa(len(m.Value))))
		if p.encryptor == nil {
			digest := sha256.Sum256(m.Value)
			headers = append(headers, header(HeaderSHA256, hex.EncodeToString(digest[:])))
		}
		return nil, headers, nil
	case p.encryptor != nil && m.Value != nil:
		sealed, scheme, keyID, err := p.encryptor.Encrypt(m.Value, sealedFor(m.Topic, m.Partition, m.Offset))
		if err != nil {
			return nil, nil, fmt.Errorf("encrypting dead letter: %w", err)
		}
		return sealed, append(headers, header(HeaderEncrypted, scheme), header(HeaderKeyID, keyID)), nil
	}
	return m.Value, headers, nil
}

// sealedFor is the context of a sealed value: the place of the original, which no
// other letter has. Topics have neither "/" nor "@" in their names.
func sealedFor(topic string, partition int32, offset int64) []byte {
	return fmt.Appendf(nil, "dead-letter-value:%s/%d@%d", topic, partition, offset)
}
