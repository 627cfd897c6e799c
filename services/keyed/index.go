package keyed

import "math/bits"

// index finds the slot of a key: linear probing over entries of 64 bits, half of the
// spread of the key, from which its place follows, and the number of the slot plus one.
// The zero value is empty.
type index struct {
	entries []uint64 // at most three quarters full
	n       int
}

// spread mixes a key: states are keyed by hashes, but nothing here relies on it.
func spread(key uint64) uint32 {
	hi, lo := bits.Mul64(key, 0x9e3779b97f4a7c15)
	return uint32((hi ^ lo) >> 32)
}

func (x *index) home(spread uint32) uint64 { return uint64(spread) * uint64(len(x.entries)) >> 32 }

func (x *index) next(p uint64) uint64 {
	if p++; p == uint64(len(x.entries)) {
		return 0
	}
	return p
}

// after is how far p is behind home.
func (x *index) after(p, home uint64) uint64 {
	if p < home {
		p += uint64(len(x.entries))
	}
	return p - home
}

func (x *index) put(key uint64, slot int32) {
	if 4*(x.n+1) > 3*len(x.entries) {
		old := x.entries
		x.entries = make([]uint64, max(16, len(old)+len(old)/4))
		for _, e := range old {
			if e != 0 {
				x.insert(e)
			}
		}
	}
	x.n++
	x.insert(uint64(spread(key))<<32 | uint64(slot+1))
}

func (x *index) insert(e uint64) {
	p := x.home(uint32(e >> 32))
	for x.entries[p] != 0 {
		p = x.next(p)
	}
	x.entries[p] = e
}

// drop takes out the entry of key and slot, which must be there, and moves back those
// behind it that would no longer be found.
func (x *index) drop(key uint64, slot int32) {
	s := spread(key)
	p := x.home(s)
	for x.entries[p] != uint64(s)<<32|uint64(slot+1) {
		p = x.next(p)
	}
	x.n--
	gap := p
	for p = x.next(p); x.entries[p] != 0; p = x.next(p) {
		home := x.home(uint32(x.entries[p] >> 32))
		// It may move if its home is not between the gap and where it stands.
		if x.after(p, home) >= x.after(p, gap) {
			x.entries[gap] = x.entries[p]
			gap = p
		}
	}
	x.entries[gap] = 0
}
