package keyed

import (
	"cmp"
	"slices"
)

// turn is a slot and when it was used.
type turn struct {
	used uint64
	slot int32
}

// upTo appends the slots that were last used in that turn or before, in that order.
func (t *Table[S]) upTo(us []turn, last uint64) []turn {
	i := int32(0)
	for _, slab := range t.slabs {
		for j := range slab[:min(len(slab), t.used-int(i))] {
			if u := slab[j].used; u != 0 && u <= last {
				us = append(us, turn{used: u, slot: i})
			}
			i++
		}
	}
	slices.SortFunc(us, func(a, b turn) int { return cmp.Compare(a.used, b.used) })
	return us
}

// oldest is the slot that was used the longest ago, none if there is none.
//
// Uses are only numbered. Now and then those of a small part of the slots that were used
// the longest ago are put in order: whoever is used meanwhile has a higher number than
// all of them, so the first whose number still holds is the oldest of all. A list of
// slots would have to be mended at two more places in memory at every use.
func (t *Table[S]) oldest() int32 {
	if t.Len() == 0 {
		return none
	}
	for {
		for n := len(t.next); n > 0; n-- {
			if u := t.next[n-1]; t.at(u.slot).used == u.used {
				t.next = t.next[:n]
				return u.slot
			}
		}
		t.next = t.upTo(t.next[:0], t.low())
		slices.Reverse(t.next)
	}
}

// low is a turn before which a small part of the slots were last used, by a sample.
func (t *Table[S]) low() uint64 {
	const samples, part = 512, 16
	var seen []uint64
	for i := 0; i < t.used; i += max(1, t.used/samples) {
		if u := t.at(int32(i)).used; u != 0 {
			seen = append(seen, u)
		}
	}
	if len(seen) == 0 {
		return t.turns
	}
	slices.Sort(seen)
	return seen[len(seen)/part]
}
