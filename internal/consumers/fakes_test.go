package consumers

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sort"
	"sync"
	"testing"
	"time"

	"bankprocessor/internal/kafka"
)

// classed is an error of a class that only a broker could give.
type classed kafka.ErrorClass

func (c classed) Error() string { return "class " + kafka.ErrorClass(c).String() }

func classOf(err error) kafka.ErrorClass {
	if c, ok := errors.AsType[classed](err); ok {
		return kafka.ErrorClass(c)
	}
	return kafka.Class(err)
}

var (
	errMoved     = classed(kafka.ClassLeaderMoved)
	errRange     = classed(kafka.ClassOutOfRange)
	errFence     = classed(kafka.ClassFenced)
	errRebalance = classed(kafka.ClassRebalancing)
	errNetwork   = classed(kafka.ClassRetriable)
	errUnknown   = classed(kafka.ClassUnknownTopic)
)

// fakeLog is one partition.
type fakeLog struct {
	leader, told int32 // told is the leader that metadata names
	first, next  int64
	records      []kafka.Record
}

// fetchCall is one fetch request.
type fetchCall struct {
	at    time.Time
	parts []kafka.FetchPartition
}

// failing returns a function that fails the first n times.
func failing(n int, err error) func() error {
	return func() error {
		if n--; n < 0 {
			return nil
		}
		return err
	}
}

// commitCall is one commit request.
type commitCall struct {
	at      time.Time
	member  kafka.Member
	commits []kafka.Commit
}

// fakeCluster is a cluster that lives in memory and in a synctest bubble.
type fakeCluster struct {
	mu        sync.Mutex
	logs      map[kafka.TopicPartition]*fakeLog
	committed map[kafka.TopicPartition]kafka.Commit
	lives     map[string]byte // by topic: how often it was made anew
	appended  chan struct{}   // closed and replaced at every append
	fetches   []fetchCall
	commits   []commitCall
	refreshes int

	// Each may be nil; they decide what fails.
	failLeaders func() error
	failFetch   func(parts []kafka.FetchPartition) error
	failCommit  func(call int) error // of the whole request, counted from 0
	refuse      func(call int, c kafka.Commit) error
	failLoad    func() error             // of CommittedOffsets
	counted     func(kafka.Member) error // of heartbeats and commits
	failRange   func() error
	hangCommits bool
}

func newFakeCluster(partitions int32) *fakeCluster {
	f := &fakeCluster{
		logs:      map[kafka.TopicPartition]*fakeLog{},
		committed: map[kafka.TopicPartition]kafka.Commit{},
		lives:     map[string]byte{},
		appended:  make(chan struct{}),
	}
	f.create(testTopic, partitions)
	return f
}

func (f *fakeCluster) create(topic string, partitions int32) {
	for n := range partitions {
		f.logs[kafka.TopicPartition{Topic: topic, Partition: n}] = &fakeLog{leader: 1, told: 1}
	}
}

// publish appends a record per key.
func (f *fakeCluster) publish(tp kafka.TopicPartition, keys ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	log := f.logs[tp]
	for _, key := range keys {
		log.records = append(log.records, record(tp, log.next, key))
		log.next++
	}
	close(f.appended)
	f.appended = make(chan struct{})
}

// truncate deletes what is below first.
func (f *fakeCluster) truncate(tp kafka.TopicPartition, first int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	log := f.logs[tp]
	log.first = first
	for len(log.records) > 0 && log.records[0].Offset < first {
		log.records = log.records[1:]
	}
}

func (f *fakeCluster) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeCluster) Leaders(_ context.Context, topics ...string) (map[kafka.TopicPartition]int32, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failLeaders != nil {
		if err := f.failLeaders(); err != nil {
			return nil, err
		}
	}
	leaders := map[kafka.TopicPartition]int32{}
	known := map[string]bool{}
	for tp, log := range f.logs {
		leaders[tp] = log.told
		known[tp.Topic] = true
	}
	missing := &kafka.UnknownTopicsError{}
	for _, t := range topics {
		if !known[t] {
			missing.Topics = append(missing.Topics, t)
		}
	}
	if len(missing.Topics) > 0 {
		return nil, missing
	}
	return leaders, nil
}

// RefreshMetadata makes metadata tell the truth again.
func (f *fakeCluster) RefreshMetadata() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refreshes++
	for _, log := range f.logs {
		log.told = log.leader
	}
}

func (f *fakeCluster) Fetch(ctx context.Context, parts []kafka.FetchPartition, maxWait time.Duration, _ int32) ([]kafka.Fetched, error) {
	deadline := time.NewTimer(maxWait)
	defer deadline.Stop()
	f.mu.Lock()
	f.fetches = append(f.fetches, fetchCall{at: time.Now(), parts: parts})
	fail := f.failFetch
	f.mu.Unlock()
	if fail != nil {
		if err := fail(parts); err != nil {
			return nil, err
		}
	}
	for {
		f.mu.Lock()
		answers, something := f.answer(parts)
		appended := f.appended
		f.mu.Unlock()
		if something {
			return answers, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline.C:
			return answers, nil
		case <-appended:
		}
	}
}

// fakeBatch is how many records a partition's answer holds at most.
const fakeBatch = 100

func (f *fakeCluster) answer(parts []kafka.FetchPartition) (answers []kafka.Fetched, something bool) {
	for _, asked := range parts {
		log := f.logs[asked.TopicPartition]
		if log == nil {
			answers, something = append(answers, kafka.Fetched{TopicPartition: asked.TopicPartition, Err: errUnknown}), true
			continue
		}
		a := kafka.Fetched{TopicPartition: asked.TopicPartition, Next: asked.Offset, HighWatermark: log.next, LogStart: log.first}
		switch {
		case log.leader != log.told:
			a.Err = errMoved
		case asked.Offset < log.first || asked.Offset > log.next:
			a.Err = errRange
		default:
			from := sort.Search(len(log.records), func(i int) bool { return log.records[i].Offset >= asked.Offset })
			a.Records = slices.Clone(log.records[from:min(from+fakeBatch, len(log.records))])
			if n := len(a.Records); n > 0 {
				a.Next = a.Records[n-1].Offset + 1
			}
		}
		something = something || a.Err != nil || len(a.Records) > 0
		answers = append(answers, a)
	}
	return answers, something
}

func (f *fakeCluster) LogRange(_ context.Context, parts []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Range, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failRange != nil {
		if err := f.failRange(); err != nil {
			return nil, err
		}
	}
	ranges := map[kafka.TopicPartition]kafka.Range{}
	for _, tp := range parts {
		if f.logs[tp] == nil {
			return nil, errUnknown
		}
		ranges[tp] = kafka.Range{First: f.logs[tp].first, Next: f.logs[tp].next}
	}
	return ranges, nil
}

func (f *fakeCluster) CommitOffsets(ctx context.Context, m kafka.Member, commits []kafka.Commit) (map[kafka.TopicPartition]error, error) {
	f.mu.Lock()
	call := len(f.commits)
	f.commits = append(f.commits, commitCall{at: time.Now(), member: m, commits: commits})
	failCommit, refuse, hang := f.failCommit, f.refuse, f.hangCommits
	f.mu.Unlock()
	if hang {
		limited, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		<-limited.Done()
		return nil, limited.Err()
	}
	if failCommit != nil {
		if err := failCommit(call); err != nil {
			return nil, err
		}
	}
	out := f.Heartbeat(ctx, m)
	refused := map[kafka.TopicPartition]error{}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range commits {
		if out != nil && classOf(out) != kafka.ClassRebalancing {
			refused[c.TopicPartition] = out
			continue
		}
		if f.logs[c.TopicPartition] == nil {
			refused[c.TopicPartition] = errUnknown
			continue
		}
		if refuse != nil {
			if err := refuse(call, c); err != nil {
				refused[c.TopicPartition] = err
				continue
			}
		}
		f.committed[c.TopicPartition] = c
	}
	return refused, nil
}

func (f *fakeCluster) CommittedOffsets(_ context.Context, _ string, parts []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Commit, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failLoad != nil {
		if err := f.failLoad(); err != nil {
			return nil, err
		}
	}
	commits := maps.Clone(f.committed)
	for _, tp := range parts {
		if _, ok := commits[tp]; !ok {
			commits[tp] = kafka.Commit{TopicPartition: tp, Offset: -1}
		}
	}
	return commits, nil
}

// handed is what the partition's last commit says.
func (f *fakeCluster) handed(t *testing.T, tp kafka.TopicPartition) handover {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.committed[tp]
	if !ok {
		t.Fatalf("%s was never committed", tp)
	}
	h, err := decodeHandover(c.Metadata, c.Offset)
	if err != nil {
		t.Fatalf("reading the hand-over of %s: %v", tp, err)
	}
	return h
}

func (f *fakeCluster) commitCalls() []commitCall {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]commitCall(nil), f.commits...)
}

// fetchedSince says at which moments since then the partition was asked for.
func (f *fakeCluster) fetchedSince(tp kafka.TopicPartition, since time.Time) (at []time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, call := range f.fetches {
		for _, p := range call.parts {
			if p.TopicPartition == tp && call.at.After(since) {
				at = append(at, call.at)
			}
		}
	}
	return at
}
