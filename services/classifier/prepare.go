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
		for start, end := token(v, 0); end > 0; start, end = token(v, end) {
			h.add(from, at, n, t.jwt, start, end)
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
	for _, class := range n.checks {
		named := has(n.classes, class)
		if c := t.classes[class]; (named || c.needsName || c.worth(v)) && c.judge(v, named, now) == passed {
			h.add(from, at, n, class, 0, len(v))
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

// mayCount says whether v begins or ends with a digit, as all but a few numbers do.
func mayCount(v []byte) bool { return v[0]-'0' <= 9 || v[len(v)-1]-'0' <= 9 || v[1]-'0' <= 9 }

// beginning is the kind of the first byte of a value, a bit each.
type beginning uint8

const (
	withDigit beginning = 1 << iota
	withCapital
	withSmall
	withHigh // beyond ASCII
)

var beginnings = func() (t [256]beginning) {
	for c := range t {
		switch {
		case c-'0' >= 0 && c-'0' <= 9:
			t[c] = withDigit
		case c >= 'A' && c <= 'Z':
			t[c] = withCapital
		case c >= 'a' && c <= 'z':
			t[c] = withSmall
		case c >= 0x80:
			t[c] = withHigh
		}
	}
	return t
}()

// worth settles most values before a class's own check: names of people begin with a
// capital, days with a digit.
func (c *class) worth(v []byte) bool {
	return c.begins == 0 || c.begins&beginnings[v[0]] != 0 && (c.maybe == nil || c.maybe(v))
}

// What onlyDigits says.
const (
	no = iota
	row
	fraction
)

// onlyDigits says whether v is a row of digits, or two with a point between them: a price, a share, a
// degree.
func onlyDigits(v []byte) int {
	points := 0
	for i, c := range v {
		switch {
		case c-'0' <= 9:
		case c == '.' && i > 0 && i < len(v)-1 && points == 0:
			points++
		case c == '-' && i == 0 && len(v) > 1:
		default:
			return no
		}
	}
	if points > 0 {
		return fraction
	}
	return row
}

// callable says whether v is digits, in groups or not, that may be a telephone number where
// the name says so.
func callable(v []byte) bool {
	digits := 0
	for i, c := range v {
		switch {
		case c-'0' <= 9:
			digits++
		case c == ' ', c == '-', c == '(', c == ')', c == '.', c == '/', c == '+' && i == 0:
		default:
			return false
		}
	}
	return digits >= 7 && digits <= 15
}

// verdict says what a value without a hit is to a class.
func (t *Tables) verdict(c *class, v []byte, named bool, now int64) verdict {
	switch {
	case c.check != nil:
		if c.judge(v, named, now) == failed {
			return failed
		}
	case c.numeral || c.name == "phone":
		if len(v) >= 4 && scan.Numeral(v) && !(c.name == "phone" && callable(v)) {
			return failed
		}
	case c.name == "email":
		if bytes.IndexByte(v, '@') >= 0 {
			return failed
		}
	case c.name == "ip":
		if bytes.Count(v, []byte{'.'}) >= 2 && v[0]-'0' <= 9 {
			return failed
		}
	}
	return silent
}

// normalize is equal for values that mean the same.
func (c *class) normalize(to, v []byte) []byte {
	to = append(append(to, c.name...), 0)
	switch {
	case c.numeral:
		return scan.Digits(to, v)
	case c.secret():
		return append(to, v...)
	}
	for _, b := range v {
		if b-'A' <= 25 {
			b |= 0x20
		}
		to = append(to, b)
	}
	return to
}
