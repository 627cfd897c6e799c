package schema

import (
	"math"

	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/tinylib/msgp/msgp"
)

// partsOfField is the length of a field's array.
const partsOfField = 11

// Append appends the MessagePack form of f: groups of fields of one body or place,
// in the order of their keys, so that equal fields have equal bytes.
func (f *Fields) Append(b []byte) []byte {
	groups := uint32(0)
	for i := range f.list {
		if i == 0 || !sameBody(f.list[i-1], f.list[i]) {
			groups++
		}
	}
	b = msgp.AppendArrayHeader(b, groups)
	for i := 0; i < len(f.list); {
		n := i + 1
		for n < len(f.list) && sameBody(f.list[i], f.list[n]) {
			n++
		}
		k := &f.list[i].Key
		b = msgp.AppendArrayHeader(b, 4)
		b = msgp.AppendUint8(b, uint8(k.In))
		b = msgp.AppendUint8(b, k.Class)
		b = msgp.AppendString(b, k.Media)
		b = msgp.AppendArrayHeader(b, uint32(n-i))
		for ; i < n; i++ {
			b = f.list[i].append(b)
		}
	}
	return b
}

func sameBody(a, b *Field) bool {
	return a.Key.In == b.Key.In && a.Key.Class == b.Key.Class && a.Key.Media == b.Key.Media
}

func (f *Field) append(b []byte) []byte {
	b = msgp.AppendArrayHeader(b, partsOfField)
	b = msgp.AppendString(b, f.Key.Path)
	b = msgp.AppendUint64(b, f.seen)
	b = msgp.AppendUint64(b, f.objects)
	b = msgp.AppendUint64(b, f.messages)
	b = wire.AppendCounts(b, f.types[:])
	if f.formats == nil {
		b = msgp.AppendArrayHeader(b, 0)
	} else {
		b = wire.AppendCounts(b, f.formats[:])
	}
	b = msgp.AppendUint64(b, f.empty)
	if f.numbers {
		b = msgp.AppendArrayHeader(b, 2)
		b = msgp.AppendFloat64(b, f.low)
		b = msgp.AppendFloat64(b, f.high)
	} else {
		b = msgp.AppendArrayHeader(b, 0)
	}
	if f.lengths {
		b = msgp.AppendArrayHeader(b, 2)
		b = msgp.AppendUint32(b, f.shortest)
		b = msgp.AppendUint32(b, f.longest)
	} else {
		b = msgp.AppendArrayHeader(b, 0)
	}
	b = msgp.AppendBool(b, f.free)
	b = msgp.AppendArrayHeader(b, uint32(2*len(f.words)))
	for i := range f.words {
		b = msgp.AppendString(b, f.words[i].text)
		b = msgp.AppendUint64(b, f.words[i].count)
	}
	return b
}

// Decode adds what Append wrote to f.
func (f *Fields) Decode(r *wire.Reader, l Limits) {
	for range r.Length() {
		r.Exactly(4, "a group of fields")
		in, class := r.Uint(), r.Uint()
		k := Key{In: Place(min(in, math.MaxUint8)), Class: uint8(min(class, math.MaxUint8)), Media: r.Text(maxMedia)}
		if k.In >= Places || int(k.Class) >= len(classNames) {
			r.Fail("fields in place %d of status class %d", in, class)
		}
		k.Media = sharedMedia(k.Media)
		for range r.Length() {
			var x Field
			x.decode(r, k, l)
			if r.Err != nil {
				return
			}
			var c cursor
			f.join(&x, &c, l)
		}
	}
}

func (f *Field) decode(r *wire.Reader, k Key, l Limits) {
	r.Exactly(partsOfField, "a field")
	f.Key = k
	f.Key.Path = r.Text(max(l.Name, 1<<10))
	f.seen, f.objects, f.messages = r.Uint(), r.Uint(), r.Uint()
	r.Counts(f.types[:])
	var votes [formats]uint64
	r.Counts(votes[:])
	for i, n := range votes {
		if n > 0 {
			f.vote(i, n)
		}
	}
	f.empty = r.Uint()
	switch n := r.Length(); n {
	case 0:
	case 2:
		f.numbers, f.low, f.high = true, r.Float(), r.Float()
	default:
		r.Fail("%d bounds", n)
	}
	switch n := r.Length(); n {
	case 0:
	case 2:
		f.lengths, f.shortest, f.longest = true, uint32(min(r.Uint(), math.MaxUint32)), uint32(min(r.Uint(), math.MaxUint32))
	default:
		r.Fail("%d lengths", n)
	}
	f.free = r.Bool()
	n := r.Length()
	if n%2 != 0 || f.free && n > 0 {
		r.Fail("%d words", n)
	}
	for range n / 2 {
		text, count := r.Text(maxWord), r.Uint()
		if r.Err != nil {
			return
		}
		if !f.free {
			f.word(text, count, l.Words, false)
		}
	}
}
