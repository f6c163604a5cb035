package consumers

import "bankprocessor/internal/kafka"

// A topic that is deleted and made anew has its name and none of its records. The
// position of the old one may well exist in the new one: reading on from there
// would leave out what stands before it, and reading from the start is for a person
// to decide, who knows whether the old one's commands have been published again.

// identify compares the partitions with the topics that there are now.
func (s *session) identify(ids map[string]kafka.TopicID) {
	s.sched.mu.Lock()
	defer s.sched.mu.Unlock()
	for _, p := range s.sched.parts {
		was := p.anew
		id, exists := ids[p.tp.Topic]
		p.identify(id, exists)
		if p.anew && !was {
			s.log.Error("the topic was deleted and made anew: reading nothing from the partition",
				"topic", p.tp.Topic, "partition", p.tp.Partition, "position", p.position,
				"action", "stop every processor of the group, set its offset of the partition where it still has one, and start again")
		}
	}
	notify(s.takeover.wake)
}

// identify takes in which topic of p's name there is now, if one exists; the zero id
// says nothing of it.
func (p *partition) identify(id kafka.TopicID, exists bool) {
	unknown := kafka.TopicID{}
	p.gone = !exists
	switch {
	case id == unknown, id == p.id:
	case p.id == unknown:
		p.id = id
	case p.position <= 0: // any beginning is right, and what was done above it is of the old topic
		p.id, p.inherited = id, nil
	default:
		p.anew = true
	}
}

// commits says whether there is a position of p's to commit, and a topic to commit
// it for.
func (p *partition) commits() bool { return p.position >= 0 && !p.gone && !p.anew }
