package keyed

import "slices"

// resident is an actor whose states are in the slabs of their kinds.
type resident struct {
	at     int64 // ns of its newest event
	packed bool  // as it is
	record int32 // its slot in the records
	// states are those it has by kind, of each kind the oldest first; those of kind i end
	// at ends[i]. Most actors have one or a few of a kind.
	states []stateAt
	ends   [maxKinds]uint16
}

// stateAt is where the state of a sub is.
type stateAt struct {
	sub  uint32
	slot int32
}

func (s *resident) of(kind int) []stateAt {
	begin := uint16(0)
	if kind > 0 {
		begin = s.ends[kind-1]
	}
	return s.states[begin:s.ends[kind]]
}

// find is the slot of a state, none if there is none.
func (s *resident) find(kind int, sub uint32) int32 {
	for _, x := range s.of(kind) {
		if x.sub == sub {
			return x.slot
		}
	}
	return none
}

func (s *resident) add(kind int, sub uint32, slot int32) {
	s.states = slices.Insert(s.states, int(s.ends[kind]), stateAt{sub, slot})
	for i := kind; i < maxKinds; i++ {
		s.ends[i]++
	}
}

// shift takes out the oldest state of a kind.
func (s *resident) shift(kind int) (slot int32) {
	slot = s.of(kind)[0].slot
	end := int(s.ends[kind])
	begin := end - len(s.of(kind))
	s.states = slices.Delete(s.states, begin, begin+1)
	for i := kind; i < maxKinds; i++ {
		s.ends[i]--
	}
	return slot
}

// slab holds states, which are never moved.
type slab[S any] struct {
	pages []*[slabPage]S
	used  int32   // slots that were ever taken
	free  []int32 // those of them that are empty
	clear func(*S)
}

// Emptier is a state that empties itself and keeps the room of its lists: actors come
// and go all the time, and what one leaves behind serves another.
type Emptier interface{ Empty() }

func newSlab[S any]() slab[S] {
	if _, ok := any((*S)(nil)).(Emptier); ok {
		return slab[S]{clear: func(s *S) { any(s).(Emptier).Empty() }}
	}
	return slab[S]{clear: func(s *S) {
		var empty S
		*s = empty
	}}
}

const slabPage = 64

func (s *slab[S]) at(i int32) *S { return &s.pages[i/slabPage][i%slabPage] }

// take is an empty slot.
func (s *slab[S]) take() int32 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		return i
	}
	if int(s.used) == slabPage*len(s.pages) {
		s.pages = append(s.pages, new([slabPage]S))
	}
	s.used++
	return s.used - 1
}

func (s *slab[S]) drop(i int32) {
	s.clear(s.at(i))
	s.free = append(s.free, i)
}
