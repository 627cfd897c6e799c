package keyed

import (
	"bytes"
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/vmihailenco/msgpack/v5"
)

// Capture is the state of several tables at one moment, to be written by another
// goroutine while the tables go on being used.
//
// Nothing is copied when a table is captured. Whoever comes to a state first writes it
// out: the writer on its way through all of them, or the table when a state is asked
// for, before it can change. So the pause is the time to look at the age of every state,
// some milliseconds a million, and a state costs its own writing, once.
type Capture struct {
	parts []func(*msgpack.Encoder) error
}

// Value takes v as it is now.
func (c *Capture) Value(vs ...any) {
	var b bytes.Buffer
	err := msgpack.NewEncoder(&b).EncodeMulti(vs...)
	c.parts = append(c.parts, func(e *msgpack.Encoder) error {
		if err != nil {
			return err
		}
		_, err := e.Writer().Write(b.Bytes())
		return err
	})
}

// Write writes what was captured, in order: the same bytes whenever it is called. It
// must be called once, from one goroutine, before any of the tables is captured again.
func (c *Capture) Write(e *msgpack.Encoder) (err error) {
	// To the end in any case: a table that is not let go stays slow.
	for _, p := range c.parts {
		if err != nil {
			p(discarding()) //nolint:errcheck // the first error is told
			continue
		}
		err = p(e)
	}
	return err
}

func discarding() *msgpack.Encoder { return msgpack.NewEncoder(new(nowhere)) }

type nowhere struct{}

func (*nowhere) Write(b []byte) (int, error) { return len(b), nil }

// Capture adds the table to c. What is written then is what Encode would write now.
func (t *Table[S]) Capture(c *Capture) {
	t.captureAs(c, func(e *msgpack.Encoder, s *S) error { return e.Encode(s) })
}

func (t *Table[S]) captureAs(c *Capture, encode func(*msgpack.Encoder, *S) error) {
	f := &frozen[S]{slabs: slices.Clone(t.slabs), used: make([]uint64, t.used), claims: make([]atomic.Uint32, t.used), n: t.Len(), encode: encode, early: map[int32][]byte{}}
	i := 0
	for _, slab := range t.slabs {
		for j := range slab[:min(len(slab), t.used-i)] {
			f.used[i] = slab[j].used
			i++
		}
	}
	t.frozen = f
	c.parts = append(c.parts, f.write)
}

// frozen is what is left to be written of a captured table.
type frozen[S any] struct {
	slabs  [][]slot[S]
	used   []uint64 // when each slot was last, 0 for never
	n      int
	encode func(*msgpack.Encoder, *S) error
	// claims say by whom each slot is or was written: free, taken or written.
	claims []atomic.Uint32
	over   atomic.Bool

	mu     sync.Mutex
	early  map[int32][]byte // written by the table
	failed error
}

const (
	claimFree = iota
	claimTaken
	claimWritten
)

// guard is called before slot i is lent or changed.
func (t *Table[S]) guard(i int32) {
	if t.frozen != nil {
		t.frozen.yield(t, i)
	}
}

func (f *frozen[S]) yield(t *Table[S], i int32) {
	switch {
	case f.over.Load():
		t.frozen = nil
	case int(i) >= len(f.claims) || f.used[i] == 0:
	case f.claims[i].CompareAndSwap(claimFree, claimTaken):
		s := t.at(i)
		var b bytes.Buffer
		e := msgpack.NewEncoder(&b)
		err := f.one(e, s.key, &s.state)
		f.mu.Lock()
		f.early[i] = b.Bytes()
		if err != nil {
			f.failed = err
		}
		f.mu.Unlock()
		f.claims[i].Store(claimWritten)
	default:
		f.wait(i)
	}
}

// wait waits for one state to be written by the other.
func (f *frozen[S]) wait(i int32) {
	for f.claims[i].Load() != claimWritten {
		runtime.Gosched()
	}
}

func (f *frozen[S]) one(e *msgpack.Encoder, key uint64, s *S) error {
	if err := e.EncodeUint(key); err != nil {
		return err
	}
	return f.encode(e, s)
}

func (f *frozen[S]) write(e *msgpack.Encoder) error {
	defer f.over.Store(true)
	order := make([]int32, 0, f.n)
	for i, u := range f.used {
		if u != 0 {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(f.used[a], f.used[b]) })
	if err := e.EncodeInt(int64(len(order))); err != nil {
		return err
	}
	for _, i := range order {
		if f.claims[i].CompareAndSwap(claimFree, claimTaken) {
			s := &f.slabs[i>>slabBits][i&(slabSize-1)]
			err := f.one(e, s.key, &s.state)
			f.claims[i].Store(claimWritten)
			if err != nil {
				return fmt.Errorf("state of key %x: %w", s.key, err)
			}
			continue
		}
		f.wait(i)
		f.mu.Lock()
		b := f.early[i]
		delete(f.early, i)
		f.mu.Unlock()
		if _, err := e.Writer().Write(b); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}
