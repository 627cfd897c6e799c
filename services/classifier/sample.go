package classifier

import (
	"cmp"
	"math"
	"slices"
)

// sample holds the smallest hashes of the different values met, sorted. The lowest
// bit of a hash says whether the value passed its validator. As the smallest of
// a union are among the smallest of its parts, samples add up to the same
// whatever the order and however often a part is sent.
type sample []uint64

// hashed marks a hash as that of a value that passed or failed.
func hashed(sum uint64, pass bool) uint64 {
	sum &^= 1
	if pass {
		sum |= 1
	}
	return sum
}

// add takes h in, and says whether it is new and among the limit smallest.
func (s *sample) add(h uint64, limit int) bool {
	if len(*s) == limit && h > (*s)[limit-1] {
		return false
	}
	i, found := slices.BinarySearch(*s, h)
	if found {
		return false
	}
	if len(*s) == limit {
		*s = (*s)[:limit-1]
	}
	*s = slices.Insert(*s, i, h)
	return true
}

// evidence counts the different values in the sample.
func (s sample) evidence() (e evidence) {
	for _, h := range s {
		if h&1 == 1 {
			e.passed++
		} else {
			e.failed++
		}
	}
	return e
}

// distinct is how many different values passed: exact up to limit values in all,
// beyond it estimated from how densely the smallest lie.
func (s sample) distinct(limit int) uint64 {
	e := s.evidence()
	if len(s) < limit {
		return uint64(e.passed)
	}
	span := float64(s[len(s)-1]) / math.MaxUint64
	total := float64(len(s)-1) / span
	return uint64(total * float64(e.passed) / float64(len(s)))
}

// least keeps the limit smallest items of what is offered; equal items are one.
type least[T any] []T

func (l *least[T]) add(item T, limit int, compare func(a, b T) int) bool {
	i, found := slices.BinarySearchFunc(*l, item, compare)
	if found || i == limit {
		return false
	}
	if len(*l) == limit {
		*l = (*l)[:limit-1]
	}
	*l = slices.Insert(*l, i, item)
	return true
}

// shape is the masked form of the value that hashes to Hash.
type shape struct {
	_msgpack struct{} `msgpack:",as_array"`
	Hash     uint64
	Masked   string
}

func compareShapes(a, b shape) int { return cmp.Compare(a.Hash, b.Hash) }

// reference is an event that supports a finding.
type reference struct {
	_msgpack struct{} `msgpack:",as_array"`
	Time     int64    // ns
	ID       string
}

// maxShapes is how many masked values a field shows.
const maxShapes = 3
