package deadletters

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/topics"
)

// Index is the latest dead letters without their values, headers and messages, for
// those who look often: each look reads what has been written since the last. It is
// safe for concurrent use and owns no goroutine.
type Index struct {
	desk *Desk
	// limit is how many letters are kept: the latest.
	limit int

	mu         sync.Mutex
	parts      map[kafka.TopicPartition]*shelf
	texts      map[string]string // one copy of each that many letters share
	unreadable int
	older      bool // letters are there that are not kept
}

// shelf is a partition's letters, oldest first.
type shelf struct {
	rows []row
	next int64 // up to which the log was read
}

// row is a letter, as small as a list can do with.
type row struct {
	offset                        int64
	at, failedAt                  int64 // milliseconds; failedAt is 0 for none
	original                      int64
	partition, revision, attempts int32
	topic, reason, code, keyID    string
	status, id                    string
	key                           []byte
}

// NewIndex returns an index of the latest limit letters. It reads nothing yet.
func (d *Desk) NewIndex(limit int) *Index {
	return &Index{desk: d, limit: limit, parts: map[kafka.TopicPartition]*shelf{}, texts: map[string]string{}}
}

// Spot is a letter's place in the dead letters' topic. The zero Spot is before all.
type Spot struct {
	Partition int32
	Offset    int64
	set       bool
}

// SpotAt is the place of a letter.
func SpotAt(partition int32, offset int64) Spot { return Spot{partition, offset, true} }

// Listing is a stretch of the letters that a filter picks, newest first.
type Listing struct {
	// Entries' letters have no value, headers or message.
	Entries []Entry
	// Before is how many newer ones the filter picks, Matching how many in all.
	Before, Matching int
	// Unread is how many records wait to be read: another look goes on with them.
	Unread int64
	// Kept is how many letters the index holds; Older says that more are there.
	Kept  int
	Older bool
	// Unreadable is how many records of the topic are no dead letters.
	Unreadable int
}

// Look reads on for at most as long as patience, and lists up to limit letters that f
// picks and that are older than the one at after.
func (x *Index) Look(ctx context.Context, f Filter, after Spot, limit int, patience time.Duration) (Listing, error) {
	if err := x.desk.catchUp(ctx); err != nil {
		return Listing{}, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	unread, err := x.read(ctx, patience)
	if err != nil {
		return Listing{}, err
	}
	l := x.list(f, after, limit)
	l.Unread, l.Older, l.Unreadable = unread, x.older, x.unreadable
	return l, nil
}

// read takes in what has been written, and forgets what the topic has deleted.
func (x *Index) read(ctx context.Context, patience time.Duration) (unread int64, err error) {
	topic := x.desk.Topics.DeadLetter()
	leaders, err := x.desk.Kafka.Leaders(ctx, topic)
	if err != nil {
		return 0, err
	}
	if len(leaders) == 0 {
		return 0, &topics.MissingError{Topics: []string{topic}}
	}
	ends := time.Now().Add(patience)
	for _, tp := range slices.SortedFunc(maps.Keys(leaders), func(a, b kafka.TopicPartition) int { return int(a.Partition) - int(b.Partition) }) {
		log, err := x.desk.rangeOf(ctx, tp)
		if err != nil {
			return 0, err
		}
		if err := x.readOne(ctx, tp, log, ends); err != nil {
			return 0, err
		}
		unread += max(0, log.Next-x.parts[tp].next)
	}
	x.trim()
	return unread, nil
}

func (x *Index) readOne(ctx context.Context, tp kafka.TopicPartition, log kafka.Range, ends time.Time) error {
	s := x.parts[tp]
	if s == nil || s.next > log.Next { // the first look, or another topic of that name
		s = &shelf{}
		x.parts[tp] = s
	}
	from := max(s.next, log.First, log.Next-int64(x.limit))
	x.older = x.older || from > max(s.next, log.First)
	kept, _ := slices.BinarySearchFunc(s.rows, log.First, func(r row, first int64) int { return int(r.offset - first) })
	s.rows = slices.Delete(s.rows, 0, kept)
	s.next = from
	if from >= log.Next || !time.Now().Before(ends) {
		return nil
	}
	patient, cancel := context.WithDeadline(ctx, ends)
	defer cancel()
	next, err := x.desk.scan(patient, tp, from, log.Next, func(r kafka.Record) bool {
		if l, unreadable := read(r); unreadable == nil {
			s.rows = append(s.rows, x.rowOf(l))
		} else {
			x.unreadable++
		}
		return true
	})
	s.next = next
	if patient.Err() != nil && ctx.Err() == nil {
		return nil // another look goes on
	}
	return err
}

// shared keeps one copy of a text that many letters have.
func (x *Index) shared(s string) string {
	if one, ok := x.texts[s]; ok {
		return one
	}
	if len(x.texts) < maxShared {
		x.texts[s] = s
	}
	return s
}

// maxShared bounds the texts: whoever may write to the topic may write any.
const maxShared = 1000

func (x *Index) rowOf(l *producers.Letter) row {
	r := row{
		offset: l.Record.Offset, at: l.Record.Time.UnixMilli(), original: l.Offset, partition: l.Partition,
		revision: l.Revision, attempts: int32(l.Attempts), topic: x.shared(short(l.Topic)),
		reason: x.shared(short(string(l.Reason))), code: x.shared(short(string(l.Code))), keyID: x.shared(short(l.KeyID)),
		status: x.shared(short(string(l.Status))), key: bytes.Clone(l.Record.Key[:min(len(l.Record.Key), maxText)]), id: short(l.CommandID),
	}
	if !l.FailedAt.IsZero() {
		r.failedAt = l.FailedAt.UnixMilli()
	}
	return r
}

// maxText bounds what of a text is kept: nothing of ours is longer.
const maxText = 256

func short(s string) string {
	if len(s) > maxText {
		return s[:maxText]
	}
	return s
}

// letter is what the row was made of, as far as that was kept.
func (r *row) letter(tp kafka.TopicPartition) producers.Letter {
	l := producers.Letter{
		Record: kafka.Record{Topic: tp.Topic, Partition: tp.Partition, Offset: r.offset, Time: time.UnixMilli(r.at).UTC(), Key: r.key},
		Reason: command.DeadLetterReason(r.reason), Code: command.Code(r.code), Attempts: int(r.attempts),
		CommandID: r.id, Status: command.Status(r.status), Revision: r.revision,
		Topic: r.topic, Partition: r.partition, Offset: r.original, KeyID: r.keyID,
	}
	if r.failedAt != 0 {
		l.FailedAt = time.UnixMilli(r.failedAt).UTC()
	}
	return l
}

// trim lets the oldest go that are too many.
func (x *Index) trim() {
	kept := 0
	for _, s := range x.parts {
		kept += len(s.rows)
	}
	for ; kept > x.limit; kept-- {
		var oldest *shelf
		for _, s := range x.parts {
			if len(s.rows) > 0 && (oldest == nil || s.rows[0].at < oldest.rows[0].at) {
				oldest = s
			}
		}
		oldest.rows = oldest.rows[1:]
		x.older = true
	}
	for _, s := range x.parts { // what was cut off at the front is memory, too
		if 4*cap(s.rows) > 5*len(s.rows)+256 {
			s.rows = slices.Clone(s.rows)
		}
	}
}

// list merges the partitions from their ends.
func (x *Index) list(f Filter, after Spot, limit int) Listing {
	left := map[kafka.TopicPartition][]row{}
	l := Listing{}
	for tp, s := range x.parts {
		l.Kept += len(s.rows)
		if len(s.rows) > 0 {
			left[tp] = s.rows
		}
	}
	passed := !after.set
	var letter producers.Letter
	for len(left) > 0 {
		tp, r := latestRow(left)
		here := r.offset == after.Offset && tp.Partition == after.Partition
		letter = r.letter(tp) // one for all: there may be very many
		e := Entry{Letter: &letter}
		if f.State != "" && x.desk.mayPick(f, e) {
			e.Standing = x.desk.journal.account(&letter).standing
		}
		if x.desk.picks(f, e) {
			l.Matching++
			switch {
			case !passed:
				l.Before++
			case len(l.Entries) < limit:
				listed := letter
				l.Entries = append(l.Entries, Entry{&listed, x.desk.journal.account(&listed).standing})
			}
		}
		passed = passed || here
	}
	return l
}

// latestRow takes the latest of all ends off.
func latestRow(left map[kafka.TopicPartition][]row) (kafka.TopicPartition, row) {
	var at kafka.TopicPartition
	var latest *row
	for tp, rows := range left {
		last := &rows[len(rows)-1]
		if latest == nil || last.at > latest.at || last.at == latest.at && tp.Partition > at.Partition {
			at, latest = tp, last
		}
	}
	if left[at] = left[at][:len(left[at])-1]; len(left[at]) == 0 {
		delete(left, at)
	}
	return at, *latest
}

// mayPick is picks without what the journal must be asked for.
func (d *Desk) mayPick(f Filter, e Entry) bool {
	f.State = ""
	return d.picks(f, e)
}

// TrailLine is a record of the audit and its offset.
type TrailLine struct {
	Offset int64
	command.AuditRecord
}

// TrailPage returns up to limit of the audit's records that stand before an offset,
// newest first, and whether older ones are there. Below 1, before is the audit's end.
func (d *Desk) TrailPage(ctx context.Context, before int64, limit int) (lines []TrailLine, older bool, err error) {
	log, err := d.rangeOf(ctx, d.auditLog())
	if err != nil {
		return nil, false, err
	}
	if before < 1 || before > log.Next {
		before = log.Next
	}
	from := max(log.First, before-int64(limit))
	_, err = d.scan(ctx, d.auditLog(), from, before, func(r kafka.Record) bool {
		if a, err := d.Codec.DecodeAudit(r.Value); err == nil {
			lines = append(lines, TrailLine{r.Offset, *a})
		}
		return true
	})
	slices.Reverse(lines)
	return lines, from > log.First, err
}
