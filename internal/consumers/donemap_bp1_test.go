package consumers

import (
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bankprocessor/internal/kafka"
)

// A processor before this form wrote these texts.
func TestHandoversOfTheFormBeforeAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]handover{
		"bp1.AAcAAA":                       {Base: 7, Attempts: -1, Results: -1},
		"bp1.BQUFAIw":                      {Base: 5, Attempts: 4, Results: -1, Clean: true, Done: []offsetRange{{7, 9}, {12, 13}}},
		"bp1.BAAAAKqqqg":                   {Attempts: -1, Results: -1, Done: everySecond(1, 24)},
		"bp1.DAECAAAAAAAAAAAAAAAAAAAFAAAM": {Base: 5, Attempts: -1, Results: -1, Done: []offsetRange{{7, 9}}, Topic: kafka.TopicID{1, 2}},
		"bp1.AqwC8aIEgfEEAdCGAwFi":         {Base: 300, Attempts: 70_000, Results: 80_000, Done: []offsetRange{{301, 50_301}, {50_302, 50_400}}},
	} {
		got, err := decodeHandover(text, want.Base)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// everySecond is every second offset from first on that is below end.
func everySecond(first, end int64) (done []offsetRange) {
	for o := first; o < end; o += 2 {
		done = append(done, offsetRange{o, o + 1})
	}
	return done
}

func TestHandoverOfTheFormBeforeRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := drawHandover(t)
		got, err := decodeHandover(h.encodeV1(), h.Base)
		if err != nil {
			t.Fatalf("decoding: %v", err)
		}
		if diff := cmp.Diff(h, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestDecodeHandoverRefusesOfTheFormBefore(t *testing.T) {
	t.Parallel()
	text := func(raw ...byte) string {
		return handoverPrefixV1 + base64.RawURLEncoding.EncodeToString(raw)
	}
	good := handover{Base: 5, Done: []offsetRange{{7, 9}}, Attempts: -1, Results: -1}.encodeV1()
	for name, test := range map[string]string{
		"no payload":            handoverPrefixV1,
		"not base64":            handoverPrefixV1 + "!!!!",
		"cut off":               good[:len(good)-1],
		"with a tail":           good + "AA",
		"another offset's":      handover{Base: 6, Attempts: -1, Results: -1}.encodeV1(),
		"unknown form":          text(3<<formShiftV1, 5, 0, 0),
		"half a topic":          text(flagTopicV1, 5, 0, 0),
		"unknown flag":          text(1<<4, 5, 0, 0),
		"padded number":         text(0, 0x85, 0, 0, 0),
		"an empty run":          text(formRunsV1<<formShiftV1, 5, 0, 0, 2, 0),
		"a run at the base":     text(formRunsV1<<formShiftV1, 5, 0, 0, 0, 2),
		"half a run":            text(formRunsV1<<formShiftV1, 5, 0, 0, 2),
		"runs without a run":    text(formRunsV1<<formShiftV1, 5, 0, 0),
		"a bitmap at the base":  text(formBitmapV1<<formShiftV1, 5, 0, 0, 1),
		"a bitmap with a tail":  text(formBitmapV1<<formShiftV1, 5, 0, 0, 2, 0),
		"a longer form":         text(formBitmapV1<<formShiftV1, 5, 0, 0, 0, 0, 0, 0, 2),
		"a map of none":         text(0, 5, 0, 0, 1),
		"longer than any":       handoverPrefixV1 + strings.Repeat("A", maxHandoverText),
		"runs beyond the range": text(append([]byte{formRunsV1 << formShiftV1, 5, 0, 0, 2}, maxVarint()...)...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if h, err := decodeHandover(test, 5); !errors.Is(err, errForeignMetadata) {
				t.Errorf("decoded to %+v, error %v", h, err)
			}
		})
	}
}

// maxVarint is math.MaxInt64-1 as a uvarint.
func maxVarint() []byte {
	return []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, math.MaxInt8}
}
