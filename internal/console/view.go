package console

import (
	"cmp"
	"slices"
	"time"

	"bankprocessor/internal/command"
)

// behindBy is how old the oldest command of a partition is that is behind.
const behindBy = 10 * time.Second

// The numbers of rows that the page has room for.
const (
	noteRows    = 8
	behindRows  = 8
	outcomeRows = 24
	maxSquares  = 96 // of a row of partitions; a square stands for several beyond it
)

// view is what one frame is made of.
type view struct {
	now, then moment
	flows     []flow // all, then each command
	recent    map[string]uint64
	up        time.Duration
}

// checks are those that no other table of the page shows.
func (v view) checks() []CheckReading {
	return slices.DeleteFunc(slices.Clone(v.now.Checks), func(c CheckReading) bool {
		return slices.ContainsFunc(v.now.Groups, func(g GroupReading) bool { return g.Name == c.Name })
	})
}

// laggard is a partition that is behind, or does not go on.
type laggard struct {
	PartitionReading
	command string
	age     time.Duration // of its oldest command; 0 when none has been fetched
}

// behind are the partitions that are, the worst first: those that stand still, and
// then by age.
func (v view) behind() []laggard {
	var all []laggard
	for i := range v.now.Commands {
		c := &v.now.Commands[i]
		for _, p := range c.Partition {
			l := laggard{PartitionReading: p, command: c.Name, age: v.age(p)}
			if l.Broken || l.age >= behindBy || p.Paused != "" && p.Lag > 0 && p.Oldest.IsZero() {
				all = append(all, l)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b laggard) int {
		switch {
		case a.Broken != b.Broken && a.Broken:
			return -1
		case a.Broken != b.Broken:
			return 1
		}
		return cmp.Or(cmp.Compare(b.age, a.age), cmp.Compare(b.Lag, a.Lag))
	})
	return all
}

func (v view) age(p PartitionReading) time.Duration {
	if p.Oldest.IsZero() {
		return 0
	}
	return max(0, v.now.at.Sub(p.Oldest)) // publishers' clocks differ
}

// kind is a row of the outcomes.
type kind struct {
	status, code string
	n, before    uint64
}

var statusOrder = func() map[string]int {
	order := map[string]int{}
	for i, s := range command.Statuses() {
		order[string(s)] = i
	}
	return order
}()

var meanings = func() map[string]string {
	all := map[string]string{}
	for _, info := range command.Codes() {
		all[string(info.Code)] = info.Meaning
	}
	return all
}()

// kinds are the outcomes by status and code: the most frequent ones, as many as there
// is room for, in an order that does not change with their numbers. rest are the others.
func (v view) kinds() (shown []kind, rest int) {
	type id struct{ status, code string }
	sums := map[id]*kind{}
	for i, moment := range []moment{v.then, v.now} {
		for _, o := range moment.Outcomes {
			k := sums[id{o.Status, o.Code}]
			if k == nil {
				k = &kind{status: o.Status, code: o.Code}
				sums[id{o.Status, o.Code}] = k
			}
			if i == 0 {
				k.before += o.N
			} else {
				k.n += o.N
			}
		}
	}
	for _, k := range sums {
		shown = append(shown, *k)
	}
	byName := func(a, b kind) int {
		return cmp.Or(cmp.Compare(statusOrder[a.status], statusOrder[b.status]), cmp.Compare(a.code, b.code))
	}
	if len(shown) > outcomeRows {
		slices.SortFunc(shown, func(a, b kind) int { return cmp.Or(cmp.Compare(b.n, a.n), byName(a, b)) })
		rest = len(shown) - outcomeRows
		shown = shown[:outcomeRows]
	}
	slices.SortFunc(shown, byName)
	return shown, rest
}

// squares are a command's partitions, a letter for each: see squareOf. Where there are
// too many, a square stands for several and shows the worst.
func (v view) squares(c *CommandReading) string {
	letters := make([]byte, c.Of)
	for i := range letters {
		letters[i] = '-'
	}
	for _, p := range c.Partition {
		if int(p.Partition) < len(letters) {
			letters[p.Partition] = v.squareOf(p)
		}
	}
	each := (len(letters) + maxSquares - 1) / maxSquares
	if each <= 1 {
		return string(letters)
	}
	var worst []byte
	for several := range slices.Chunk(letters, each) {
		worst = append(worst, slices.MaxFunc(several, func(a, b byte) int { return cmp.Compare(gravity[a], gravity[b]) }))
	}
	return string(worst)
}

// gravity orders the letters of squares: elsewhere, idle, at work, paused, behind,
// standing still.
var gravity = map[byte]int{'-': 0, 'i': 1, 'w': 2, 'p': 3, 'b': 4, 'x': 5}

func (v view) squareOf(p PartitionReading) byte {
	switch {
	case p.Broken:
		return 'x'
	case v.age(p) >= behindBy:
		return 'b'
	case p.Paused != "":
		return 'p'
	case p.Lag > 0 || p.Buffered > 0:
		return 'w'
	}
	return 'i'
}
