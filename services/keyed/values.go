package keyed

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/vmihailenco/msgpack/v5"
)

// Values keep up to max numbers of 34 bits by 64-bit key, in 8 bytes each and no more
// than half as many again for room. Of a key 30 bits are kept and up to 10 follow from
// where they are kept: among three million keys one in three hundred thousand others is
// taken for one of them.
//
// What is put in comes into the younger of two generations; when that is half of max,
// the older is forgotten. It is a table of segments, so that nothing that is done to one
// takes long, and a capture writes them one by one.
type Values struct {
	segments *Table[segment]
	shift    int // of a key, to the number of its segment
	half     int // of a segment
	evicted  func()
}

const (
	valueBits   = 34
	tagBits     = 30
	maxSegments = 1 << 10
	wholeSize   = 1 << 10 // values below which a segment is not divided
	// slack is what stands behind the last home of a generation: probing does not wrap.
	slack = 32
)

// NewValues makes room for max values; evicted is told how many were forgotten.
func NewValues(max int, evicted func()) *Values {
	n := 1
	for n < maxSegments && max/n > wholeSize {
		n *= 2
	}
	v := &Values{segments: NewTable[segment](n, nil), shift: 64 - bits.TrailingZeros(uint(n)), half: (max/n + 1) / 2, evicted: evicted}
	for i := range n { // in order, so that segment i is in slot i
		v.segments.Touch(uint64(i))
	}
	return v
}

// segment is two generations of the values of some keys.
type segment struct{ young, old generation }

// generation is a table of its own: entries of a tag and a value, 0 for none, each at
// its home or behind it with no gap between.
type generation struct {
	homes, n int
	entries  []uint64
}

func (v *Values) at(key uint64) (s *segment, tag uint64) {
	h := key * 0x9e3779b97f4a7c15
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return v.segments.nth(int32(h >> v.shift)), max(1, h>>(64-10-tagBits)&(1<<tagBits-1))
}

// Get is the value of key.
func (v *Values) Get(key uint64) (value uint64, ok bool) {
	s, tag := v.at(key)
	for _, g := range [...]*generation{&s.young, &s.old} {
		if p, ok := g.find(tag); ok {
			return g.entries[p] & (1<<valueBits - 1), true
		}
	}
	return 0, false
}

// Update gives key the value that next makes of the one it has, and makes it one of the
// younger generation; ok says whether it has one.
func (v *Values) Update(key uint64, next func(value uint64, ok bool) uint64) {
	const mask = 1<<valueBits - 1
	s, tag := v.at(key)
	if p, ok := s.young.find(tag); ok {
		e := &s.young.entries[p]
		*e = tag<<valueBits | next(*e&mask, true)
		return
	}
	var value uint64
	p, ok := s.old.find(tag)
	if ok {
		value = s.old.entries[p] & mask
	}
	e := tag<<valueBits | next(value, ok)
	if s.young.n >= v.half {
		if v.evicted != nil {
			for _, e := range s.old.entries {
				if _, ok := s.young.find(e >> valueBits); e != 0 && e>>valueBits != tag && !ok {
					v.evicted()
				}
			}
		}
		s.old, s.young = s.young, generation{}
	}
	s.young.add(e)
}

// find is where the entry with the tag is, or where it would have to be.
func (g *generation) find(tag uint64) (p int, ok bool) {
	if g.n == 0 {
		return 0, false
	}
	for p = int(tag * uint64(g.homes) >> tagBits); p < len(g.entries); p++ {
		switch e := g.entries[p]; {
		case e == 0:
			return p, false
		case e>>valueBits == tag:
			return p, true
		}
	}
	return p, false
}

// add puts in an entry that is not there.
func (g *generation) add(e uint64) {
	for {
		if 20*(g.n+1) <= 17*g.homes && g.insert(e) {
			return
		}
		old := g.entries
		for homes := max(16, g.homes+g.homes/4); !g.fill(homes, old); homes += homes / 4 {
		}
	}
}

// insert says whether there was room.
func (g *generation) insert(e uint64) bool {
	p := int(e >> valueBits * uint64(g.homes) >> tagBits)
	for p < len(g.entries) && g.entries[p] != 0 {
		p++
	}
	if p == len(g.entries) {
		return false
	}
	g.entries[p] = e
	g.n++
	return true
}

// fill makes g one of so many homes with the entries of old. The same entries in the
// order of a table of as many homes come to the same places.
func (g *generation) fill(homes int, old []uint64) bool {
	*g = generation{homes: homes, entries: make([]uint64, homes+slack)}
	for _, e := range old {
		if e != 0 && !g.insert(e) {
			return false
		}
	}
	return true
}

// Capture adds the values to c.
func (v *Values) Capture(c *Capture) { v.segments.Capture(c) }

// EncodeMsgpack implements msgpack.CustomEncoder.
func (s *segment) EncodeMsgpack(e *msgpack.Encoder) error {
	for _, g := range [...]*generation{&s.young, &s.old} {
		if err := e.EncodeInt(int64(g.homes)); err != nil {
			return err
		}
		b := make([]byte, 0, 8*g.n)
		for _, x := range g.entries {
			if x != 0 {
				b = binary.LittleEndian.AppendUint64(b, x)
			}
		}
		if err := e.EncodeBytes(b); err != nil {
			return err
		}
	}
	return nil
}

// DecodeMsgpack implements msgpack.CustomDecoder.
func (s *segment) DecodeMsgpack(d *msgpack.Decoder) error {
	for _, g := range [...]*generation{&s.young, &s.old} {
		homes, err := d.DecodeInt()
		if err != nil {
			return err
		}
		b, err := decodeBytes(d, nil)
		if err != nil {
			return err
		}
		n := len(b) / 8
		entries := make([]uint64, n)
		for i := range entries {
			entries[i] = binary.LittleEndian.Uint64(b[8*i:])
		}
		switch {
		case n == 0 && homes == 0:
			*g = generation{}
		case homes < n || homes > 4*n+64 || len(b)%8 != 0 || !g.fill(homes, entries) || g.n != n:
			return fmt.Errorf("%d bytes in a table of %d", len(b), homes)
		}
	}
	return nil
}

// Decode reads what was captured into v, which must be new. Where it has another number
// of segments, which follows from max, all is forgotten: too little is known of keys.
func (v *Values) Decode(d *msgpack.Decoder) error {
	read := NewTable[segment](maxSegments, nil)
	if err := read.Decode(d, nil); err != nil {
		return err
	}
	read.Each(func(key uint64, s *segment) {
		at := v.segments.Get(key)
		switch {
		case read.Len() == v.segments.Len() && at != nil:
			*at = *s
		case v.evicted != nil:
			for range s.young.n + s.old.n {
				v.evicted()
			}
		}
	})
	return nil
}
