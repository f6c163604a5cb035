package checker

import (
	"slices"
	"time"
)

// Partition is one of a command topic.
type Partition struct {
	Topic     string
	Partition int32
}

// Death is the end, or the stop, of a processor that held partitions of the group.
type Death struct {
	At   time.Time
	Held []Partition
}

// echo is for how long after a death what it had sent may still arrive.
const echo = 100 * time.Millisecond

// Recoveries says for each death how long it took until every partition that was held
// and had commands waiting had a new outcome again. What arrives within a tenth of a
// second is the dead process's own. Deaths that held nothing that waited are left
// out.
func (r *Report) Recoveries(deaths []Death) []time.Duration {
	byPartition := map[Partition][]*dossier{}
	for _, d := range r.x.dossiers {
		p := Partition{d.Place.Topic, d.Place.Partition}
		byPartition[p] = append(byPartition[p], d)
	}
	var all []time.Duration
	for _, death := range deaths {
		var longest time.Duration
		for _, p := range death.Held {
			longest = max(longest, next(byPartition[p], death.At))
		}
		if longest > 0 {
			all = append(all, longest)
		}
	}
	slices.Sort(all)
	return all
}

// next is how long after a moment the first new outcome came, 0 when nothing waited.
func next(of []*dossier, moment time.Time) (after time.Duration) {
	waiting := false
	for _, d := range of {
		o := d.first()
		if o == nil || !o.At.After(moment.Add(echo)) {
			continue
		}
		waiting = waiting || d.At.Before(moment)
		if took := o.At.Sub(moment); after == 0 || took < after {
			after = took
		}
	}
	if !waiting {
		return 0
	}
	return after
}
