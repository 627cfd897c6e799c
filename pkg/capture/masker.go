package capture

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/capture/redact"
	"github.com/miradorhq/mirador/pkg/event"
)

// Masker puts what Masking says in the place of personal data. It is for one
// goroutine.
type Masker struct {
	pseudonyms pseudonyms
	key        Key // of hashed credentials
	find       Finder
	mode       Mode
	classes    map[string]Mode
	note       func(class string)
	spans      []Span
	taken      []uint64 // a bit for each byte of a value that a span covers
	out        []byte
	depth      int // of documents and encodings within values
}

// NewMasker makes one of c's general mode and classes; routes do not count. key is
// that of credentials.
func NewMasker(c Masking, key Key) (*Masker, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if key.pool == nil {
		return nil, errNoKey
	}
	return &Masker{pseudonyms: pseudonyms{c.key(key)}, key: key, find: c.Find, mode: c.Mode, classes: c.Classes, note: func(string) {}}, nil
}

// personal masks the personal data of the event, after its credentials are gone.
func (m *sealer) personal(coding, backCoding []byte) {
	c, e := &m.b.masking, m.e
	mode, classes := c.route(e)
	if mode == "" || mode == ModeRaw {
		return
	}
	where := ""
	p := &Masker{pseudonyms: pseudonyms{c.key(m.b.key)}, key: m.b.key, find: c.Find, mode: mode, classes: classes, note: func(class string) { m.note(where, class) }}
	m.note("pseudonyms", p.pseudonyms.key.id)
	where = "request.header"
	for i := range e.RequestHeaders {
		h := &e.RequestHeaders[i]
		h.Value = bytes.Clone(p.Header(h.Name, h.Value))
	}
	where = "response.header"
	for i := range e.ResponseHeaders {
		h := &e.ResponseHeaders[i]
		h.Value = bytes.Clone(p.Header(h.Name, h.Value))
	}
	where = "identity"
	for i := range e.Identity.Claims {
		c := &e.Identity.Claims[i]
		c.Value = bytes.Clone(p.Claim(c.Name, c.Value))
	}
	where = "tls"
	e.TLS.ClientSubject = bytes.Clone(p.text(clientSubject, e.TLS.ClientSubject))
	where = "request.query"
	e.Query = p.Query(e.Query)
	where = "request.path"
	e.Path = p.Path(e.Path)
	where = "request.body"
	p.body(&e.RequestBody, coding)
	where = "response.body"
	p.body(&e.ResponseBody, backCoding)
}

// body goes without its data where that cannot be looked into.
func (p *Masker) body(b *event.Body, coding []byte) {
	packed := len(coding) > 0 && !b.Decoded && !bytes.EqualFold(bytes.TrimSpace(coding), []byte("identity"))
	data, readable := p.Body(b.Data, string(b.ContentType), b.Truncated)
	if len(b.Data) > 0 && (packed || !readable) {
		b.Data, b.Truncated = nil, true
		p.note("unreadable")
		return
	}
	b.Data = data
}

// Body masks the values of a body without content coding. Where it cannot look into
// it readable is false, and it must not be kept. Of a truncated one the end may be half
// of a value, which nothing recognises.
func (p *Masker) Body(data []byte, contentType string, truncated bool) (masked []byte, readable bool) {
	masked, readable = redact.Values(data, contentType, p.visit)
	if truncated && readable {
		masked = blurEnd(masked)
	}
	return masked, readable
}

// Query masks the values of a raw query string.
func (p *Masker) Query(query []byte) []byte { return redact.QueryValues(query, p.visit) }

// visit is what becomes of a value of a body or a query.
func (p *Masker) visit(name, value []byte, structure bool) ([]byte, bool) {
	if p.mode == ModeShape && !structure {
		p.out = shape(p.out[:0], value)
		return p.out, !bytes.Equal(p.out, value)
	}
	return p.masked(name, value)
}

// masked puts pseudonyms in the place of what is sensitive in value, and of
// identifiers. What the value itself shows comes first, and alone decides for what
// looks like an identifier: else an id would be another one where the name of its
// field is another. What only the name tells is added.
func (p *Masker) masked(name, value []byte) ([]byte, bool) {
	if len(value) < 2 || string(value) == redact.Mark {
		return nil, false
	}
	if within, ok := p.within(name, value); ok {
		return within, true
	}
	spans := p.find.Find(p.spans[:0], "", value)
	for i := range spans {
		spans[i].Score += 2
	}
	spans = p.identifiers(spans, value)
	if len(name) > 0 {
		spans = p.find.Find(spans, string(name), value)
	}
	p.spans = spans
	// What stays as it is must not hide what another rule masks.
	spans = slices.DeleteFunc(spans, func(s Span) bool {
		return s.Start >= s.End || s.End > len(value) || modeOf(p.classes, s.Class) == ModeRaw || p.isHash(value, s.Start)
	})
	if len(spans) == 0 {
		return nil, false
	}
	// The surer first, of these the longer; what then overlaps is left out.
	slices.SortStableFunc(spans, func(a, b Span) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.End-b.Start, a.End-a.Start), cmp.Compare(a.Start, b.Start), strings.Compare(a.Class, b.Class))
	})
	p.taken = append(p.taken[:0], make([]uint64, len(value)/64+1)...)
	spans = slices.DeleteFunc(spans, func(s Span) bool { return !take(p.taken, s.Start, s.End) })
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	p.out = p.out[:0]
	at := 0
	for _, s := range spans {
		piece := value[s.Start:s.End]
		p.out = append(p.out, value[at:s.Start]...)
		switch {
		case modeOf(p.classes, s.Class) == ModeShape:
			p.out = shape(p.out, piece)
		case strings.HasPrefix(s.Class, "secret."):
			p.out = p.key.appendMark(p.out, piece, piece)
		default:
			p.out = p.pseudonyms.append(p.out, s.Class, piece)
		}
		at = s.End
		p.note(s.Class)
	}
	return append(p.out, value[at:]...), true
}

// take marks the bits from from to to; false, and nothing is marked, where one was. A
// comparison with every span before would take minutes for a megabyte of numbers.
func take(bits []uint64, from, to int) bool {
	words := func(each func(word *uint64, mask uint64) bool) bool {
		for w := from / 64; w <= (to-1)/64; w++ {
			mask := ^uint64(0)
			if w == from/64 {
				mask &= ^uint64(0) << (from % 64)
			}
			if w == (to-1)/64 {
				mask &= ^uint64(0) >> (63 - (to-1)%64)
			}
			if !each(&bits[w], mask) {
				return false
			}
		}
		return true
	}
	if !words(func(word *uint64, mask uint64) bool { return *word&mask == 0 }) {
		return false
	}
	return words(func(word *uint64, mask uint64) bool { *word |= mask; return true })
}

// isHash says whether the keyed hash of a credential stands at from. Whoever only
// writes its beginning before a value hides nothing.
func (p *Masker) isHash(value []byte, from int) bool {
	mark := []byte("hmac:" + p.key.id + ":")
	rest, ok := bytes.CutPrefix(value[from:], mark)
	if !ok {
		if !bytes.HasSuffix(value[:from], mark) {
			return false
		}
		rest = value[from:]
	}
	n := 0
	for n < len(rest) && nibble(rest[n]) >= 0 {
		n++
	}
	return n == 32 // 128 bits
}
