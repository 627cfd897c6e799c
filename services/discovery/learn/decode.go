package learn

import (
	"math"

	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/tinylib/msgp/msgp"
)

// Decode reads what Append wrote and gives what stands behind it.
func Decode(b []byte, cfg Config) (*Tree, []byte, error) {
	r := &reader{Reader: wire.Reader{B: b}}
	if v := wire.Take(&r.Reader, msgp.ReadUint8Bytes); r.Err == nil && v != formatVersion {
		r.Fail("version %d, known is %d", v, formatVersion)
	}
	t := New(cfg)
	t.clock, t.evicted, t.folded = wire.Take(&r.Reader, msgp.ReadUint64Bytes), wire.Take(&r.Reader, msgp.ReadUint64Bytes), wire.Take(&r.Reader, msgp.ReadUint64Bytes)
	t.dirty = wire.Take(&r.Reader, msgp.ReadBoolBytes)
	t.nodes = 0
	t.root = r.node(&t.nodes, 0)
	t.view = r.view(0)
	r.pins(&t.pins)
	if r.Err != nil {
		return nil, nil, r.Err
	}
	return t, r.B, nil
}

// reader reads trees.
type reader struct{ wire.Reader }

func (r *reader) deep(depth int) bool {
	if depth > maxDepth {
		r.Fail("deeper than %d", maxDepth)
	}
	return r.Err != nil
}

func (r *reader) node(nodes *int, depth int) *node {
	n := &node{hits: wire.Take(&r.Reader, msgp.ReadUint64Bytes), last: wire.Take(&r.Reader, msgp.ReadUint64Bytes)}
	*nodes++
	if r.deep(depth) {
		return n
	}
	for range r.Length() {
		u := use{method: wire.Take(&r.Reader, msgp.ReadStringBytes), hits: wire.Take(&r.Reader, msgp.ReadUint64Bytes), response: r.fields(), request: r.fields()}
		if r.Err != nil {
			return n
		}
		if k := len(n.uses); k > 0 && n.uses[k-1].method >= u.method {
			r.Fail("methods out of order")
		}
		n.uses = append(n.uses, u)
	}
	if wire.Take(&r.Reader, msgp.ReadBoolBytes) {
		n.prefix = &Prefix{}
		n.prefix.Decode(&r.Reader)
	}
	for range r.Length() {
		k := wire.Take(&r.Reader, msgp.ReadStringBytes)
		c := r.node(nodes, depth+1)
		if r.Err != nil {
			return n
		}
		if k == "" || n.children[k] != nil {
			r.Fail("a segment that is empty or twice there")
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

// Decode reads what Append wrote.
func (p *Prefix) Decode(r *wire.Reader) {
	p.Text, p.Varies = wire.Take(r, msgp.ReadStringBytes), wire.Take(r, msgp.ReadBoolBytes)
}

func (r *reader) fields() (out []Field) {
	for range r.Length() {
		f := Field{Hash: wire.Take(&r.Reader, msgp.ReadUint32Bytes), Count: wire.Take(&r.Reader, msgp.ReadUint64Bytes)}
		if r.Err != nil {
			return nil
		}
		if k := len(out); k > 0 && out[k-1].Hash >= f.Hash {
			r.Fail("fields out of order")
			return nil
		}
		out = append(out, f)
	}
	return out
}

func (r *reader) view(depth int) *view {
	if r.Err != nil || r.deep(depth) {
		return nil
	}
	if msgp.IsNil(r.B) {
		r.B = r.B[1:]
		return nil
	}
	v := &view{typ: wire.Take(&r.Reader, msgp.ReadStringBytes)}
	for range r.Length() {
		v.methods = append(v.methods, wire.Take(&r.Reader, msgp.ReadStringBytes))
	}
	for range r.Length() {
		k := wire.Take(&r.Reader, msgp.ReadStringBytes)
		next := r.view(depth + 1)
		if next == nil {
			r.Fail("a segment without a place")
			return nil
		}
		if v.literals == nil {
			v.literals = map[string]*view{}
		}
		v.literals[k] = next
	}
	for range r.Length() {
		k, template := wire.Take(&r.Reader, msgp.ReadStringBytes), wire.Take(&r.Reader, msgp.ReadStringBytes)
		next := r.view(depth + 1)
		if next == nil {
			r.Fail("a segment without a place")
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
	p.Revision = wire.Take(&r.Reader, msgp.ReadInt64Bytes)
	for range r.Length() {
		place := wire.Take(&r.Reader, msgp.ReadStringBytes)
		texts := map[string]bool{}
		for range r.Length() {
			text := wire.Take(&r.Reader, msgp.ReadStringBytes)
			texts[text] = wire.Take(&r.Reader, msgp.ReadBoolBytes)
		}
		if p.Places == nil {
			p.Places = map[string]map[string]bool{}
		}
		p.Places[place] = texts
	}
	for _, places := range [...]*map[string]bool{&p.Values, &p.Frozen} {
		for range r.Length() {
			if *places == nil {
				*places = map[string]bool{}
			}
			(*places)[wire.Take(&r.Reader, msgp.ReadStringBytes)] = true
		}
	}
	for range r.Length() {
		place := wire.Take(&r.Reader, msgp.ReadStringBytes)
		names := map[int]string{}
		for range r.Length() {
			i := wire.Take(&r.Reader, msgp.ReadInt64Bytes)
			if i < 0 || i > math.MaxInt16 {
				r.Fail("a parameter in position %d", i)
			}
			names[int(i)] = wire.Take(&r.Reader, msgp.ReadStringBytes)
		}
		if p.Names == nil {
			p.Names = map[string]map[int]string{}
		}
		p.Names[place] = names
	}
}
