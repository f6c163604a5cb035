package consumers

import "time"

// taken are the tasks of one partition in the order of their offsets, so that the
// oldest of them can be told at any moment.
type taken struct{ oldest, newest *task }

// add takes in a task that is newer than all.
func (l *taken) add(t *task) {
	t.older = l.newest
	if t.older == nil {
		l.oldest = t
	} else {
		t.older.newer = t
	}
	l.newest = t
}

// remove takes out a task, wherever it stands.
func (l *taken) remove(t *task) {
	if t.older == nil {
		l.oldest = t.newer
	} else {
		t.older.newer = t.newer
	}
	if t.newer == nil {
		l.newest = t.older
	} else {
		t.newer.older = t.older
	}
	t.older, t.newer = nil, nil
}

// oldest is when the oldest record was published that has been fetched and is not
// done; zero where there is none, or it does not say.
func (p *partition) oldest() time.Time {
	var at time.Time
	switch {
	case p.taken.oldest != nil:
		at = p.taken.oldest.record.Time
	case len(p.backlog) > 0:
		at = p.backlog[0].Time
	}
	if at.Unix() <= 0 { // -1 stands for no time
		return time.Time{}
	}
	return at
}
