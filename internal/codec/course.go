package codec

// course follows a walk through a plan. A walk that comes to another field, type or
// value than the plan has is astray, and nothing more is done for it.
type course struct {
	stage
	outer  [maxNested]stage // of which the first depth are in use
	depth  int
	astray bool
}

// stage is how far the walk has come in one record.
type stage struct {
	plan   *plan
	next   int // slot
	list   bool
	follow int // items of the list after this record
}

func (c *course) start(p *plan) { *c = course{stage: stage{plan: p}} }

func (c *course) lost() { c.astray = true }

// complete says whether the record that the walk is in has been walked to its end.
func (c *course) complete() bool { return !c.astray && c.next == len(c.plan.slots) }

// arrived says whether the whole plan has.
func (c *course) arrived() bool { return c.complete() && c.depth == 0 }

// step takes the next slot when it is the field that the walk has come to, of that
// kind. It returns nil when the walk is astray, or has come to a field that the
// record has not: an earlier schema lacks it. A field that comes out of order looks
// the same, and leaves the record incomplete.
func (c *course) step(name string, kind slotKind) *slot {
	if c.astray {
		return nil
	}
	if c.next == len(c.plan.slots) || c.plan.slots[c.next].name != name {
		return nil
	}
	s := &c.plan.slots[c.next]
	if s.kind != kind {
		c.lost()
		return nil
	}
	c.next++
	return s
}

// enter goes into a record, or the first of a list's.
func (c *course) enter(p *plan, list bool, records int) {
	c.outer[c.depth] = c.stage // a plan is no deeper
	c.depth++
	c.stage = stage{plan: p, list: list, follow: records - 1}
}

// leave ends a record, or goes on to the next of its list. It says whether a list
// has ended with it.
func (c *course) leave() (listEnded bool) {
	switch {
	case !c.complete() || c.depth == 0:
		c.lost()
		return false
	case c.follow > 0:
		c.follow--
		c.next = 0
		return false
	}
	listEnded = c.list
	c.depth--
	c.stage = c.outer[c.depth]
	return listEnded
}
