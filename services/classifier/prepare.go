package classifier

import (
	"bytes"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/classifier/scan"
)

// hit is a piece of a value that passes for a class.
type hit struct {
	class      uint16
	start, end int
}

// hits are what a transaction holds.
type hits struct {
	tables  *Tables
	list    []hit // in the order of direction and leaf
	looked  [2][]looked
	spots   spots
	making  []int32 // spots with a value that makes a field one to be watched, in order
	matches []scan.Match
	classes []scan.Class
	text    []byte
	work    scan.Work
	room    scan.Room
	logsIn  bool // the request carries what somebody logs in with
}

// looked is what a leaf holds: some of the list, which leaves of the same value share.
type looked struct {
	spot     int32
	from, to int32
	// again: the leaf of the spot before it has the same value, so that all but its count is known.
	again bool
}

// Prepare scans both messages for candidates. It is pure.
func (d *detector) Prepare(tx *detect.Tx) {
	h, _ := d.pool.Get().(*hits)
	if h == nil {
		h = &hits{}
	}
	h.reset(d.tables())
	if !tx.Event.Has(event.Enforced) {
		now := tx.Time.UnixNano()
		d.scanDocument(tx.Request(), request, now, h)
		d.scanDocument(tx.Response(), response, now, h)
	}
	tx.Prepared = h
}

func (h *hits) reset(t *Tables) {
	h.tables, h.list, h.making, h.logsIn = t, h.list[:0], h.making[:0], false
	h.looked[request], h.looked[response] = h.looked[request][:0], h.looked[response][:0]
	h.spots.reset()
}

// minText is the shortest text that the scanner is asked about: "a@b.co".
const minText = 6

// scanDocument looks at the leaves of doc. Those beyond max_hits are not looked at, and so not counted
// either: what was not asked about speaks for nothing.
func (s *stage) scanDocument(doc *content.Document, dir direction, now int64, h *hits) {
	found, at := 0, int32(noSpot)
	for i := range doc.Leaves {
		l := &doc.Leaves[i]
		at = h.spots.at(at, dir, l, h.tables)
		sp := &h.spots.list[at]
		v := l.Value
		if len(v) == 0 || l.Type >= content.Boolean {
			h.looked[dir] = append(h.looked[dir], looked{spot: at})
			continue
		}
		if len(v) > s.cfg.MaxValue {
			v = v[:s.cfg.MaxValue]
			s.metrics.dropped.WithLabelValues("max_value").Inc()
		}
		is := looked{spot: at, from: sp.hits.from, to: sp.hits.to, again: sp.valued && bytes.Equal(v, sp.value)}
		if !is.again {
			h.logsIn = h.logsIn || dir == request && sp.says.logsIn
			is.from = int32(len(h.list))
			h.leaf(l, v, sp.says, dir, now)
			is.to = int32(len(h.list))
			sp.value, sp.valued, sp.hits = v, true, is
			if !sp.makes && h.tells(&is) {
				sp.makes = true
				h.making = append(h.making, at)
			}
		}
		h.looked[dir] = append(h.looked[dir], is)
		if found += int(is.to - is.from); found > s.cfg.MaxHits {
			s.metrics.dropped.WithLabelValues("max_hits").Inc()
			return
		}
	}
}

// tells says whether anything that was found is more than what explains values away.
func (h *hits) tells(is *looked) bool {
	for _, m := range h.list[is.from:is.to] {
		if !h.tables.classes[m.class].quiet() {
			return true
		}
	}
	return false
}

// leaf appends what the value v of l holds.
func (h *hits) leaf(l *content.Leaf, v []byte, n *naming, dir direction, now int64) {
	t, from := h.tables, len(h.list)
	// A row of digits is what all of it is, if anything.
	numeral := onlyDigits(v)
	if len(n.classes) == 0 && (numeral == fraction || !t.own && scan.UUID(v)) {
		return
	}
	switch {
	case len(v) < minText || numeral != no && !n.assigns:
	case !n.assigns && !t.own && scan.Dialled(v):
		h.add(from, t.phone, 0, len(v))
	case worthwhile(v):
		if n.assigns {
			h.matches = t.scanner.NamedIn(&h.work, v, l.Name, h.matches[:0])
		} else {
			h.matches = t.scanner.TextIn(&h.work, v, h.matches[:0])
		}
		for _, m := range h.matches {
			class := uint16(m.Class)
			switch c := t.classes[class]; {
			case c.check != nil, c.quiet() && !c.numeral:
			case c.name == "secret.jwt", c.secret() && !c.genuine(v[m.Start:m.End]):
			case c.needsName && !has(n.classes, class):
			case c.category == Network && dir == request && l.Location == content.Header: // of the caller itself
			case c.numeral && m.Score < firm && !has(n.classes, class):
			default:
				h.add(from, class, m.Start, m.End)
			}
		}
		if len(v) >= leastJWT {
			for start, end := token(v, 0); end > 0; start, end = token(v, end) {
				h.add(from, t.jwt, start, end)
			}
		}
	}
	if len(v) >= 4 && len(v) <= 64 && mayCount(v) && !(v[0] == '+' && v[1] != '+') {
		if h.classes = h.classes[:0]; numeral == row && v[0] != '-' {
			h.classes = n.among.Row(v, h.classes)
		} else {
			h.classes = n.among.Whole(v, &h.room, h.classes)
		}
		for _, c := range h.classes {
			h.add(from, uint16(c), 0, len(v))
		}
	}
	if n.calls && callable(v) {
		h.add(from, t.phone, 0, len(v))
	}
	begins := beginnings[v[0]]
	if numeral == row {
		begins = digitsAlone
	}
	if n.begins&begins == 0 {
		return
	}
	for i := range n.checks {
		if c := &n.checks[i]; c.begins&begins != 0 && c.worth(v) && c.judge(v, c.named, now) == passed {
			h.add(from, c.id, 0, len(v))
		}
	}
}

// add appends a piece of the leaf whose hits begin at from.
func (h *hits) add(from int, class uint16, start, end int) {
	for _, have := range h.list[from:] {
		if have.class == class && have.start == start {
			return
		}
	}
	h.list = append(h.list, hit{class, start, end})
}

// firm is the scanner's score of what needs no word beside it.
const firm = 0.95
