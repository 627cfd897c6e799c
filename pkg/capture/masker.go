package capture

import (
	"bytes"
	"cmp"
	"net/url"
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
	out        []byte
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
	data, readable := p.Body(b.Data, string(b.ContentType))
	if len(b.Data) > 0 && (packed || !readable) {
		b.Data, b.Truncated = nil, true
		p.note("unreadable")
		return
	}
	b.Data = data
}

// Body masks the values of a body without content coding. Where it cannot look into
// it readable is false, and it must not be kept.
func (p *Masker) Body(data []byte, contentType string) (masked []byte, readable bool) {
	return redact.Values(data, contentType, p.visit)
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
	spans := p.find.Find(p.spans[:0], "", value)
	for i := range spans {
		spans[i].Score += 2
	}
	spans = identifiers(spans, value)
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
	n := 0
	for _, s := range spans {
		if slices.ContainsFunc(spans[:n], func(t Span) bool { return s.Start < t.End && t.Start < s.End }) {
			continue
		}
		spans[n] = s
		n++
	}
	spans = spans[:n]
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

// isHash says whether the keyed hash of a credential stands at from.
func (p *Masker) isHash(value []byte, from int) bool {
	before, id := value[:from], p.key.id
	return bytes.HasSuffix(before, []byte("hmac:"+id+":")) || bytes.HasPrefix(value[from:], []byte("hmac:"+id+":"))
}

const (
	idDigits  = 6  // in a row make an identifier
	idLetters = 12 // letters and digits do
)

// identifiers adds what looks like an identifier: a UUID, a run of digits, a run of
// letters and digits.
func identifiers(to []Span, value []byte) []Span {
	for i := 0; i < len(value); {
		if !alphanumeric(value[i]) {
			i++
			continue
		}
		end, digits, most, run := i, 0, 0, 0
		for ; end < len(value) && alphanumeric(value[end]); end++ {
			if c := value[end]; c >= '0' && c <= '9' {
				digits++
				run++
				most = max(most, run)
			} else {
				run = 0
			}
		}
		if end-i == 8 && len(value) >= i+36 && uuid(value[i:i+36]) {
			end = i + 36
			digits, most = 32, 32
		}
		if most >= idDigits || end-i >= idLetters && digits >= 2 && digits < end-i {
			to = append(to, Span{Class: ClassID, Start: i, End: end, Score: 1.5})
		}
		i = end
	}
	return to
}

func alphanumeric(c byte) bool { return word(c) && c < 0x80 }

func uuid(v []byte) bool {
	for i, c := range v {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if nibble(c) < 0 {
			return false
		}
	}
	return true
}

// Path masks the segments of a raw path, each by the name of the one before.
func (p *Masker) Path(path []byte) []byte {
	var out []byte
	var name []byte
	for i := 0; i < len(path); {
		end := len(path)
		if j := bytes.IndexByte(path[i:], '/'); j >= 0 {
			end = i + j
		}
		segment := path[i:end]
		if bytes.IndexByte(segment, '+') < 0 {
			segment = percent(segment)
		}
		if masked, ok := p.masked(name, segment); ok {
			if out == nil {
				out = append(make([]byte, 0, len(path)+8), path[:i]...)
			}
			out = append(out, url.PathEscape(string(masked))...)
		} else if out != nil {
			out = append(out, path[i:end]...)
		}
		if end < len(path) && out != nil {
			out = append(out, '/')
		}
		name = segment
		i = end + 1
	}
	if out == nil {
		return path
	}
	return out
}

// Header masks the value of a header that is not of the protocol. What it gives holds
// until the next call.
func (p *Masker) Header(name, value []byte) []byte {
	if protocolHeader(name) {
		return value
	}
	if q := bytes.IndexByte(value, '?'); q >= 0 && slices.Contains(urlHeaders, lower(name)) {
		front := bytes.Clone(p.text(name, value[:q+1]))
		return append(front, p.Query(value[q+1:])...)
	}
	return p.text(name, value)
}

func (p *Masker) text(name, value []byte) []byte {
	if masked, ok := p.masked(bytes.ToLower(name), value); ok {
		return masked
	}
	return value
}

// protocolHeader says whether a header says how the message is carried and not what
// somebody put in.
func protocolHeader(name []byte) bool {
	n := lower(name)
	switch n {
	case "host", "date", "etag", "age", "expires", "last-modified", "user-agent", "connection", "server", "via", "vary", "allow", "upgrade", "te", "range",
		"authorization", "proxy-authorization", "forwarded", "x-real-ip", "x-request-id", "x-correlation-id", "traceparent", "tracestate", "alt-svc",
		"retry-after", "transfer-encoding", "strict-transport-security", "keep-alive", "pragma", "origin":
		return true
	}
	for _, p := range [...]string{"accept", "content-", "sec-", "if-", "access-control-", "cache-", "x-forwarded-", "x-ratelimit-", "x-b3-"} {
		if strings.HasPrefix(n, p) {
			return !slices.Contains(urlHeaders, n)
		}
	}
	return false
}
