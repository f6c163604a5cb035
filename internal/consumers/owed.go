package consumers

import (
	"cmp"
	"slices"

	"bankprocessor/internal/kafka"
)

// owed is what has been done and could not be committed, kept from one session to
// the next: while Kafka is away outcomes may just have been stored, and the last
// commits fail. A member that gets its partition back knows better than the group
// what is done; to believe the group would be to carry commands out again. Sessions
// use it one after another.
type owed struct {
	commits map[kafka.TopicPartition]kafka.Commit
	// accepted is the offset that the group last took from this member, or told it.
	accepted map[kafka.TopicPartition]int64
}

func newOwed() owed {
	return owed{commits: map[kafka.TopicPartition]kafka.Commit{}, accepted: map[kafka.TopicPartition]int64{}}
}

func (o owed) refused(c kafka.Commit) { o.commits[c.TopicPartition] = c }

func (o owed) took(c kafka.Commit) {
	o.accepted[c.TopicPartition] = c.Offset
	delete(o.commits, c.TopicPartition)
}

// pay adds what is owed of p to what the group says, which p has been placed by.
// Nothing is owed to a group whose offset has moved back: a person has moved it, so
// that commands are looked at again; nor to another topic of the same name.
//
// That holds after any time, and when others have had the partition meanwhile. That a
// command is done says that its outcome is stored, which no owner undoes: not that
// this process was the one to store it. An owner in between that has not seen the
// outcome has carried the command out again, which is what a third time would not
// mend. From where to look back is what the group says, not what is owed: its word is
// about all that it does not call done, which can only be more than what is left now.
func (o owed) pay(p *partition) {
	was, known := o.accepted[p.tp]
	if p.position >= 0 {
		o.accepted[p.tp] = p.position
	}
	c, ok := o.commits[p.tp]
	if !ok || known && p.position < was {
		delete(o.commits, p.tp)
		return
	}
	ours, err := decodeHandover(c.Metadata, c.Offset)
	if err != nil || (ours.Topic != p.id && p.id != kafka.TopicID{}) {
		delete(o.commits, p.tp)
		return
	}
	base := max(ours.Base, p.position)
	done := doneSet{{0, base}}
	for _, r := range sortedRanges(ours.Done, p.inherited) {
		if last := &done[len(done)-1]; r.First <= last.End {
			last.End = max(last.End, r.End)
		} else {
			done = append(done, r)
		}
	}
	p.id = ours.Topic
	p.place(done[0].End)
	p.inherited = done[1:]
}

func sortedRanges(a, b []offsetRange) []offsetRange {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(a, b offsetRange) int { return cmp.Compare(a.First, b.First) })
	return all
}
