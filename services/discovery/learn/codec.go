package learn

import (
	"slices"

	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/tinylib/msgp/msgp"
)

// ErrMalformed is wrapped by every error of Decode.
var ErrMalformed = wire.ErrMalformed

// formatVersion starts what Append writes.
const formatVersion = 2

// maxDepth is that of what Decode reads; the lexer's paths are far shorter.
const maxDepth = 200

// Append writes t: what was fed, what was decided last, and what persons pinned.
func (t *Tree) Append(b []byte) []byte {
	b = msgp.AppendUint8(b, formatVersion)
	b = msgp.AppendUint64(b, t.clock)
	b = msgp.AppendUint64(b, t.evicted)
	b = msgp.AppendUint64(b, t.folded)
	b = msgp.AppendBool(b, t.dirty)
	b = appendNode(b, t.root)
	b = appendView(b, t.view)
	return t.pins.append(b)
}

func appendNode(b []byte, n *node) []byte {
	b = msgp.AppendUint64(b, n.hits)
	b = msgp.AppendUint64(b, n.last)
	b = msgp.AppendArrayHeader(b, uint32(len(n.uses)))
	for i := range n.uses {
		u := &n.uses[i]
		b = msgp.AppendString(b, u.method)
		b = msgp.AppendUint64(b, u.hits)
		b = appendFields(appendFields(b, u.response), u.request)
	}
	if b = msgp.AppendBool(b, n.prefix != nil); n.prefix != nil {
		b = n.prefix.Append(b)
	}
	b = msgp.AppendArrayHeader(b, uint32(len(n.children)))
	for _, k := range sortedKeys(n.children) {
		b = appendNode(msgp.AppendString(b, k), n.children[k])
	}
	return b
}

// Append writes p.
func (p *Prefix) Append(b []byte) []byte {
	return msgp.AppendBool(msgp.AppendString(b, p.Text), p.Varies)
}

func appendFields(b []byte, fields []Field) []byte {
	b = msgp.AppendArrayHeader(b, uint32(len(fields)))
	for _, f := range fields {
		b = msgp.AppendUint32(b, f.Hash)
		b = msgp.AppendUint64(b, f.Count)
	}
	return b
}

func appendView(b []byte, v *view) []byte {
	if v == nil {
		return msgp.AppendNil(b)
	}
	b = msgp.AppendString(b, v.typ)
	b = msgp.AppendArrayHeader(b, uint32(len(v.methods)))
	for _, m := range v.methods {
		b = msgp.AppendString(b, m)
	}
	b = msgp.AppendArrayHeader(b, uint32(len(v.literals)))
	for _, k := range sortedKeys(v.literals) {
		b = appendView(msgp.AppendString(b, k), v.literals[k])
	}
	b = msgp.AppendArrayHeader(b, uint32(len(v.affixed)))
	for _, k := range sortedKeys(v.affixed) {
		b = appendView(msgp.AppendString(msgp.AppendString(b, k), v.affixed[k].template), v.affixed[k].next)
	}
	return appendView(b, v.param)
}

func (p *Pins) append(b []byte) []byte {
	b = msgp.AppendInt64(b, p.Revision)
	b = msgp.AppendArrayHeader(b, uint32(len(p.Places)))
	for _, place := range sortedKeys(p.Places) {
		b = msgp.AppendString(b, place)
		b = msgp.AppendArrayHeader(b, uint32(len(p.Places[place])))
		for _, text := range sortedKeys(p.Places[place]) {
			b = msgp.AppendBool(msgp.AppendString(b, text), p.Places[place][text])
		}
	}
	for _, places := range [...]map[string]bool{p.Values, p.Frozen} {
		b = msgp.AppendArrayHeader(b, uint32(len(places)))
		for _, place := range sortedKeys(places) {
			b = msgp.AppendString(b, place)
		}
	}
	b = msgp.AppendArrayHeader(b, uint32(len(p.Names)))
	for _, place := range sortedKeys(p.Names) {
		b = msgp.AppendString(b, place)
		positions := make([]int, 0, len(p.Names[place]))
		for i := range p.Names[place] {
			positions = append(positions, i)
		}
		slices.Sort(positions)
		b = msgp.AppendArrayHeader(b, uint32(len(positions)))
		for _, i := range positions {
			b = msgp.AppendString(msgp.AppendInt(b, i), p.Names[place][i])
		}
	}
	return b
}
