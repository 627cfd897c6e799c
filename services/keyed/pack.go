package keyed

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"
)

// Pack writes states into few bytes, or reads them back. A state names its fields once,
// in one method that serves both ways: small numbers, times near Base and zeros are
// short. What is read is what was written, to the last bit.
type Pack struct {
	// Base is the time (ns) that others are near to, in whole seconds.
	Base int64

	b       []byte // written, or left to read
	room    []byte // to write into
	often   [][3]uint32
	reading bool
	err     error
}

var errPacked = errors.New("packed state is malformed")

// Reading says which way it goes.
func (p *Pack) Reading() bool { return p.reading }

func (p *Pack) write(base int64) {
	p.b, p.often, p.reading, p.err, p.Base = p.room[:0], p.often[:0], false, nil, base
}

func (p *Pack) read(b []byte) { p.b, p.often, p.reading, p.err = b, p.often[:0], true, nil }

// written is what was written; it is valid until the next is.
func (p *Pack) written() []byte {
	p.room = p.b
	return p.b
}

// fail ends the reading.
func (p *Pack) fail() {
	p.err, p.b = errPacked, nil
}

func (p *Pack) uvarint(v uint64) uint64 {
	if !p.reading {
		if v < 0x80 {
			p.b = append(p.b, byte(v))
		} else {
			p.b = binary.AppendUvarint(p.b, v)
		}
		return v
	}
	if len(p.b) > 0 && p.b[0] < 0x80 {
		v = uint64(p.b[0])
		p.b = p.b[1:]
		return v
	}
	v, n := binary.Uvarint(p.b)
	if n <= 0 {
		p.fail()
		return 0
	}
	p.b = p.b[n:]
	return v
}

// Uint64 is short for small numbers.
func (p *Pack) Uint64(v *uint64) { *v = p.uvarint(*v) }

// Uint32 is short for small numbers.
func (p *Pack) Uint32(v *uint32) {
	n := p.uvarint(uint64(*v))
	if n > math.MaxUint32 {
		p.fail()
	}
	*v = uint32(n)
}

// Uint8 is a byte.
func (p *Pack) Uint8(v *uint8) {
	if !p.reading {
		p.b = append(p.b, *v)
		return
	}
	if len(p.b) == 0 {
		p.fail()
		*v = 0
		return
	}
	*v, p.b = p.b[0], p.b[1:]
}

// Flags are up to eight of them in a byte.
func (p *Pack) Flags(fs ...*bool) {
	var b uint8
	for i, f := range fs {
		if *f {
			b |= 1 << i
		}
	}
	p.Uint8(&b)
	for i, f := range fs {
		*f = b>>i&1 != 0
	}
}

// Int64 is short for small numbers of either sign.
func (p *Pack) Int64(v *int64) {
	*v = unzigzag(p.uvarint(zigzag(*v)))
}

// Hash32 is 4 bytes.
func (p *Pack) Hash32(v *uint32) {
	if !p.reading {
		p.b = binary.LittleEndian.AppendUint32(p.b, *v)
		return
	}
	if len(p.b) < 4 {
		p.fail()
		*v = 0
		return
	}
	*v, p.b = binary.LittleEndian.Uint32(p.b), p.b[4:]
}

// Hash24 is 3 bytes.
func (p *Pack) Hash24(v *uint32) {
	if !p.reading {
		p.b = append(p.b, byte(*v), byte(*v>>8), byte(*v>>16))
		return
	}
	if len(p.b) < 3 {
		p.fail()
		*v = 0
		return
	}
	*v, p.b = uint32(p.b[0])|uint32(p.b[1])<<8|uint32(p.b[2])<<16, p.b[3:]
}

// Often are three hashes that several states of an actor have together: 12 bytes the
// first time, and then one.
func (p *Pack) Often(a, b, c *uint32) {
	x := [3]uint32{*a, *b, *c}
	i := 0
	if !p.reading {
		i = 1 + slices.Index(p.often, x)
	}
	if i = int(p.uvarint(uint64(i))); i > len(p.often) {
		p.fail()
		return
	}
	if i > 0 {
		*a, *b, *c = p.often[i-1][0], p.often[i-1][1], p.often[i-1][2]
		return
	}
	p.Hash32(a)
	p.Hash32(b)
	p.Hash32(c)
	if len(p.often) < maxOften {
		p.often = append(p.often, [3]uint32{*a, *b, *c})
	}
}

const maxOften = 100

// Time is short for whole seconds and milliseconds near the base, and a byte where it
// is 0.
func (p *Pack) Time(v *int64) {
	const second, milli = int64(1e9), int64(1e6)
	if !p.reading {
		switch d := p.Base - *v; {
		case *v == 0:
			p.b = append(p.b, 0)
		case d%second == 0:
			p.uvarint(zigzag(d/second)<<2 | 1)
		case d%milli == 0:
			p.uvarint(zigzag(d/milli)<<2 | 2)
		default:
			p.b = binary.LittleEndian.AppendUint64(append(p.b, 3), uint64(*v))
		}
		return
	}
	switch n := p.uvarint(0); {
	case n == 0:
		*v = 0
	case n&3 == 1:
		*v = p.Base - unzigzag(n>>2)*second
	case n&3 == 2:
		*v = p.Base - unzigzag(n>>2)*milli
	case n == 3 && len(p.b) >= 8:
		*v, p.b = int64(binary.LittleEndian.Uint64(p.b)), p.b[8:]
	default:
		p.fail()
		*v = 0
	}
}

func zigzag(n int64) uint64 { return uint64(n<<1 ^ n>>63) }

func unzigzag(n uint64) int64 { return int64(n>>1) ^ -int64(n&1) }

// Float64 is short for zero and small whole numbers.
func (p *Pack) Float64(v *float64) {
	*v = math.Float64frombits(bits.ReverseBytes64(p.uvarint(bits.ReverseBytes64(math.Float64bits(*v)))))
}

// Float32 is short for zero and small whole numbers.
func (p *Pack) Float32(v *float32) {
	n := p.uvarint(uint64(bits.ReverseBytes32(math.Float32bits(*v))))
	*v = math.Float32frombits(bits.ReverseBytes32(uint32(n)))
}

// Len is the length of a list, which must be at most max. What is read of it is no
// more than there are bytes left: nothing is made room for that is only claimed.
func (p *Pack) Len(n, max int) int {
	v := p.uvarint(uint64(n))
	if p.reading && (v > uint64(max) || v > uint64(len(p.b))) {
		p.fail()
		return 0
	}
	return int(v)
}

// Bytes are at most max; nil and empty are one.
func (p *Pack) Bytes(v *[]byte, max int) {
	n := p.Len(len(*v), max)
	if !p.reading {
		p.b = append(p.b, *v...)
		return
	}
	*v = nil
	if n > 0 {
		*v = append([]byte(nil), p.b[:n]...)
		p.b = p.b[n:]
	}
}

// String is at most max bytes.
func (p *Pack) String(v *string, max int) {
	n := p.Len(len(*v), max)
	if !p.reading {
		p.b = append(p.b, *v...)
		return
	}
	*v = string(p.b[:n])
	p.b = p.b[n:]
}

// PackList are the elements of a list of at most max; nil and empty are one.
func PackList[L ~[]T, T any](p *Pack, l *L, max int, each func(*T, *Pack)) {
	n := p.Len(len(*l), max)
	if p.reading {
		if cap(*l) < n {
			*l = make(L, n)
		}
		*l = (*l)[:n]
		clear(*l)
	}
	for i := range *l {
		each(&(*l)[i], p)
	}
}
