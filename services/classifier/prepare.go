package classifier

import (
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/classifier/scan"
)

// hit is a piece of a value that passes for a class.
type hit struct {
	class      uint16
	direction  direction
	start, end int
	leaf       int // index in the document
	named      bool
}

// hits are what a transaction holds, in the order of direction and leaf.
type hits struct {
	tables  *Tables
	list    []hit
	matches []scan.Match
	classes []scan.Class
	text    []byte
	room    scan.Room
	logsIn  bool // the request carries what somebody logs in with
}

// Prepare scans both messages for candidates. It is pure.
func (d *detector) Prepare(tx *detect.Tx) {
	h, _ := d.pool.Get().(*hits)
	if h == nil {
		h = &hits{}
	}
	h.list, h.logsIn, h.tables = h.list[:0], false, d.tables()
	if !tx.Event.Has(event.Enforced) {
		now := tx.Time.UnixNano()
		d.scanDocument(tx.Request(), request, now, h)
		d.scanDocument(tx.Response(), response, now, h)
	}
	tx.Prepared = h
}

// minText is the shortest text that the scanner is asked about: "a@b.co".
const minText = 6

func (s *stage) scanDocument(doc *content.Document, dir direction, now int64, h *hits) {
	from := len(h.list)
	var n *naming
	for i := range doc.Leaves {
		l := &doc.Leaves[i]
		v := l.Value
		if len(v) == 0 || l.Type >= content.Boolean {
			continue
		}
		if len(v) > s.cfg.MaxValue {
			v = v[:s.cfg.MaxValue]
			s.metrics.dropped.WithLabelValues("max_value").Inc()
		}
		n = h.tables.after(n, l.Path)
		h.logsIn = h.logsIn || dir == request && n.logsIn
		h.leaf(l, v, n, hit{direction: dir, leaf: i}, now)
		if len(h.list)-from > s.cfg.MaxHits {
			h.list = h.list[:from+s.cfg.MaxHits]
			s.metrics.dropped.WithLabelValues("max_hits").Inc()
			return
		}
	}
}

// leaf appends what the value v of l holds.
func (h *hits) leaf(l *content.Leaf, v []byte, n *naming, at hit, now int64) {
	t, from := h.tables, len(h.list)
	// A row of digits is what all of it is, if anything.
	numeral := onlyDigits(v)
	if numeral == fraction && len(n.classes) == 0 {
		return
	}
	if len(v) >= minText && worthwhile(v) && (n.assigns || numeral == no) {
		if n.assigns {
			h.matches = t.scanner.Named(v, l.Name, h.matches[:0])
		} else {
			h.matches = t.scanner.Text(v, h.matches[:0])
		}
		for _, m := range h.matches {
			class := uint16(m.Class)
			switch c := t.classes[class]; {
			case c.check != nil, c.quiet() && !c.numeral:
			case c.name == "secret.jwt", c.secret() && !c.genuine(v[m.Start:m.End]):
			case c.needsName && !has(n.classes, class):
			case c.category == Network && at.direction == request && l.Location == content.Header: // of the caller itself
			case c.numeral && m.Score < firm && !has(n.classes, class):
			default:
				h.add(from, at, n, class, m.Start, m.End)
			}
		}
		if len(v) >= leastJWT {
			for start, end := token(v, 0); end > 0; start, end = token(v, end) {
				h.add(from, at, n, t.jwt, start, end)
			}
		}
	}
	if len(v) >= 4 && len(v) <= 64 && mayCount(v) && !(v[0] == '+' && v[1] != '+') {
		h.classes = n.among.Whole(v, &h.room, h.classes[:0])
		for _, c := range h.classes {
			h.add(from, at, n, uint16(c), 0, len(v))
		}
	}
	if n.calls && callable(v) {
		h.add(from, at, n, t.phone, 0, len(v))
	}
	for i := range n.checks {
		if c := &n.checks[i]; (c.named || c.needsName || c.worth(v)) && c.judge(v, c.named, now) == passed {
			h.add(from, at, n, c.id, 0, len(v))
		}
	}
}

// add appends a piece of the leaf whose hits begin at from.
func (h *hits) add(from int, at hit, n *naming, class uint16, start, end int) {
	for _, have := range h.list[from:] {
		if have.class == class && have.start == start {
			return
		}
	}
	at.class, at.start, at.end, at.named = class, start, end, has(n.classes, class)
	h.list = append(h.list, at)
}

// firm is the scanner's score of what needs no word beside it.
const firm = 0.95
