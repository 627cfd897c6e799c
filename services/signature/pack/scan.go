package pack

import (
	"embed"
	"slices"
	"strings"
	"unsafe"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
)

//go:embed rules/*.yaml
var embedded embed.FS

// New is the pack that Mirador ships.
func New() (*Pack, error) { return Load(embedded, "rules") }

// Hit is a rule that matched a text.
type Hit struct {
	Rule *Rule
	Kind Kind
	// Leaf is that of the text, nil where it belongs to none.
	Leaf *content.Leaf
	// Whole is the text that was looked at, as it is; it aliases the event.
	Whole string
	// Text is the start of what matched, in that view.
	Text  string
	Start int // of the match in the text that was looked at
	View  View
	Depth int // layers of encoding that had to be undone
}

// maxMatch is how much of a match is kept.
const maxMatch = 256

// Scanner holds the memory of a scan. It is for one at a time.
type Scanner struct {
	p      *Pack
	hits   []Hit
	found  []int
	buffer [DecodeDepth + 2][]byte
	// seen are the paths that were looked at, by their address: lists repeat them.
	seen   [64]*byte
	target target
	uri    []byte
}

// Scanner makes a scanner.
func (p *Pack) Scanner() *Scanner { return &Scanner{p: p} }

// target is the text that is looked at, in whatever view.
type target struct {
	leaf *content.Leaf
	text string
}

// longName is from what length on of a text it costs less to look at its field first.
const longName = 200

// maxRaw is how much of a body that is neither JSON nor a form is looked at, and of
// a response.
const maxRaw = 64 << 10

// Request matches the request of e, of which doc are the leaves. The hits are valid
// until the next call.
func (s *Scanner) Request(e *event.Event, doc *content.Document) []Hit {
	s.hits = s.hits[:0]
	clear(s.seen[:]) // the address of another request's path may come again
	s.text(Path, nil, view(e.Path))
	s.uri = append(s.uri[:0], e.Path...)
	if len(e.Query) > 0 {
		s.uri = append(append(s.uri, '?'), e.Query...)
	}
	s.text(URI, nil, view(s.uri))
	for _, list := range [2][]content.Leaf{doc.Leaves, doc.Nested} {
		for i := range list {
			s.leaf(&list[i])
		}
	}
	if len(e.Identity.TokenHeader) > 0 {
		s.text(Token, nil, view(e.Identity.TokenHeader))
	}
	switch doc.Format {
	case content.XML, content.Text, content.Binary, content.Multipart:
		s.text(Body, nil, view(e.RequestBody.Data[:min(len(e.RequestBody.Data), maxRaw)]))
	}
	for _, i := range s.p.measured {
		s.measure(s.p.rules[i], doc)
	}
	return s.hits
}

// Response matches the body of the response alone; the hits of before are gone.
func (s *Scanner) Response(e *event.Event) []Hit {
	s.hits = s.hits[:0]
	s.text(Response, nil, view(e.ResponseBody.Data[:min(len(e.ResponseBody.Data), maxRaw)]))
	return s.hits
}

// Text matches one text by itself, as if it stood in that field.
func (s *Scanner) Text(k Kind, field, text string) []Hit {
	s.hits = s.hits[:0]
	l := content.Leaf{Location: content.Body, Path: field, Name: field, Value: []byte(text)}
	if k == Header {
		l.Location = content.Header
	}
	if k == Name {
		l.Path = text
		s.text(Name, &l, text)
		return s.hits
	}
	s.text(k, &l, text)
	return s.hits
}

func (s *Scanner) leaf(l *content.Leaf) {
	k := Value
	switch l.Location {
	case content.Header:
		k = Header
	case content.Path: // the whole path was looked at
		if l.Via == content.Direct && !encoded(view(l.Value)) {
			return
		}
	default:
		if n := len(l.Path); n > len("@filename") && l.Path[n-len("@filename"):] == "@filename" {
			k = Filename
		}
		p := unsafe.StringData(l.Path)
		if at := &s.seen[uintptr(unsafe.Pointer(p))>>4%uintptr(len(s.seen))]; *at != p {
			*at = p
			s.text(Name, l, l.Path)
		}
	}
	s.text(k, l, view(l.Value))
}

// view is b as a string that shares its bytes: a text is only read, and what is
// kept of it is copied by whoever keeps it.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// text matches one text in all views that it has.
func (s *Scanner) text(k Kind, l *content.Leaf, text string) {
	if len(text) < minGate {
		return
	}
	s.target = target{l, text}
	s.match(k, text, AsIs, 0)
	cut := text
	if len(cut) > maxView {
		cut = cut[:maxView]
	}
	depth := 0
	if padded(cut) {
		if b, ok := unpad(s.buffer[0][:0], cut); ok {
			s.buffer[0] = b
			s.match(k, view(b), Decoded, 1)
			return
		}
	}
	for ; depth < DecodeDepth && encoded(cut); depth++ {
		b, changed := decode(s.buffer[depth][:0], cut)
		s.buffer[depth] = b
		if !changed {
			break
		}
		cut = view(b)
		s.match(k, cut, Decoded, depth+1)
	}
	if len(cut) <= maxSqueeze && squeezable(cut) {
		b := squeeze(s.buffer[DecodeDepth+1][:0], cut)
		s.buffer[DecodeDepth+1] = b
		if len(b) != len(cut) || view(b) != cut {
			s.match(k, view(b), Squeezed, depth)
		}
	}
}

func (s *Scanner) match(k Kind, text string, v View, depth int) {
	t := &s.target
	s.found = s.p.matcher.Match(text, s.found[:0])
	for _, n := range s.found {
		p := s.p.parts[n]
		r := s.p.rules[p.rule]
		if !r.fits(k, text) || s.has(r, k, t.leaf) || r.fields != nil && len(text) > longName && !r.applies(k, t.leaf) {
			continue
		}
		// Whether it matches is known soon; where, only if it does.
		m := r.patterns[p.pattern]
		if !m.Match(text) || !r.applies(k, t.leaf) {
			continue
		}
		if at := m.Regexp().FindStringIndex(text); at != nil {
			s.hit(r, k, t, text, at[0], at[1], v, depth)
		}
	}
	if k&(Name|Token|URI) == 0 {
		s.commands(k, t, text, v, depth)
		if v != Squeezed {
			s.parse(k, t, text, v, depth)
		}
	}
}

func (s *Scanner) hit(r *Rule, k Kind, t *target, text string, from, to int, v View, depth int) {
	s.hits = append(s.hits, Hit{Rule: r, Kind: k, Leaf: t.leaf, Whole: t.text, Text: strings.Clone(text[from:min(to, from+maxMatch)]), Start: from, View: v, Depth: depth})
}

// has says whether the rule matched this text before, in another view; a name is the
// same wherever it stands.
func (s *Scanner) has(r *Rule, k Kind, l *content.Leaf) bool {
	for i := len(s.hits) - 1; i >= 0; i-- {
		if h := &s.hits[i]; h.Rule == r && h.Kind == k && (h.Leaf == l || k == Name && h.Leaf != nil && l != nil && h.Leaf.Path == l.Path) {
			return true
		}
	}
	return false
}

func (r *Rule) fits(k Kind, text string) bool {
	return r.where&k != 0 && (r.longest == 0 || len(text) <= r.longest)
}

func (r *Rule) applies(k Kind, l *content.Leaf) bool {
	if r.fields != nil && k != Token && (l == nil || !r.fields.MatchString(l.Path)) {
		return false
	}
	return len(r.headers) == 0 || k != Header || l != nil && slices.Contains(r.headers, l.Path)
}

// measure matches what an operation asks for by its measures.
func (s *Scanner) measure(r *Rule, doc *content.Document) {
	m := r.graphql
	if m.Operations > 0 && len(doc.Operations) >= m.Operations {
		s.hits = append(s.hits, Hit{Rule: r, Kind: Value})
		return
	}
	for i := range doc.Operations {
		o := &doc.Operations[i]
		if o.Protocol != content.GraphQLOperation {
			continue
		}
		if m.Depth > 0 && o.Depth >= m.Depth || m.Aliases > 0 && o.Aliases >= m.Aliases || m.Selections > 0 && o.Selections >= m.Selections || m.Introspection && o.Introspection {
			s.hits = append(s.hits, Hit{Rule: r, Kind: Value})
			return
		}
	}
}
