package runner

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// dedup remembers which sequence numbers of which (sensor, boot) a partition
// has lately seen. Sensors beyond the limit are forgotten, the least recently
// used first, in an order that the records alone decide.
//
// A number that is further behind than the window cannot be told from a new one
// and passes.
type dedup struct {
	width   uint64 // a multiple of 64
	limit   int
	sensors map[string]*seen
	// newest and oldest end the list of use.
	newest, oldest *seen
	key            []byte
}

type seen struct {
	key        string
	high       uint64 // the highest number seen
	bits       []uint64
	newer, old *seen
}

func newDedup(window, sensors int) *dedup {
	return &dedup{width: uint64(window+63) / 64 * 64, limit: sensors, sensors: map[string]*seen{}}
}

// repeated says whether the triple was seen before, and remembers it. Sequence
// 0 is unknown and never repeated.
func (d *dedup) repeated(sensor []byte, boot, sequence uint64) bool {
	if sequence == 0 {
		return false
	}
	d.key = append(binary.BigEndian.AppendUint64(d.key[:0], boot), sensor...)
	s := d.sensors[string(d.key)]
	if s == nil {
		s = d.insert(string(d.key))
	} else if s != d.newest {
		d.unlink(s)
		d.pushNewest(s)
	}
	return s.mark(sequence, d.width)
}

func (d *dedup) insert(key string) *seen {
	if len(d.sensors) >= d.limit {
		last := d.oldest
		d.unlink(last)
		delete(d.sensors, last.key)
	}
	s := &seen{key: key, bits: make([]uint64, d.width/64)}
	d.sensors[key] = s
	d.pushNewest(s)
	return s
}

func (s *seen) mark(n, width uint64) bool {
	switch {
	case n > s.high:
		if n-s.high >= width {
			clear(s.bits)
		} else {
			for i := s.high + 1; i < n; i++ {
				s.bits[i%width/64] &^= 1 << (i % 64)
			}
		}
		s.high = n
	case s.high-n >= width:
		return false
	case s.bits[n%width/64]&(1<<(n%64)) != 0:
		return true
	}
	s.bits[n%width/64] |= 1 << (n % 64)
	return false
}

func (d *dedup) pushNewest(s *seen) {
	s.old, s.newer = d.newest, nil
	if d.newest != nil {
		d.newest.newer = s
	}
	d.newest = s
	if d.oldest == nil {
		d.oldest = s
	}
}

func (d *dedup) unlink(s *seen) {
	if s.newer != nil {
		s.newer.old = s.old
	} else {
		d.newest = s.old
	}
	if s.old != nil {
		s.old.newer = s.newer
	} else {
		d.oldest = s.newer
	}
}

// save appends the state, the least recently used sensor first.
func (d *dedup) save(b []byte) []byte {
	b = binary.AppendUvarint(b, d.width)
	b = binary.AppendUvarint(b, uint64(len(d.sensors)))
	for s := d.oldest; s != nil; s = s.newer {
		b = binary.AppendUvarint(b, uint64(len(s.key)))
		b = append(b, s.key...)
		b = binary.AppendUvarint(b, s.high)
		for _, w := range s.bits {
			b = binary.LittleEndian.AppendUint64(b, w)
		}
	}
	return b
}

var errState = errors.New("runner: state does not read")

// load reads what save wrote and returns the rest. A window of another width
// than the setting's is read as far as it goes: the numbers are marked again.
func (d *dedup) load(b []byte) ([]byte, error) {
	r := reader{b: b}
	width, n := r.uvarint(), r.uvarint()
	if r.err == nil && (width == 0 || width%64 != 0 || width > 1<<32) {
		return nil, fmt.Errorf("%w: deduplication window of %d", errState, width)
	}
	for range n {
		key := string(r.bytes(r.uvarint()))
		high := r.uvarint()
		bits := r.bytes(width / 8)
		if r.err != nil {
			return nil, r.err
		}
		s := d.insert(key)
		for i := range width {
			k := high - (width - 1 - i)
			if k > high || k == 0 {
				continue
			}
			at := k % width
			if bits[at/8]&(1<<(at%8)) != 0 {
				s.mark(k, d.width)
			}
		}
		s.mark(max(high, 1), d.width)
	}
	return r.b, r.err
}

// reader takes a buffer apart and keeps the first error.
type reader struct {
	b   []byte
	err error
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) fail() {
	if r.err == nil {
		r.err = fmt.Errorf("%w: it ends too early", errState)
	}
	r.b = nil
}
