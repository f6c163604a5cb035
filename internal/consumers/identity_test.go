package consumers

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/kafka"
)

// drop deletes a topic, but nothing that the group has committed for it: what is
// made under its name afterwards has another id.
func (f *fakeCluster) drop(topic string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.logs, func(tp kafka.TopicPartition, _ *fakeLog) bool { return tp.Topic == topic })
	f.lives[topic]++
	close(f.appended)
	f.appended = make(chan struct{})
}

// remake deletes the topic and makes it anew, with records.
func (f *fakeCluster) remake(partitions int32, records int) {
	f.drop(testTopic)
	f.set(func() { f.create(testTopic, partitions) })
	f.publish(part0, keys(records)...)
}

func (f *fakeCluster) TopicIDs(_ context.Context, topics ...string) (map[string]kafka.TopicID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ids := map[string]kafka.TopicID{}
	for tp := range f.logs {
		if slices.Contains(topics, tp.Topic) {
			ids[tp.Topic] = kafka.TopicID{0: 1, 15: f.lives[tp.Topic]}
		}
	}
	return ids, nil
}

// setOffset is what a person does with a tool.
func (f *fakeCluster) setOffset(tp kafka.TopicPartition, to int64) {
	f.set(func() { f.committed[tp] = kafka.Commit{TopicPartition: tp, Offset: to} })
}

const anewWord = "the topic was deleted and made anew"

// However many records the new topic has, none is run from the old one's position,
// and the partition that had none goes on by itself.
func TestATopicMadeAnewIsNotReadFromTheOldPosition(t *testing.T) {
	for name, tt := range map[string]struct {
		records int
		away    time.Duration // between the topic's end and its new beginning
	}{
		"shorter":           {1, 0},
		"as long":           {3, 0},
		"longer":            {9, 0},
		"longer and late":   {9, 20 * time.Second},
		"empty at the time": {0, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f, j := newFakeCluster(2), newJournal()
				r := newRig(t, Config{}, f, j)
				f.publish(part0, keys(3)...)
				after(time.Second)
				f.drop(testTopic)
				after(tt.away)
				f.set(func() { f.create(testTopic, 2) })
				f.publish(part0, keys(tt.records)...)
				f.publish(topicPartition(1), "a")
				after(20 * time.Second)
				if got := j.endedOn(part0); len(got) != 3 {
					t.Errorf("%v ran: want the old topic's three", got)
				}
				if got := j.endedOn(topicPartition(1)); !slices.Equal(got, []int64{0}) {
					t.Errorf("%v ran of the partition that nothing was ever read from", got)
				}
				if said := r.tape.String(); strings.Count(said, anewWord) != 1 || !strings.Contains(said, "topic="+testTopic+" partition=0 position=3") {
					t.Errorf("want one word of the partition, got:\n%s", said)
				}
				for _, p := range r.Status().Partitions {
					if anew := p.Paused == string(pausedAnew); anew != (p.TopicPartition == part0) {
						t.Errorf("%s is paused: %q", p.TopicPartition, p.Paused)
					}
				}

				begin := time.Now()
				r.halt(t)
				if took := time.Since(begin); took > time.Second {
					t.Errorf("the stop took %v", took)
				}
				if h := f.handed(t, part0); h.Topic != (kafka.TopicID{0: 1}) {
					t.Errorf("the old position was committed for the new topic: %+v", h)
				}
				f.setOffset(part0, 0)
				next := newJournal()
				newRig(t, Config{}, f, next)
				after(time.Second)
				if got := next.endedOn(part0); len(got) != tt.records {
					t.Errorf("%v ran once a person had set the offset, want %d", got, tt.records)
				}
			})
		})
	}
}

// A successor knows the topic that a commit belongs to.
func TestACommitOfATopicThatWasMadeAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, j := newFakeCluster(1), newJournal()
		first := newRig(t, Config{}, f, j)
		f.publish(part0, keys(3)...)
		after(time.Second)
		first.halt(t)
		f.remake(1, 9)
		second := newJournal()
		r := newRig(t, Config{}, f, second)
		after(time.Minute)
		if got := second.startedOffsets(); len(got) > 0 {
			t.Errorf("%v ran from the old topic's position", got)
		}
		if !strings.Contains(r.tape.String(), anewWord) {
			t.Errorf("not a word of it:\n%s", r.tape)
		}
	})
}

// What may not be known changes nothing: a refused permission is no missing topic.
func TestATopicWhoseIDIsNotToldIsTheSame(t *testing.T) {
	t.Parallel()
	known := kafka.TopicID{1}
	p := newPartition(part0, &topic{name: testTopic})
	p.place(3)
	p.identify(known, true)
	p.identify(kafka.TopicID{}, true)
	if p.gone || p.anew || p.id != known {
		t.Errorf("gone %t, anew %t, id %v", p.gone, p.anew, p.id)
	}
	p.identify(kafka.TopicID{}, false)
	p.identify(known, true)
	if p.gone || p.anew {
		t.Errorf("back again: gone %t, anew %t", p.gone, p.anew)
	}
	p.identify(kafka.TopicID{2}, true)
	if !p.anew {
		t.Error("another topic is taken for the same")
	}
}

// What was done above a stuck first record was done in the old topic.
func TestWhatWasDoneInTheOldTopicIsNotDoneInTheNewOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, j := newFakeCluster(1), newJournal()
		h := handover{Done: []offsetRange{{1, 5}}, Attempts: -1, Results: -1, Topic: kafka.TopicID{9}}
		f.set(func() { f.committed[part0] = kafka.Commit{TopicPartition: part0, Metadata: h.encode()} })
		newRig(t, Config{}, f, j)
		f.publish(part0, keys(9)...)
		after(time.Second)
		if got := sorted(j.endedOn(part0)); !slices.Equal(got, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8}) {
			t.Errorf("%v ran: want every record of the new topic", got)
		}
	})
}

// While one topic is missing the others are read, commits go on to prove the lease,
// and a stop does not wait for what cannot be committed.
func TestAMissingTopicHoldsUpNoOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, j := newFakeCluster(1), newJournal()
		f.create("loan", 1)
		loan := kafka.TopicPartition{Topic: "loan"}
		r := newRig(t, Config{Topics: []Topic{{Name: testTopic}, {Name: "loan"}}}, f, j)
		f.publish(part0, keys(3)...)
		after(time.Second)
		f.drop(testTopic)
		after(time.Minute)
		f.publish(loan, "a", "b")
		after(time.Second)
		if got := j.endedOn(loan); len(got) != 2 {
			t.Errorf("%v ran of the other topic, want both within a second", got)
		}
		if age := time.Since(r.LastAck()); age > 2*time.Second {
			t.Errorf("the last acknowledged commit is %v old", age)
		}
		if said := r.tape.String(); strings.Count(said, "topics are missing") != 1 || strings.Count(said, "WARN") > 2 {
			t.Errorf("want one word of it:\n%s", said)
		}
		begin := time.Now()
		r.halt(t)
		if took := time.Since(begin); took > time.Second {
			t.Errorf("the stop took %v", took)
		}
	})
}
