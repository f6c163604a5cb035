package command

import (
	"math"
	"strconv"
)

// FirstRevision is the revision of a command's outcome that no person has had a part
// in. Each replay and each resolution takes the next.
const FirstRevision int32 = 1

// The headers of a command that is published again on a person's word, and of its
// outcome.
const (
	// HeaderReplayRevision holds the revision that the outcome will have, in decimal
	// from 2 on.
	HeaderReplayRevision = "dlq-replay-revision"
	// HeaderReplayOf holds the address of the dead letter: topic/partition@offset.
	HeaderReplayOf = "dlq-replay-of"
	// HeaderReplayID holds the id of the action in the audit, by which a replay that was
	// interrupted finds what it has sent.
	HeaderReplayID = "dlq-replay-id"
	// HeaderReplayCount says how many replays have led here, this one included, so
	// that one which comes back again and again is noticed.
	HeaderReplayCount = "dlq-replay-count"
	// HeaderRevision holds an outcome's revision, in decimal; absent from outcomes of
	// releases that knew only the first.
	HeaderRevision = "ce_revision"
)

// Revision returns the revision that the outcome of the message's command is to have:
// FirstRevision unless it is a replay. ok is false for a header that names none; what
// was meant then is not known.
func (m *Message) Revision() (revision int32, ok bool) {
	return ParseRevision(m.Header(HeaderReplayRevision), FirstRevision+1)
}

// ParseRevision reads a revision as a header holds it, FirstRevision for none at all.
// ok is false for what is no number in its shortest form, less than least, or so large
// that no other could follow it.
func ParseRevision(header []byte, least int32) (revision int32, ok bool) {
	if header == nil {
		return FirstRevision, true
	}
	n, err := strconv.ParseInt(string(header), 10, 32)
	if err != nil || int32(n) < least || n == math.MaxInt32 || strconv.FormatInt(n, 10) != string(header) {
		return 0, false
	}
	return int32(n), true
}
