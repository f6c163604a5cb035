package deadletters

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/upstream"
)

// draft is what a replay publishes, less the headers that say so.
type draft struct {
	record kafka.Record
	newID  string // of a command with a life of its own, where it is known
	// original and edited are digests, "" for a value that nobody has changed.
	original, edited string
}

// keepsID says whether what an order publishes has the letter's commandId.
func (d *Desk) keepsID(o Order, l *producers.Letter) bool {
	if o.NewID {
		return false
	}
	id := payloadID(o.Payload)
	return id == "" || strings.EqualFold(id, l.CommandID)
}

// keepsLife says whether it leads to the next revision of the letter's command.
func (d *Desk) keepsLife(o Order, l *producers.Letter) bool { return hasOutcome(l) && d.keepsID(o, l) }

// payloadID is the commandId in a payload, "" where there is none to be read.
func payloadID(payload []byte) string {
	var fields struct {
		CommandID string `json:"commandId"`
	}
	_ = json.Unmarshal(payload, &fields)
	return fields.CommandID
}

// draft makes what a letter's replay publishes. newID is what an interrupted one has
// chosen before, or "". Its error is a *RefusedError for a payload that cannot be sent.
func (d *Desk) draft(ctx context.Context, o Order, l *producers.Letter, newID string) (draft, error) {
	name, ok := d.Topics.CommandOf(l.Topic)
	if !ok { // whoever may write dead letters could have us write anywhere
		return draft{}, refused("%v", errForeignTopic)
	}
	if !o.edits() {
		original, err := d.original(ctx, l)
		if err != nil {
			return draft{}, refused("%v", err)
		}
		headers := slices.DeleteFunc(slices.Clone(original.Headers), func(h kafka.Header) bool {
			return strings.HasPrefix(h.Key, replayHeaders)
		})
		return draft{record: kafka.Record{Topic: l.Topic, Key: original.Key, Value: original.Value, Headers: headers}}, nil
	}
	return d.edited(ctx, o, l, name, newID)
}

// replayHeaders is how the names of the headers begin that say what a replay is.
const replayHeaders = "dlq-replay-"

func (d *Desk) edited(ctx context.Context, o Order, l *producers.Letter, name command.Name, newID string) (draft, error) {
	original, unopened := d.original(ctx, l)
	payload := o.Payload
	if payload == nil {
		if unopened != nil {
			return draft{}, refused("%v", unopened)
		}
		c, err := d.decode(ctx, original)
		if err == nil {
			payload, err = codec.CommandJSON(c)
		}
		if err != nil {
			return draft{}, refused("the command cannot be read, and so gets no new id: give it with --payload: %v", err)
		}
	}
	id := l.CommandID
	if !d.keepsLife(o, l) {
		if id = payloadID(o.Payload); o.NewID || id == "" {
			id = newID
		}
		if id == "" {
			id = uuid.NewString()
		}
		newID = id
	}
	payload, err := withID(payload, id, o.NewID, d.Now())
	if err != nil {
		return draft{}, refused("the payload is no JSON object: %v", err)
	}
	made, err := d.drafter().FromJSON(name, payload)
	if err != nil {
		return draft{}, refused("the payload cannot be sent: %v", err)
	}
	if len(made.Violations) > 0 {
		return draft{}, refused("the payload fails the local checks: %s", violations(made.Violations))
	}
	out := draft{record: made.Record, newID: newID}
	if out.edited, err = d.digest(l, made.Record.Value); err == nil && unopened == nil {
		out.original, err = d.digest(l, original.Value)
	}
	return out, err
}

func (d *Desk) drafter() upstream.Drafter {
	return upstream.Drafter{Codec: d.Codec, Topics: d.Topics, Rules: d.Rules, Now: d.Now}
}

// withID puts the id into a command's JSON, and with it the present moment where the
// command is to be another one.
func withID(payload []byte, id string, anew bool, now time.Time) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(payload, &fields); err != nil {
		return nil, err
	}
	if fields == nil {
		return nil, errors.New("it is null")
	}
	fields["commandId"] = json.RawMessage(strconv.Quote(id))
	if anew {
		fields["issuedAt"] = json.RawMessage(strconv.Quote(now.UTC().Format(time.RFC3339Nano)))
	}
	return json.Marshal(fields)
}

func violations(all command.Violations) string {
	var texts []string
	for _, v := range all {
		texts = append(texts, v.Field+": "+v.Message)
	}
	return strings.Join(texts, "; ")
}

// digest is of a value that a person has changed, or to which. Without a key it would
// let a guess at what is sealed be confirmed.
func (d *Desk) digest(l *producers.Letter, value []byte) (string, error) {
	if d.DigestKey != nil {
		mac := hmac.New(sha256.New, d.DigestKey)
		mac.Write(value)
		return "hmac-sha256:" + hex.EncodeToString(mac.Sum(nil)), nil
	}
	if l.Scheme != "" || l.ValueOmitted && l.SHA256 == "" {
		return "", refused("values are sealed, and their digests in the audit need a key: configure dead_letters.digest_key")
	}
	sum := sha256.Sum256(value)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// address completes a draft for a letter: the partition of its key, which is the
// original's where that is the same, and the headers of a replay.
func (s *session) address(ctx context.Context, out draft, l *producers.Letter, intended command.AuditRecord) (kafka.Record, error) {
	r := out.record
	n, err := s.batcher.Partitions(ctx, r.Topic)
	if err != nil {
		return r, fmt.Errorf("looking up %s: %w", r.Topic, err)
	}
	r.Partition = l.Partition
	if string(r.Key) != string(l.Record.Key) || l.Partition >= n {
		r.Partition = kafka.PartitionOf(r.Key, n)
	}
	add := func(key, value string) { r.Headers = append(r.Headers, kafka.Header{Key: key, Value: []byte(value)}) }
	if intended.Revision > 0 {
		add(command.HeaderReplayRevision, strconv.Itoa(int(intended.Revision)))
	}
	add(command.HeaderReplayOf, l.Address())
	add(command.HeaderReplayID, intended.ID)
	add(command.HeaderReplayCount, strconv.Itoa(replays(l)+1))
	return r, nil
}
