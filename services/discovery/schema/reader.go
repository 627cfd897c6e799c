package schema

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/miradorhq/mirador/pkg/content"
)

// Reader turns messages into what they add to the fields of their operation. It
// remembers paths between messages, and is for one goroutine at a time.
type Reader struct {
	limits Limits
	header func(string) bool

	nodes []node
	refs  []ref
	paths [Places]map[string]int32 // refs by path
	steps map[step]int32
	last  int32 // ref of the leaf before
	media map[string]string
	words map[string]string

	number    uint32 // of the body at hand
	instances uint32
	stack     []frame
	chain     []int32
}

// Message is what one transaction adds. Its names and texts are never changed; the
// rest is reused by the next Begin.
type Message struct {
	fields []Field
	// Dropped counts values without a place: their name is none, or they stand too deep.
	Dropped int
}

// Reset empties m.
func (m *Message) Reset() { m.fields, m.Dropped = m.fields[:0], 0 }

// NewReader makes a reader. header says which request headers are parameters; nil
// takes all.
func NewReader(l Limits, header func(string) bool) *Reader {
	r := &Reader{limits: l, header: header, steps: map[step]int32{}, media: map[string]string{}, words: map[string]string{}}
	for i := range r.paths {
		r.paths[i] = map[string]int32{}
	}
	r.reset()
	return r
}

// Begin makes r ready for a transaction.
func (r *Reader) Begin() {
	if len(r.nodes) > cachedPaths || len(r.refs) > cachedPaths {
		r.reset()
	}
	if r.number > 1<<31 || r.instances > 1<<31 { // long before they come round
		r.number, r.instances = 0, 0
		for i := range r.nodes {
			n := &r.nodes[i]
			n.message, n.instance, n.within, n.typed = 0, 0, 0, 0
		}
	}
	if len(r.words) > cachedWords {
		clear(r.words)
	}
	r.number++
	r.last = none
}

// Param adds a value of a parameter.
func (r *Reader) Param(m *Message, in Place, name string, value []byte, t content.Type) {
	to := r.at(in, name)
	switch {
	case to.skip:
	case to.cut:
		m.Dropped++
	default:
		n := &r.nodes[to.node]
		f, fresh := r.field(m, n, Key{In: in})
		if fresh {
			f.seen = 1
		}
		r.value(f, value, t, true)
	}
}

// field is the field of n in m.
func (r *Reader) field(m *Message, n *node, k Key) (f *Field, fresh bool) {
	if n.message == r.number {
		return &m.fields[n.field], false
	}
	n.message, n.field = r.number, int32(len(m.fields))
	k.Path = n.path
	if len(m.fields) < cap(m.fields) {
		m.fields = m.fields[:len(m.fields)+1]
		f = &m.fields[n.field]
		words, votes := f.words, f.formats
		if votes != nil {
			*votes = [formats]uint64{}
		}
		*f = Field{words: words[:0], formats: votes}
	} else {
		m.fields = append(m.fields, Field{})
		f = &m.fields[n.field]
	}
	f.Key, f.messages, f.free = k, 1, n.personal
	return f, true
}

// Body is what is known of a message's body besides its leaves.
type Body struct {
	In          Place
	Class       uint8
	ContentType []byte
	// Text is the body where it is JSON that no coding hides, to find what is empty.
	Text []byte
	// Cut says that something of it is missing.
	Cut bool
}

// Body adds the leaves of a body.
func (r *Reader) Body(m *Message, doc *content.Document, b *Body) {
	if doc.Format == content.Empty {
		return
	}
	r.number++
	w := walk{r: r, m: m, key: Key{In: b.In, Class: b.Class, Media: r.mediaOf(b.ContentType, doc.Format)}, at: none}
	w.whole = uint64(1)
	if b.Cut {
		w.whole = 0
	}
	w.sequence = isSequence(w.key.Media)
	switch doc.Format {
	case content.Form, content.Multipart, content.XML, content.Text:
		w.textual = true
	}
	w.open(int32(b.In))
	for i := range doc.Leaves {
		if l := &doc.Leaves[i]; l.Location == content.Body {
			w.leaf(l, b.Cut && i == len(doc.Leaves)-1)
		}
	}
	if doc.Format == content.JSON && hasEmpty(b.Text) {
		w.empties(b.Text)
	}
}

// value takes one value into f. textual says that its format has only text.
func (r *Reader) value(f *Field, v []byte, t content.Type, textual bool) {
	switch t {
	case content.Null:
		f.types[tNull]++
	case content.Boolean:
		f.types[tBoolean]++
	case content.Integer, content.Number:
		if t == content.Integer {
			f.types[tInteger]++
		} else {
			f.types[tNumber]++
		}
		if x, ok := number(v); ok {
			f.number(x)
		}
	default:
		r.text(f, v)
	}
	if textual && t != content.String {
		// Should other values show that this is a text, its bounds are there.
		f.bound(characters(v))
	}
}

func (r *Reader) text(f *Field, v []byte) {
	f.bound(characters(v))
	f.types[tString]++
	if len(v) == 0 {
		f.empty++
		f.drop()
		return
	}
	if k := formatOf(v); k != noFormat {
		f.vote(k, 1)
		f.drop()
		return
	}
	if f.free {
		return
	}
	if !isWord(v) {
		f.drop()
		return
	}
	text, ok := r.words[string(v)]
	if !ok {
		text = string(v)
		r.words[text] = text
	}
	f.word(text, 1, r.limits.Words, false)
}

// characters is the length of a text as JSON Schema counts it.
func characters(v []byte) uint32 { return uint32(min(utf8.RuneCount(v), math.MaxUint32)) }

// number reads v; what no float can hold is no bound.
func number(v []byte) (float64, bool) {
	if len(v) <= 15 {
		x, negative := int64(0), false
		for i, c := range v {
			if c == '-' && i == 0 {
				negative = true
			} else if c-'0' <= 9 {
				x = x*10 + int64(c-'0')
			} else {
				x = -1
				break
			}
		}
		if x >= 0 {
			if negative {
				x = -x
			}
			return float64(x), true
		}
	}
	x, err := strconv.ParseFloat(string(v), 64)
	return x, err == nil
}
