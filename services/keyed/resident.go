package keyed

import "slices"

// resident is an actor whose states are in the tables of their kinds.
type resident struct {
	at     int64 // ns of its newest event
	packed bool  // as it is
	// states are those it has, each its kind in the upper 4 bits and its sub in the
	// others, of each kind the oldest first; n is how many of each kind.
	states []uint32
	n      [maxKinds]uint16
}

func (s *resident) add(kind int, sub uint32) {
	s.states = append(s.states, uint32(kind)<<subBits|sub)
	s.n[kind]++
}

// alone says whether the one state of a kind is that of sub 0.
func (s *resident) alone(kind int) bool { return slices.Contains(s.states, uint32(kind)<<subBits) }

// count is n, or 0 for one that is alone.
func count(n uint16, alone bool) uint64 {
	if alone {
		return 0
	}
	return uint64(n)
}

// first takes out the oldest state of a kind.
func (s *resident) first(kind int) (sub uint32) {
	i := slices.IndexFunc(s.states, func(x uint32) bool { return int(x>>subBits) == kind })
	sub = s.states[i] & maxSub
	s.states = slices.Delete(s.states, i, i+1)
	s.n[kind]--
	return sub
}

// place is the key in a table of a state.
func place(key uint64, sub uint32) uint64 {
	return (key ^ uint64(sub)<<36 ^ uint64(sub)) * 0x9e3779b97f4a7c15
}
