// Package keyed holds bounded, deterministic state by key: a table that forgets the
// least recently used; what several rules know of each actor, packed while it is away;
// numbers by key; and a filter of ids that grows with what is put in. A Capture of them
// is written while they go on being used.
//
// Nothing here reads a clock or depends on the order of a map. No type is safe
// for concurrent use.
package keyed

import (
	"errors"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// Table keeps up to max states by 64-bit key. The keys are hashes; two different
// things share a state with probability n²/2⁶⁵, 3 in 10⁸ at a million keys.
//
// States stand in slabs that are never moved, found by an index with open addressing:
// two pieces of memory that the garbage collector does not look into where the states
// have no pointers, and no pause to copy them when the table grows.
type Table[S any] struct {
	max        int
	index      index
	slabs      [][]slot[S]
	used       int     // slots that were ever taken
	free       []int32 // slots whose states were removed
	onEviction func()
	// turns counts the uses. next are the slots that were used the longest ago, the
	// newest of them first, as far as they were not used since.
	turns uint64
	next  []turn
	// frozen is what a capture has not written yet.
	frozen *frozen[S]
}

type slot[S any] struct {
	key   uint64
	used  uint64 // the turn of the newest use, 0 for a free slot
	state S
}

const (
	none = -1
	// slabBits is how many slots a slab has; the first are smaller, for the many tables
	// that stay small.
	slabBits = 12
	slabSize = 1 << slabBits
)

// NewTable makes a table of at most max states; max must be positive. onEviction is
// called for every state that is forgotten for want of room; it may be nil.
func NewTable[S any](max int, onEviction func()) *Table[S] {
	return &Table[S]{max: max, onEviction: onEviction}
}

// Len is how many states there are.
func (t *Table[S]) Len() int { return t.index.n }

func (t *Table[S]) at(i int32) *slot[S] { return &t.slabs[i>>slabBits][i&(slabSize-1)] }

func (t *Table[S]) find(key uint64) (int32, bool) {
	x := &t.index
	if len(x.entries) == 0 {
		return none, false
	}
	s := spread(key)
	for p := x.home(s); ; p = x.next(p) {
		e := x.entries[p]
		if e == 0 {
			return none, false
		}
		if uint32(e>>32) != s {
			continue
		}
		if i := int32(uint32(e)) - 1; t.at(i).key == key {
			return i, true
		}
	}
}

// Get is the state of key without touching it, or nil. The pointer is valid until
// the state is forgotten.
func (t *Table[S]) Get(key uint64) *S {
	if i, ok := t.find(key); ok {
		return t.nth(i)
	}
	return nil
}

// Touch is the state of key, made empty if there was none, and is the most recently
// used afterwards. A full table forgets the least recently used for it. The pointer
// is valid until the state is forgotten.
func (t *Table[S]) Touch(key uint64) *S {
	if s := t.touch(key); s != nil {
		return s
	}
	i := t.place()
	t.index.put(key, i)
	t.turns++
	s := t.at(i)
	*s = slot[S]{key: key, used: t.turns}
	return &s.state
}

// touch is the state of key, which is the most recently used afterwards, or nil.
func (t *Table[S]) touch(key uint64) *S {
	i, ok := t.find(key)
	if !ok {
		return nil
	}
	t.use(i)
	return t.nth(i)
}

// use makes the state in a slot the most recently used.
func (t *Table[S]) use(i int32) {
	t.turns++
	t.at(i).used = t.turns
}

// place is a slot for a new state.
func (t *Table[S]) place() int32 {
	switch n := len(t.free); {
	case n > 0:
		i := t.free[n-1]
		t.free = t.free[:n-1]
		return i
	case t.used < t.max:
		i := int32(t.used)
		t.used++
		switch s := int(i) >> slabBits; {
		case s == len(t.slabs):
			size := slabSize
			if s == 0 {
				size = min(64, t.max)
			}
			t.slabs = append(t.slabs, make([]slot[S], size))
		case int(i)&(slabSize-1) == len(t.slabs[s]): // the first slab grows
			t.slabs[s] = append(t.slabs[s], make([]slot[S], min(slabSize-len(t.slabs[s]), 3*len(t.slabs[s])))...)
		}
		return i
	}
	i := t.oldest()
	t.guard(i)
	t.index.drop(t.at(i).key, i)
	if t.onEviction != nil {
		t.onEviction()
	}
	return i
}

// Full says whether the next new key costs the least recently used its state.
func (t *Table[S]) Full() bool { return t.Len() >= t.max }

// Oldest is the key and the state that are forgotten next, without touching them; the
// state is nil where there is none. The pointer is valid until the next Touch or Remove.
func (t *Table[S]) Oldest() (key uint64, s *S) {
	i := t.oldest()
	if i == none {
		return 0, nil
	}
	t.guard(i)
	o := t.at(i)
	return o.key, &o.state
}

// nth is the state in a slot.
func (t *Table[S]) nth(i int32) *S {
	t.guard(i)
	return &t.at(i).state
}

// Remove forgets the state of key, if there is one. It counts as no eviction.
func (t *Table[S]) Remove(key uint64) {
	i, ok := t.find(key)
	if !ok {
		return
	}
	t.guard(i)
	t.index.drop(key, i)
	*t.at(i) = slot[S]{}
	t.free = append(t.free, i)
}

// Each calls f for every state, the least recently used first. f must not touch.
func (t *Table[S]) Each(f func(key uint64, s *S)) {
	for _, u := range t.upTo(nil, t.turns) {
		t.guard(u.slot)
		s := t.at(u.slot)
		f(s.key, &s.state)
	}
}

// Encode writes the table, least recently used first: the same table gives the same
// bytes, and Decode gives the same order of forgetting.
func (t *Table[S]) Encode(e *msgpack.Encoder) error {
	if err := e.EncodeInt(int64(t.Len())); err != nil {
		return err
	}
	var err error
	t.Each(func(key uint64, s *S) {
		if err == nil {
			err = errors.Join(e.EncodeUint(key), e.Encode(s))
		}
	})
	return err
}

// Decode puts what Encode wrote into t, which must be empty. valid says what is
// wrong with a state that Encode cannot have written; it may be nil. A table that is
// smaller than the written one keeps the most recently used.
func (t *Table[S]) Decode(d *msgpack.Decoder, valid func(*S) error) error {
	n, err := d.DecodeInt64()
	if err != nil {
		return err
	}
	if n < 0 {
		return fmt.Errorf("table of %d states", n)
	}
	for i := range n {
		key, err := d.DecodeUint64()
		if err != nil {
			return fmt.Errorf("state %d of %d: %w", i, n, err)
		}
		s := t.Touch(key)
		if err := d.Decode(s); err != nil {
			return fmt.Errorf("state %d of %d: %w", i, n, err)
		}
		if valid == nil {
			continue
		}
		if err := valid(s); err != nil {
			return fmt.Errorf("state %d of %d: %w", i, n, err)
		}
	}
	return nil
}
