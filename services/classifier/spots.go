package classifier

import (
	"hash/maphash"

	"github.com/miradorhq/mirador/pkg/content"
)

// spot is a field of one transaction: what the leaves there have in common is found once for all
// elements of a list. A leaf lends what it holds, for as long as the transaction lasts.
type spot struct {
	says *naming
	place
	next int32 // the spot that came behind this one lately
	// value is that of the last leaf, and hits what it holds, once it is valued.
	value  []byte
	hits   looked
	valued bool
	makes  bool // it is among the making
	field  *field
}

const noSpot = -1

// spots are those of one transaction, found by the one before, else by a table of their own with open
// addresses: which values are told apart must not depend on how paths are hashed.
type spots struct {
	list  []spot
	table []int32 // numbers of spots from 1 on, 0 for none; a power of two of them
}

func (s *spots) reset() {
	s.list = s.list[:0]
	clear(s.table)
}

// at is the number of the spot of l, which comes behind the spot before, noSpot for none.
func (s *spots) at(before int32, dir direction, l *content.Leaf, t *Tables) int32 {
	if before == noSpot {
		return s.find(dir, l, t)
	}
	b := &s.list[before]
	if b.is(dir, l) { // an element of a list of values
		return before
	}
	if b.next != noSpot && s.list[b.next].is(dir, l) {
		return b.next
	}
	next := s.find(dir, l, t)
	s.list[before].next = next
	return next
}

func (s *spot) is(dir direction, l *content.Leaf) bool {
	return s.path == l.Path && s.location == l.Location && s.direction == dir
}

func (s *spots) find(dir direction, l *content.Leaf, t *Tables) int32 {
	if 2*len(s.list) >= len(s.table) {
		s.grow(t)
	}
	hash := t.memo.hash(l.Path)
	slot := s.slot(hash, func(i int32) bool { return s.list[i].is(dir, l) })
	if s.table[slot] == 0 {
		s.list = append(s.list, spot{says: t.naming(l.Path, hash), place: place{dir, l.Location, l.Path}, next: noSpot})
		s.table[slot] = int32(len(s.list))
	}
	return s.table[slot] - 1
}

// slot is where the spot stands that is meant, or is to stand.
func (s *spots) slot(hash uint64, meant func(int32) bool) uint64 {
	last := uint64(len(s.table) - 1)
	for i := hash & last; ; i = (i + 1) & last {
		if s.table[i] == 0 || meant(s.table[i]-1) {
			return i
		}
	}
}

// fewSpots is how many spots a table is made for: messages hardly ever have more.
const fewSpots = 64

func (s *spots) grow(t *Tables) {
	s.table = make([]int32, max(2*fewSpots, 2*len(s.table)))
	for i := range s.list {
		s.table[s.slot(t.memo.hash(s.list[i].path), func(int32) bool { return false })] = int32(i) + 1
	}
}

func (m *memo) hash(path string) uint64 { return maphash.String(m.seed, path) }
