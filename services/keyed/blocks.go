package keyed

import (
	"encoding/binary"
	"io"
)

// blocks hold byte strings as chains of small blocks: no pointers for the garbage
// collector to follow, nothing is moved, and what is freed fits whatever comes.
type blocks struct {
	pages []*page
	free  uint32 // the first of the free ones
	used  uint32 // blocks that were ever taken
}

const (
	blockSize = 32
	payload   = blockSize - 4
	pageBits  = 11
)

// A block begins with the number of the next, 0 for the last: numbers begin at 1.
type page [1 << pageBits][blockSize]byte

func blockOf(pages []*page, n uint32) *[blockSize]byte {
	n--
	return &pages[n>>pageBits][n&(1<<pageBits-1)]
}

func following(b *[blockSize]byte) uint32 { return binary.LittleEndian.Uint32(b[:4]) }

func (s *blocks) take() uint32 {
	if n := s.free; n != 0 {
		s.free = following(blockOf(s.pages, n))
		return n
	}
	if int(s.used>>pageBits) == len(s.pages) {
		s.pages = append(s.pages, new(page))
	}
	s.used++
	return s.used
}

// put stores v in the place of the chain at head and returns where it begins.
func (s *blocks) put(head uint32, v []byte) uint32 {
	first, last := uint32(0), (*[blockSize]byte)(nil)
	for len(v) > 0 {
		n := head
		if n == 0 {
			n = s.take()
		}
		b := blockOf(s.pages, n)
		if head != 0 {
			head = following(b)
		}
		v = v[copy(b[4:], v):]
		if last == nil {
			first = n
		} else {
			binary.LittleEndian.PutUint32(last[:4], n)
		}
		last = b
	}
	if last != nil {
		binary.LittleEndian.PutUint32(last[:4], 0)
	}
	s.drop(head)
	return first
}

// drop frees the chain at head.
func (s *blocks) drop(head uint32) {
	for head != 0 {
		b := blockOf(s.pages, head)
		next := following(b)
		binary.LittleEndian.PutUint32(b[:4], s.free)
		s.free = head
		head = next
	}
}

// gather appends the size bytes at head to v.
func gather(pages []*page, v []byte, head, size uint32) []byte {
	for size > 0 {
		b := blockOf(pages, head)
		n := min(size, payload)
		v = append(v, b[4:4+n]...)
		size -= n
		head = following(b)
	}
	return v
}

// spill writes the size bytes at head to w.
func spill(w io.Writer, pages []*page, head, size uint32) error {
	for size > 0 {
		b := blockOf(pages, head)
		n := min(size, payload)
		if _, err := w.Write(b[4 : 4+n]); err != nil {
			return err
		}
		size -= n
		head = following(b)
	}
	return nil
}
