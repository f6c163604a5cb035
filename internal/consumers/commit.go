package consumers

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bankprocessor/internal/kafka"
)

const (
	// proofInterval is the longest time between two commits: also with nothing
	// new, a commit proves that the member is still counted in.
	proofInterval = time.Second
	// finishTimeout bounds the tries of a session's last commit.
	finishTimeout = 5 * time.Second
)

// committer commits a session's positions.
type committer struct {
	s    *session
	sent time.Time // of the last request
	beat time.Time // of the last heartbeat
	// ready says that every position that was taken over has been committed by
	// this member. Nothing runs before: that commit takes back a predecessor's
	// word that the hand-over was clean. One that is too long for the brokers is
	// not waited for: what it says gets shorter by what runs alone, and the
	// predecessor's look-back offsets, which stay, are as good.
	ready  bool
	failed bool // the last request was not accepted in full
	// long says that a text was refused for its length, which is logged once.
	long   bool
	fenced bool
}

// newCommitter holds the session's scheduler until the first commit.
func newCommitter(s *session) *committer {
	s.sched.hold(true)
	return &committer{s: s}
}

// run commits at every tick until ctx ends or the group has fenced the member. It
// holds the scheduler whenever the lease runs out, also while a request hangs.
func (c *committer) run(ctx context.Context) {
	expiry := time.AfterFunc(c.s.cfg.Lease, func() {
		c.s.log.Error("no commit was acknowledged in time: starting nothing until one is")
		c.s.sched.hold(true)
	})
	defer expiry.Stop()
	ticker := time.NewTicker(c.s.cfg.CommitInterval)
	defer ticker.Stop()
	for {
		sent, proved := c.tick(ctx, time.Now())
		if c.fenced {
			c.s.fence()
			return
		}
		if proved {
			c.s.lease.Renew(sent)
			left := c.s.lease.Left()
			if left > 0 {
				expiry.Reset(left)
			}
			if c.ready {
				c.s.sched.hold(left == 0)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// tick commits what is due and says whether the group has shown that it counts
// the member in, by its answer to what was sent at that moment.
func (c *committer) tick(ctx context.Context, now time.Time) (sent time.Time, proved bool) {
	heard := c.heartbeat(ctx, now)
	due, placed := c.due(now)
	switch {
	case c.fenced:
		return now, false
	case !placed: // no position to commit: to be heard is the proof
		c.ready = c.ready || heard
		return now, heard
	case len(due) == 0:
		return now, false
	}
	// A request that is cut off may be carried out by the broker after a later
	// one and set the offset back. It is let run to its own timeout.
	accepted, _ := c.send(context.WithoutCancel(ctx), due)
	return c.sent, accepted
}

// heartbeat asks the group whether it rebalances, once in a while, and says whether it
// was heard. A commit does not tell: the group takes them to the moment at which it
// gives the partitions away. That moment is the rebalance timeout after the rebalance
// has begun, so that the lease holds no longer than that from when there was none.
func (c *committer) heartbeat(ctx context.Context, now time.Time) (heard bool) {
	if now.Sub(c.beat) <= proofInterval-c.s.cfg.CommitInterval {
		return false
	}
	c.beat = now
	ctx, cancel := context.WithTimeout(ctx, proofInterval) // the commit is not to wait for it
	defer cancel()
	err := c.s.cluster.Heartbeat(ctx, c.s.member)
	if err == nil {
		c.s.lease.Bound(now.Add(c.s.cfg.handOver()))
		return true
	}
	class := c.s.class(err)
	c.fenced = c.fenced || class == kafka.ClassFenced
	return class == kafka.ClassRebalancing
}

// due returns what has changed, or anything at all when the last request is too
// old. placed says whether any partition has a position.
func (c *committer) due(now time.Time) (due []kafka.Commit, placed bool) {
	changed, placed := c.changed(now.Sub(c.sent) >= proofInterval-c.s.cfg.CommitInterval)
	return written(changed), placed
}

// changed are the hand-overs that are due, at least one where anything is and a
// partition has a position, which placed says.
func (c *committer) changed(anything bool) (changed []told, placed bool) {
	s := c.s.sched
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		if !p.commits() {
			continue
		}
		placed = true
		if p.dirty {
			p.dirty = false
			changed = append(changed, p.tell(s.history, false))
		}
	}
	if !placed || len(changed) > 0 || !anything {
		return changed, placed
	}
	first := slices.IndexFunc(s.parts, (*partition).commits)
	return append(changed, s.parts[first].tell(s.history, false)), true
}

// written writes the metadata, which takes longer than to know what it says: no record
// is to wait for that, and no lock is held.
func written(all []told) (commits []kafka.Commit) {
	for _, t := range all {
		commits = append(commits, kafka.Commit{TopicPartition: t.tp, Offset: t.Base, Metadata: t.encode()})
	}
	return commits
}

// send makes one request. accepted says that at least one partition's commit was
// taken, or refused for its length alone; the error, that not every one was taken.
func (c *committer) send(ctx context.Context, commits []kafka.Commit) (accepted bool, err error) {
	c.sent = time.Now()
	refused, failed := c.s.cluster.CommitOffsets(ctx, c.s.member, commits)
	accepted = failed == nil && len(refused) < len(commits)
	err = failed
	waits := false // for what may be taken as it is another time
	for _, commit := range commits {
		why := failed
		if why == nil {
			why = refused[commit.TopicPartition]
		}
		if why == nil {
			c.s.owed.took(commit)
			continue
		}
		c.s.owed.refused(commit)
		class := c.s.class(why)
		c.fenced = c.fenced || class == kafka.ClassFenced
		if failed == nil && class == kafka.ClassTooLarge {
			c.tooLong(commit)
			accepted = true // the group looks at the member before the text
		} else {
			waits = true
		}
		c.s.sched.soil(c.s.parts[commit.TopicPartition], class == kafka.ClassUnknownTopic)
		if err == nil {
			err = fmt.Errorf("%d of %d partitions refused, one by: %w", len(refused), len(commits), why)
		}
	}
	c.ready = c.ready || !waits
	c.s.observer.Committed(time.Since(c.sent), err)
	if err != nil && !c.failed {
		c.s.log.Warn("commit not accepted: trying on", "error", err)
	}
	c.failed = err != nil
	return accepted, err
}

// fence says that the group has given the partitions to somebody else. The lease ends
// before anybody is told so, lest what they do next be done under it.
func (s *session) fence() {
	s.lease.Revoke()
	s.sched.hold(true)
	close(s.fenced)
}

// finish commits every position a last time, with the word whether the hand-over
// is clean. A fenced member commits nothing, and one that has lost its lease, whom the
// group has hardly kept, tries for a moment.
func (c *committer) finish(ctx context.Context) {
	if c.fenced {
		c.owe()
		return
	}
	limit := finishTimeout
	if c.s.lease.Check() != nil {
		limit = proofInterval
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for tries := 0; ; tries++ {
		last := c.all()
		if len(last) == 0 {
			return
		}
		accepted, err := c.send(ctx, last)
		if accepted {
			c.s.lease.Renew(c.sent)
		}
		if err == nil || c.fenced {
			return
		}
		if sleep(ctx, backoff(c.s.cfg.RetryInitial, c.s.cfg.RetryMax, tries)) != nil {
			c.s.log.Error("the last commit failed: what was done since the one before is to be found in the results alone", "error", err)
			return
		}
	}
}

// owe keeps every position for the next session.
func (c *committer) owe() {
	for _, commit := range c.all() {
		c.s.owed.refused(commit)
	}
}

func (c *committer) all() []kafka.Commit { return written(c.s.sched.last()) }

// last are the hand-overs of all partitions, with the word whether they are clean.
func (s *scheduler) last() (all []told) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		if p.commits() {
			all = append(all, p.tell(s.history, true))
		}
	}
	return all
}

// soil says that p's position is still to be committed; gone, that its topic is not
// there at the moment, so that this is put off.
func (s *scheduler) soil(p *partition, gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.dirty = true
	p.gone = p.gone || gone
}
