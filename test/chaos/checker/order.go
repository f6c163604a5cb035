package checker

import (
	"cmp"
	"slices"
)

// judgeOrder holds the order in which the bank has met the commands of a key, and in
// which it has carried them out, to the order in which they were published. A call
// that is made again for the same command inverts nothing.
func (r *Report) judgeOrder() {
	type key struct {
		topic, key string
	}
	type highest struct{ arrived, done *dossier }
	latest := map[key]*highest{}
	of := func(d *dossier) *highest {
		k := key{d.Place.Topic, d.Key}
		if latest[k] == nil {
			latest[k] = &highest{}
		}
		return latest[k]
	}
	for _, c := range r.x.calls {
		d := r.x.byTrace[TraceID(c.Traceparent)]
		if d == nil || c.Method != methods[d.Name()] {
			continue
		}
		h := of(d)
		if earlier(d, h.arrived) {
			r.found(Inverted, d, "call %d of %s came after one of %s", c.Seq, d.Place, h.arrived.Place)
			continue
		}
		h.arrived = d
	}
	type done struct {
		effect
		of *dossier
	}
	var all []done
	for _, d := range r.x.dossiers {
		for _, e := range d.effects {
			all = append(all, done{e, d})
		}
	}
	slices.SortFunc(all, func(a, b done) int { return cmp.Compare(a.line, b.line) })
	for _, e := range all {
		h := of(e.of)
		if earlier(e.of, h.done) {
			r.found(Inverted, e.of, "line %d of the ledger carries %s out after %s", e.line+1, e.of.Place, h.done.Place)
			continue
		}
		h.done = e.of
	}
}

// earlier says that d was published before the other; nil is nobody.
func earlier(d, other *dossier) bool {
	return other != nil && d.Place.Partition == other.Place.Partition && d.Place.Offset < other.Place.Offset
}
