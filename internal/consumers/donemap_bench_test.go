package consumers

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// shape is what may have been done above a committed offset.
type shape struct {
	name string
	done []offsetRange
}

// shapes are what intake meets, and what is hard to say in few characters. The
// committed offset is shapeBase.
func shapes() []shape {
	all := []shape{{"stuck+50000", []offsetRange{{shapeBase + 1, shapeBase + 50_001}}}}
	for _, percent := range []int{1, 10, 50, 90, 99} {
		all = append(all, shape{fmt.Sprintf("random-%d%%", percent), random(percent)})
	}
	return append(all,
		shape{"every-second", shifted(everySecond(1, 25_000))},
		shape{"bursts", bursts()},
		shape{"slow-keys", slowKeys()},
		shape{"islands", islands()},
		shape{"long-tails", longTails()})
}

const (
	shapeBase   = 1_234_567_890
	shapeWindow = 25_000
)

func shapeCoins() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// random is a window of which each record but the first is done by that chance.
func random(percent int) []offsetRange {
	coins := shapeCoins()
	return rangesOf(shapeWindow, func(int64) bool { return coins.IntN(100) < percent })
}

// bursts are runs of pending and of done records whose lengths are anything from 1
// to some 500.
func bursts() []offsetRange {
	coins := shapeCoins()
	left, done := 0, true
	return rangesOf(shapeWindow, func(int64) bool {
		if left == 0 {
			left, done = 1<<coins.IntN(9)+coins.IntN(1<<coins.IntN(9)), !done
		}
		left--
		return done
	})
}

// slowKeys are a thousand keys of which ten get nothing done.
func slowKeys() []offsetRange {
	coins := shapeCoins()
	return rangesOf(50_000, func(int64) bool { return coins.IntN(1000) >= 10 })
}

// islands are single pending records at uneven distances up to 4,000.
func islands() []offsetRange {
	coins := shapeCoins()
	next := int64(0)
	return rangesOf(500_000, func(o int64) bool {
		if o < next {
			return true
		}
		next = o + 1 + coins.Int64N(4000)
		return false
	})
}

// longTails are runs of up to four records, pending and done in turn, but for a long one here and
// there.
func longTails() []offsetRange {
	coins := shapeCoins()
	left, done := int64(0), true
	return rangesOf(500_000, func(int64) bool {
		if left == 0 {
			left, done = 1+coins.Int64N(4), !done
			if coins.IntN(10) == 0 {
				left = 1000 + coins.Int64N(5000)
			}
		}
		left--
		return done
	})
}

// rangesOf are the records of a window that are done; the first is not.
func rangesOf(window int64, isDone func(int64) bool) (done []offsetRange) {
	for o := int64(1); o < window; o++ {
		switch last := len(done) - 1; {
		case !isDone(o):
		case last >= 0 && done[last].End == shapeBase+o:
			done[last].End++
		default:
			done = append(done, offsetRange{shapeBase + o, shapeBase + o + 1})
		}
	}
	return done
}

func shifted(done []offsetRange) []offsetRange {
	for i := range done {
		done[i].First += shapeBase
		done[i].End += shapeBase
	}
	return done
}

// BenchmarkDoneMap compares the encodings: bytes is the text's length without the
// head that all of them share.
//
//	go test ./internal/consumers -run '^$' -bench DoneMap -benchmem
func BenchmarkDoneMap(b *testing.B) {
	for _, s := range shapes() {
		for _, e := range encodings() {
			name := s.name + "/" + e.body.name + "+" + e.text.name
			b.Run(name+"/encode", func(b *testing.B) {
				b.ReportAllocs()
				var text string
				for b.Loop() {
					text = e.encode(s.done)
				}
				b.ReportMetric(float64(len(text)), "bytes")
			})
			b.Run(name+"/decode", func(b *testing.B) {
				b.ReportAllocs()
				text := e.encode(s.done)
				for b.Loop() {
					if _, err := e.decode(text); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// The comparison is of encodings that work, and the one that is used is the one to
// use: it fits all of the shapes, and none is shorter by much. Deflating is out of it
// where it makes less of what repeats: intake could not go by that, as its only bound
// is the bitmap's, and what it writes changes with the library, so that a text could
// not be told from a damaged one by writing it again.
func TestTheDoneMapsFormIsTheOneToUse(t *testing.T) {
	t.Parallel()
	for _, s := range shapes() {
		length := map[string]int{}
		for _, e := range encodings() {
			text := e.encode(s.done)
			got, err := e.decode(text)
			if err != nil || !slices.Equal(got, s.done) {
				t.Errorf("%s: %s+%s does not read what it writes: %v", s.name, e.body.name, e.text.name, err)
			}
			length[e.body.name+"+"+e.text.name] = len(text)
		}
		used := length["rice|runs+base85"]
		for name, n := range length {
			if used > n+n/20+8 && !strings.Contains(name, "deflate") {
				t.Errorf("%s: %d characters, in %s %d", s.name, used, name, n)
			}
		}
		head := len(handoverPrefix) + base85Chars(maxHandoverHead)
		if used+head > 4096 {
			t.Errorf("%s: %d characters and %d of the head do not fit", s.name, used, head)
		}
	}
}

func BenchmarkHandover(b *testing.B) {
	h := handover{Base: shapeBase, Done: random(50), Attempts: 1 << 40, Results: 1 << 40}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.encode()
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		text := h.encode()
		for b.Loop() {
			if _, err := decodeHandover(text, h.Base); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkFits(b *testing.B) {
	w := newWindow(0)
	for o := range int64(100_000) { // longer than a bitmap has room for
		place := w.push(o, false)
		if o%100 > 0 {
			w.markDone(place)
		}
	}
	for b.Loop() {
		if !w.fits(4096, nil, w.next) {
			b.Fatal("does not fit")
		}
	}
}
