package console

import (
	"encoding/json"
	"math"
)

// cells are what changes on the page, by the keys that its elements carry. The page
// itself takes them from here too.
type cells struct {
	Texts  map[string]string  `json:"t,omitempty"` // what an element says
	States map[string]string  `json:"s,omitempty"` // its state, which decides about colours and what is hidden
	Levels map[string]float64 `json:"n,omitempty"` // of a bar, from 0 to 1
	Strips map[string]string  `json:"m,omitempty"` // a letter for each of a row of squares
}

func newCells() cells {
	return cells{map[string]string{}, map[string]string{}, map[string]float64{}, map[string]string{}}
}

// since are the cells that are not as they were before. Keys never go away.
func (c cells) since(before cells) cells {
	return cells{
		changed(before.Texts, c.Texts), changed(before.States, c.States),
		changed(before.Levels, c.Levels), changed(before.Strips, c.Strips),
	}
}

func changed[V comparable](before, now map[string]V) map[string]V {
	var differ map[string]V
	for key, value := range now {
		if old, ok := before[key]; ok && old == value {
			continue
		}
		if differ == nil {
			differ = map[string]V{}
		}
		differ[key] = value
	}
	return differ
}

// message is what goes over the stream once a second.
type message struct {
	At int64 `json:"at"` // milliseconds
	cells
	// Point has, for all commands and then for each, what goes in and comes out per
	// second and the quantiles in milliseconds, null without calls.
	Point [][]number `json:"p"`
}

// number is one of a plot: three digits are more than anybody sees.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if x := float64(n); !math.IsNaN(x) && x > 0 {
		scale := math.Pow(10, 2-math.Floor(math.Log10(x)))
		return json.Marshal(math.Round(x*scale) / scale)
	}
	if n == 0 {
		return []byte("0"), nil
	}
	return []byte("null"), nil
}

// numbers are a flow's: in, out and the quantiles, or in and out alone.
func (f flow) numbers() []number {
	all := []number{number(f.in), number(f.out)}
	for _, seconds := range f.latency {
		all = append(all, number(seconds*1000))
	}
	return all
}

func (p point) numbers() [][]number {
	all := make([][]number, len(p.flows))
	for i, f := range p.flows {
		all[i] = f.numbers()
	}
	return all
}

// history is the plots' span, for a page that begins.
type history struct {
	Page   string     `json:"page"` // what tells one version of the page from another
	Points []historic `json:"points"`
}

type historic struct {
	At    int64      `json:"at"`
	Point [][]number `json:"p"`
}

func newHistory(page string, points []point) history {
	h := history{Page: page, Points: make([]historic, len(points))}
	for i, p := range points {
		h.Points[i] = historic{p.at.UnixMilli(), p.numbers()}
	}
	return h
}
