package consumers

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/kafka"
)

// away has the group refuse every commit until the returned function is called.
func (f *fakeCluster) away(err error) (back func()) {
	f.set(func() { f.refuse = func(int, kafka.Commit) error { return err } })
	return func() { f.set(func() { f.refuse = nil }) }
}

func TestWhatCouldNotBeCommittedIsNotRunAgain(t *testing.T) {
	for name, refusal := range map[string]error{"an outage": errNetwork, "a fence": errFence} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f := newFakeCluster(1)
				j := newJournal()
				release := j.hold(6) // a gap in what is done
				r := newRig(t, Config{}, f, j)
				f.publish(part0, keys(5)...)
				after(time.Second)
				back := f.away(refusal)
				f.publish(part0, keys(5)...)
				after(100 * time.Millisecond)
				r.group.rebalance()
				after(30 * time.Second)
				back()
				release(nil)
				after(15 * time.Second)
				if got := sorted(j.endedOn(part0)); !slices.Equal(got, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
					t.Errorf("%v ran to their ends, want each once", got)
				}
				if h := f.handed(t, part0); h.Base != 10 {
					t.Errorf("handed over %+v; want 10", h)
				}
			})
		})
	}
}

func TestPay(t *testing.T) {
	t.Parallel()
	one, other := kafka.TopicID{1}, kafka.TopicID{2}
	for name, c := range map[string]struct {
		accepted int64
		ours     handover
		theirs   handover
		base     int64
		done     doneSet
	}{
		"we know more": {
			ours: handover{Base: 20, Done: []offsetRange{{22, 24}}}, theirs: handover{Base: 10, Done: []offsetRange{{15, 18}}},
			base: 20, done: doneSet{{22, 24}},
		},
		"they have gone on": {
			ours: handover{Base: 20, Done: []offsetRange{{22, 24}, {30, 31}}}, theirs: handover{Base: 25},
			base: 25, done: doneSet{{30, 31}},
		},
		"what they did lies above": {
			ours: handover{Base: 20, Done: []offsetRange{{22, 24}}}, theirs: handover{Base: 20, Done: []offsetRange{{21, 22}, {24, 26}, {28, 29}}},
			base: 20, done: doneSet{{21, 26}, {28, 29}},
		},
		"together they fill the gap": {
			ours: handover{Base: 20, Done: []offsetRange{{25, 30}}}, theirs: handover{Base: 10, Done: []offsetRange{{15, 25}}},
			base: 30,
		},
		"moved back by a person": {
			accepted: 15, ours: handover{Base: 20}, theirs: handover{Base: 3}, base: 3,
		},
		"of an earlier topic of that name": {
			ours: handover{Base: 20, Topic: one}, theirs: handover{Base: 0, Topic: other}, base: 0,
		},
		"of the same topic": {
			ours: handover{Base: 20, Topic: one}, theirs: handover{Base: 3, Topic: one}, base: 20,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOwed()
			c.ours.Attempts, c.ours.Results, c.theirs.Attempts, c.theirs.Results = -1, -1, -1, -1
			o.took(kafka.Commit{TopicPartition: part0, Offset: c.accepted})
			o.refused(kafka.Commit{TopicPartition: part0, Offset: c.ours.Base, Metadata: c.ours.encode()})
			p := newPartition(part0, &topic{})
			if err := p.resume(kafka.Commit{TopicPartition: part0, Offset: c.theirs.Base, Metadata: c.theirs.encode()}); err != nil {
				t.Fatal(err)
			}
			o.pay(p)
			if p.position != c.base || p.window.committed() != c.base {
				t.Errorf("placed at %d, want %d", p.position, c.base)
			}
			if diff := cmp.Diff([]offsetRange(c.done), append([]offsetRange(nil), p.inherited...)); diff != "" {
				t.Errorf("done above (-want +got):\n%s", diff)
			}
		})
	}
}

// The very first commits may be the ones that fail: of a group that has no offset,
// and of one whose offset somebody else has committed.
func TestWhatIsOwedBeforeAnyCommit(t *testing.T) {
	t.Parallel()
	none := handover{Attempts: -1, Results: -1}
	at := func(base int64) handover { h := none; h.Base = base; return h }
	for name, c := range map[string]struct {
		first, second, want int64 // the group's offset, -1 for none
	}{
		"no offset":                   {-1, -1, 20},
		"an offset that has stayed":   {10, 10, 20},
		"an offset that moved on":     {10, 30, 30},
		"an offset that moved back":   {10, 3, 3},
		"an offset that is there now": {-1, 25, 25},
	} {
		o := newOwed()
		session := func(offset int64) *partition {
			p := newPartition(part0, &topic{})
			if offset >= 0 {
				if err := p.resume(kafka.Commit{TopicPartition: part0, Offset: offset, Metadata: at(offset).encode()}); err != nil {
					t.Fatal(err)
				}
			}
			o.pay(p)
			return p
		}
		session(c.first)
		o.refused(kafka.Commit{TopicPartition: part0, Offset: 20, Metadata: at(20).encode()})
		if p := session(c.second); p.position != c.want {
			t.Errorf("%s: placed at %d, want %d", name, p.position, c.want)
		}
	}
}

// While a fenced member was away another one has had the partition. What it has done
// and what the first one has are both done, and the look-back is the other one's.
func TestWhatIsOwedAfterAnotherMemberHadThePartition(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, j, h := newFakeCluster(1), newJournal(), newFakeHistory()
		j.hold(2)
		r := newPastRig(t, Config{DrainTimeout: time.Second}, f, j, h)
		f.publish(part0, keys(2)...)
		after(time.Second)
		h.set(func() { h.look = [2]int64{100, 200} })
		f.set(func() {
			f.counted = func(m kafka.Member) error {
				if m.GenerationID == 1 {
					return errFence
				}
				return nil
			}
		})
		f.publish(part0, keys(8)...)
		after(100 * time.Millisecond) // 3 to 9 are done, which nobody is told
		other := handover{Base: 2, Done: []offsetRange{{4, 6}, {10, 12}}, Attempts: 30, Results: 40, Topic: kafka.TopicID{0: 1}}
		f.left(part0, other)
		after(5 * time.Second)
		f.publish(part0, keys(3)...) // 10 to 12
		after(time.Second)
		loads, _ := h.of(part0)
		if last := loads[len(loads)-1]; r.group.generation() != 2 || last != (loadCall{part0, 2, 30, 40}) {
			t.Errorf("generation %d loads %+v", r.group.generation(), last)
		}
		if got := sorted(j.endedOn(part0)); !slices.Equal(got, []int64{0, 1, 3, 4, 5, 6, 7, 8, 9, 12}) {
			t.Errorf("%v ran to their ends, want each once and not what the other has done", got)
		}
		if h := f.handed(t, part0); h.Base != 2 || !slices.Equal(h.Done, []offsetRange{{3, 13}}) || h.Attempts != 100 {
			t.Errorf("handed over %+v; want 3 to 12 done", h)
		}
	})
}
