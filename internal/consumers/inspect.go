package consumers

import "bankprocessor/internal/kafka"

// Handover is what a commit tells the partition's next owner, for those who judge
// commits from outside.
type Handover struct {
	// Attempts and Results are the look-back offsets, -1 where they are not known.
	Attempts, Results int64
	Clean             bool

	base int64
	done doneSet
}

// ReadHandover reads a commit's metadata.
func ReadHandover(c kafka.Commit) (Handover, error) {
	h, err := decodeHandover(c.Metadata, c.Offset)
	if err != nil {
		return Handover{}, err
	}
	return Handover{Attempts: h.Attempts, Results: h.Results, Clean: h.Clean, base: h.Base, done: h.Done}, nil
}

// IsDone says whether the commit calls the record at that offset done.
func (h Handover) IsDone(offset int64) bool {
	return offset < h.base || h.done.count(offset, offset+1) > 0
}
