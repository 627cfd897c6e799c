package learn

import (
	"fmt"
	"math"

	"github.com/tinylib/msgp/msgp"
)

// Decode reads what Append wrote and gives what stands behind it.
func Decode(b []byte, cfg Config) (*Tree, []byte, error) {
	r := &reader{b: b}
	if v := read(r, msgp.ReadUint8Bytes); r.err == nil && v != formatVersion {
		r.fail("version %d, known is %d", v, formatVersion)
	}
	t := New(cfg)
	t.clock, t.evicted, t.folded = read(r, msgp.ReadUint64Bytes), read(r, msgp.ReadUint64Bytes), read(r, msgp.ReadUint64Bytes)
	t.dirty = read(r, msgp.ReadBoolBytes)
	t.nodes = 0
	t.root = r.node(&t.nodes, 0)
	t.view = r.view(0)
	r.pins(&t.pins)
	if r.err != nil {
		return nil, nil, r.err
	}
	return t, r.b, nil
}

// reader takes values off a buffer and keeps the first error.
type reader struct {
	b   []byte
	err error
}

func read[T any](r *reader, f func([]byte) (T, []byte, error)) (v T) {
	if r.err != nil {
		return v
	}
	v, rest, err := f(r.b)
	if err != nil {
		r.err = fmt.Errorf("%w: %w", ErrMalformed, err)
		var zero T
		return zero
	}
	r.b = rest
	return v
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
	}
}

// length reads the head of a list; every element has a byte at least.
func (r *reader) length() int {
	n := int(read(r, msgp.ReadArrayHeaderBytes))
	if r.err != nil {
		return 0
	}
	if n > len(r.b) {
		r.fail("a list of %d in %d bytes", n, len(r.b))
		return 0
	}
	return n
}

func (r *reader) deep(depth int) bool {
	if depth > maxDepth {
		r.fail("deeper than %d", maxDepth)
	}
	return r.err != nil
}

func (r *reader) node(nodes *int, depth int) *node {
	n := &node{hits: read(r, msgp.ReadUint64Bytes), last: read(r, msgp.ReadUint64Bytes)}
	*nodes++
	if r.deep(depth) {
		return n
	}
	for range r.length() {
		u := use{method: read(r, msgp.ReadStringBytes), hits: read(r, msgp.ReadUint64Bytes), response: r.fields(), request: r.fields()}
		if r.err != nil {
			return n
		}
		if k := len(n.uses); k > 0 && n.uses[k-1].method >= u.method {
			r.fail("methods out of order")
		}
		n.uses = append(n.uses, u)
	}
	for range r.length() {
		k := read(r, msgp.ReadStringBytes)
		c := r.node(nodes, depth+1)
		if r.err != nil {
			return n
		}
		if k == "" || n.children[k] != nil {
			r.fail("a segment that is empty or twice there")
			return n
		}
		if n.children == nil {
			n.children = map[string]*node{}
		}
		n.children[k] = c
		if !isTyped(k) {
			n.literals++
		}
	}
	return n
}

func (r *reader) fields() (out []Field) {
	for range r.length() {
		f := Field{Hash: read(r, msgp.ReadUint32Bytes), Count: read(r, msgp.ReadUint64Bytes)}
		if r.err != nil {
			return nil
		}
		if k := len(out); k > 0 && out[k-1].Hash >= f.Hash {
			r.fail("fields out of order")
			return nil
		}
		out = append(out, f)
	}
	return out
}

func (r *reader) view(depth int) *view {
	if r.err != nil || r.deep(depth) {
		return nil
	}
	if msgp.IsNil(r.b) {
		r.b = r.b[1:]
		return nil
	}
	v := &view{typ: read(r, msgp.ReadStringBytes)}
	for range r.length() {
		v.methods = append(v.methods, read(r, msgp.ReadStringBytes))
	}
	for range r.length() {
		k := read(r, msgp.ReadStringBytes)
		next := r.view(depth + 1)
		if next == nil {
			r.fail("a segment without a place")
			return nil
		}
		if v.literals == nil {
			v.literals = map[string]*view{}
		}
		v.literals[k] = next
	}
	for range r.length() {
		k, template := read(r, msgp.ReadStringBytes), read(r, msgp.ReadStringBytes)
		next := r.view(depth + 1)
		if next == nil {
			r.fail("a segment without a place")
			return nil
		}
		if v.affixed == nil {
			v.affixed = map[string]affixed{}
		}
		v.affixed[k] = affixed{template, next}
	}
	v.param = r.view(depth + 1)
	return v
}

func (r *reader) pins(p *Pins) {
	p.Revision = read(r, msgp.ReadInt64Bytes)
	for range r.length() {
		place := read(r, msgp.ReadStringBytes)
		texts := map[string]bool{}
		for range r.length() {
			text := read(r, msgp.ReadStringBytes)
			texts[text] = read(r, msgp.ReadBoolBytes)
		}
		if p.Places == nil {
			p.Places = map[string]map[string]bool{}
		}
		p.Places[place] = texts
	}
	for range r.length() {
		if p.Frozen == nil {
			p.Frozen = map[string]bool{}
		}
		p.Frozen[read(r, msgp.ReadStringBytes)] = true
	}
	for range r.length() {
		place := read(r, msgp.ReadStringBytes)
		names := map[int]string{}
		for range r.length() {
			i := read(r, msgp.ReadInt64Bytes)
			if i < 0 || i > math.MaxInt16 {
				r.fail("a parameter in position %d", i)
			}
			names[int(i)] = read(r, msgp.ReadStringBytes)
		}
		if p.Names == nil {
			p.Names = map[string]map[int]string{}
		}
		p.Names[place] = names
	}
}
