package consumers

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bankprocessor/internal/kafka"
)

func TestHandoverRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := drawHandover(t)
		text := h.encode()
		got, err := decodeHandover(text, h.Base)
		if err != nil {
			t.Fatalf("decoding: %v", err)
		}
		if diff := cmp.Diff(h, got); diff != "" {
			t.Fatal(diff)
		}
		if before := h.encodeV1(); len(text) > max(len(before), 160) {
			t.Fatalf("%d characters, and %d in the form before", len(text), len(before))
		}
		if len(h.Done) > 0 {
			span := h.Done[len(h.Done)-1].End - h.Base
			bytes := maxHandoverHead + maxRiceHead + int(riceBound(span, int64(len(h.Done)))+7)/8
			if most := len(handoverPrefix) + base85Chars(bytes); len(text) > most {
				t.Fatalf("%d characters, bound by %d", len(text), most)
			}
		}
	})
}

// drawHandover draws runs of one to billions.
func drawHandover(t *rapid.T) handover {
	h := handover{
		Base:     rapid.Int64Range(0, 1<<50).Draw(t, "base"),
		Attempts: rapid.Int64Range(-1, 1<<50).Draw(t, "attempts"),
		Results:  rapid.Int64Range(-1, 1<<50).Draw(t, "results"),
		Clean:    rapid.Bool().Draw(t, "clean"),
	}
	if rapid.Bool().Draw(t, "topic known") {
		h.Topic = kafka.TopicID{3: 1}
	}
	length := rapid.OneOf(rapid.Just(int64(1)), rapid.Int64Range(1, 40), rapid.Int64Range(1, 1<<35))
	pending, done := length, length
	if rapid.Bool().Draw(t, "short runs alone") { // or rarely any map is dense
		pending, done = rapid.Int64Range(1, 3), rapid.Int64Range(1, 3)
	}
	at := h.Base
	for range rapid.IntRange(0, 300).Draw(t, "ranges") {
		first := at + pending.Draw(t, "pending")
		at = first + done.Draw(t, "done")
		h.Done = append(h.Done, offsetRange{first, at})
	}
	return h
}

func TestHandoverIsShort(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		done []offsetRange
		most int
	}{
		"50,000 records past a stuck one":              {[]offsetRange{{1, 50_001}}, 24},
		"every second of 25,000":                       {everySecond(1, 25_000), 4000},
		"ten thousand, then one stuck, then a hundred": {[]offsetRange{{1, 10_000}, {10_001, 10_100}}, 24},
	} {
		h := handover{Base: 1 << 40, Attempts: 1 << 40, Results: 1 << 40, Topic: kafka.TopicID{15: 1}}
		for _, r := range test.done {
			h.Done = append(h.Done, offsetRange{h.Base + r.First, h.Base + r.End})
		}
		bare := h
		bare.Done = nil
		if n := len(h.encode()) - len(bare.encode()); n > test.most {
			t.Errorf("%s: %d characters for the map, want %d at most", name, n, test.most)
		}
		if n := len(h.encode()); n > 4096 {
			t.Errorf("%s: %d characters in all", name, n)
		}
	}
}

func TestDecodeHandoverRefuses(t *testing.T) {
	t.Parallel()
	text := func(raw ...byte) string { return handoverPrefix + string(appendBase85(nil, raw)) }
	bare := handover{Base: 5, Attempts: -1, Results: -1}
	runs, codes := bare, bare
	runs.Done = []offsetRange{{7, 9}}
	codes.Done = everySecond(6, 14)
	good := runs.encode()
	if got, want := good, text(flagRuns, 5, 0, 0, 2, 2); got != want {
		t.Fatalf("some cases below vary %q, and runs are %q", want, got)
	}
	if got, want := codes.encode(), text(0, 5, 0, 0, 4, 0, 0, 0xff); got != want {
		t.Fatalf("some cases below vary %q, and codes are %q", want, got)
	}
	for name, test := range map[string]string{
		"empty":                        "",
		"another's":                    `{"consumer":"connect"}`,
		"a later version":              "bp3." + good[len(handoverPrefix):],
		"the version before's":         handoverPrefixV1 + good[len(handoverPrefix):],
		"no payload":                   handoverPrefix,
		"not base-85":                  handoverPrefix + `"""""`,
		"beyond four bytes":            handoverPrefix + "#####",
		"one character":                handoverPrefix + "0",
		"cut off":                      good[:len(good)-1],
		"with a tail":                  good + "00",
		"one digit up":                 good[:len(good)-1] + string(base85Digits[base85Digit(good[len(good)-1])+1]),
		"another offset's":             handover{Base: 6, Attempts: -1, Results: -1}.encode(),
		"half a topic":                 text(flagTopic, 5, 0, 0),
		"unknown flag":                 text(1<<3, 5, 0, 0),
		"padded number":                text(0, 0x85, 0, 0, 0),
		"an empty run":                 text(flagRuns, 5, 0, 0, 2, 0),
		"a run at the base":            text(flagRuns, 5, 0, 0, 0, 2),
		"half a run":                   text(flagRuns, 5, 0, 0, 2),
		"runs without a run":           text(flagRuns, 5, 0, 0),
		"runs beyond the range":        text(append([]byte{flagRuns, 5, 0, 0, 2}, maxVarint()...)...),
		"runs where codes are shorter": text(flagRuns, 5, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1),
		"codes where runs are shorter": text(0, 5, 0, 0, 1, 0, 0, 0b1010),
		"codes of none":                text(0, 5, 0, 0, 0, 0, 0),
		"codes without codes":          text(0, 5, 0, 0, 1, 0),
		"codes cut off":                text(0, 5, 0, 0, 4, 0, 0, 0x7f),
		"low bits cut off":             text(0, 5, 0, 0, 1, 0, 62, 0b11),
		"more ranges than codes":       text(0, 5, 0, 0, 5, 0, 0, 0xff),
		"codes with a tail":            text(0, 5, 0, 0, 4, 0, 0, 0xff, 0),
		"a bit after the codes":        text(0, 5, 0, 0, 3, 0, 0, 0x7f),
		"another parameter":            text(0, 5, 0, 0, 4, 1, 0, 0b01101101, 0b1011),
		"a parameter of 63":            text(0, 5, 0, 0, 1, 0, 63, 0b11, 0, 0, 0, 0, 0, 0, 0, 0),
		"codes beyond the range":       text(0, 5, 0, 0, 1, 62, 0, 0b1100, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff),
		"longer than any":              handoverPrefix + strings.Repeat("0", maxHandoverText),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if h, err := decodeHandover(test, 5); !errors.Is(err, errForeignMetadata) {
				t.Errorf("decoded to %+v, error %v", h, err)
			}
		})
	}
}

// Whatever is taken in while fits says so can be committed, whichever of it is
// done by then.
func TestFitsIsNeverBroken(t *testing.T) {
	t.Parallel()
	const limit = 256 // small, so that it is met
	rapid.Check(t, func(t *rapid.T) {
		p := newPartition(topicPartition(0), &topic{})
		p.place(rapid.SampledFrom([]int64{0, 100, 1 << 40}).Draw(t, "base"))
		p.inherited = drawInherited(t, p.position, limit)
		cfg := Config{PartitionRecords: math.MaxInt, Span: math.MaxInt64, MetadataBytes: limit}
		pending := []uint64{}
		for range rapid.IntRange(1, 60).Draw(t, "rounds") {
			for range rapid.IntRange(0, 400).Draw(t, "records") {
				offset := p.window.next
				if rapid.IntRange(0, 100).Draw(t, "gap") == 0 {
					offset += rapid.Int64Range(1, 5000).Draw(t, "removed")
				}
				p.backlog = []kafka.Record{{Offset: offset}}
				if p.room(&cfg) != notPaused {
					break
				}
				if p.inherited.has(offset) {
					p.window.push(offset, true)
				} else {
					pending = append(pending, p.window.push(offset, false))
				}
				p.inherit()
			}
			// The first is stuck more often than not; the others end in long and
			// in short stretches.
			for range rapid.IntRange(0, 8).Draw(t, "stretches") {
				from := rapid.IntRange(0, 20).Draw(t, "from")
				if from == 0 {
					from = rapid.IntRange(0, len(pending)).Draw(t, "from farther")
				}
				n := rapid.SampledFrom([]int{1, 2, 130, 300}).Draw(t, "length")
				for ; n > 0 && from < len(pending); n-- {
					p.window.markDone(pending[from])
					p.inherit()
					pending = append(pending[:from], pending[from+1:]...)
				}
			}
			h := p.handover(false)
			if !h.sound() {
				t.Fatalf("unsound hand-over %+v", h)
			}
			if n := len(h.encode()); n > limit {
				t.Fatalf("the hand-over takes %d bytes of %d: %d ranges over %d offsets", n, limit, len(h.Done), p.window.span())
			}
		}
	})
}

// Islands of one pending record between runs so long that each takes three bytes.
func TestFitsCountsLongRuns(t *testing.T) {
	t.Parallel()
	p := newPartition(topicPartition(0), &topic{})
	p.place(0)
	cfg := Config{PartitionRecords: math.MaxInt, Span: math.MaxInt64, MetadataBytes: 256}
	islands := 0
	for ; p.room(&cfg) == notPaused; islands++ {
		p.window.push(p.window.next, false)
		for range 20_000 {
			p.window.markDone(p.window.push(p.window.next, false))
		}
	}
	if n := len(p.handover(false).encode()); n > 256 || islands < 10 {
		t.Errorf("%d islands were taken in and take %d bytes", islands, n)
	}
}

// Where every second record is done, one that stands behind a long gap would lengthen
// the map by more than its own bit.
func TestFitsCountsTheGapBeforeARecord(t *testing.T) {
	t.Parallel()
	p := newPartition(topicPartition(0), &topic{})
	p.place(1 << 50)
	p.id, p.attempts, p.results = kafka.TopicID{15: 1}, 1<<50, 1<<50
	cfg := Config{PartitionRecords: math.MaxInt, Span: math.MaxInt64, MetadataBytes: 256}
	offer := func(offset int64) pause {
		p.backlog = []kafka.Record{{Offset: offset}}
		return p.room(&cfg)
	}
	var places []uint64
	for offer(p.window.next+64) == notPaused {
		places = append(places, p.window.push(p.window.next, false))
	}
	if offer(p.window.next) != notPaused || offer(p.window.next+4000) != pausedMetadata {
		t.Errorf("the next record is refused by %q, one behind a gap by %q", offer(p.window.next), offer(p.window.next+4000))
	}
	places = append(places, p.window.push(p.window.next, false))
	for i := 1; i < len(places); i += 2 {
		p.window.markDone(places[i])
	}
	if n := len(p.handover(false).encode()); n > 256 || len(places) < 900 {
		t.Errorf("%d records take %d bytes", len(places), n)
	}
}

// drawInherited returns a done-map that fits.
func drawInherited(t *rapid.T, at int64, limit int) (s doneSet) {
	for range rapid.IntRange(0, 100).Draw(t, "inherited") {
		first := at + rapid.Int64Range(1, 5).Draw(t, "pending")
		last := append(s, offsetRange{first, first + rapid.Int64Range(1, 300).Draw(t, "done")})
		at = last[len(last)-1].End
		h := handover{Done: last}
		if len(h.encode())+maxHandoverHead*4/3 > limit {
			break
		}
		s = last
	}
	return s
}

func TestDoneSetCountsWhatItHolds(t *testing.T) {
	t.Parallel()
	s := doneSet{{5, 8}, {10, 20}}
	if got := s.count(6, 12); got != 4 {
		t.Errorf("6..12 holds %d, want 4", got)
	}
}

func FuzzDecodeHandover(f *testing.F) {
	f.Add("", int64(0))
	f.Add("some other tool's words", int64(3))
	for _, h := range []handover{
		{Base: 5, Done: []offsetRange{{7, 9}, {12, 13}}, Attempts: 4, Results: -1, Clean: true},
		{Base: 5, Done: []offsetRange{{7, 9}}, Attempts: -1, Results: -1, Topic: kafka.TopicID{1, 2}},
		{Base: 5, Done: []offsetRange{{6, 50_001}, {50_002, 1 << 40}}},
		{Done: everySecond(1, 400)},
	} {
		f.Add(h.encode(), h.Base)
		f.Add(h.encodeV1(), h.Base)
	}
	f.Fuzz(func(t *testing.T, text string, base int64) {
		h, err := decodeHandover(text, base)
		if err != nil {
			return
		}
		encode := handover.encode
		if strings.HasPrefix(text, handoverPrefixV1) {
			encode = handover.encodeV1
		}
		if h.Base != base || !h.sound() || encode(h) != text {
			t.Errorf("%q decoded to %+v, which encodes to %q", text, h, encode(h))
		}
		if again, err := decodeHandover(h.encode(), base); err != nil || !reflect.DeepEqual(again, h) {
			t.Errorf("%+v, written by this form, reads as %+v, %v", h, again, err)
		}
	})
}

func FuzzBase85(f *testing.F) {
	f.Add([]byte("any carnal pleas"))
	f.Add([]byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		text := appendBase85(nil, raw)
		back, err := decodeBase85(string(text))
		if err != nil || !bytes.Equal(back, raw) {
			t.Errorf("%x became %q and then %x, %v", raw, text, back, err)
		}
		if len(text) != base85Chars(len(raw)) || base85Bytes(len(text)) != len(raw) {
			t.Errorf("%d bytes take %d characters, said to be %d and %d", len(raw), len(text), base85Bytes(len(text)), base85Chars(len(raw)))
		}
	})
}
