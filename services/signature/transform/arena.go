package transform

import "unsafe"

// Arena hands out room for results. They live until Reset, and no longer: the bytes
// are used again. The zero Arena is ready; it is not safe for concurrent use.
type Arena struct {
	block []byte // length is what is used
}

const (
	firstBlock = 4 << 10
	// keptBlock is the largest block that survives Reset, so that one huge value does
	// not hold its memory for good.
	keptBlock = 1 << 20
)

// Reset makes all room free again; results handed out before must no longer be read.
func (a *Arena) Reset() {
	if cap(a.block) > keptBlock {
		a.block = nil
		return
	}
	a.block = a.block[:0]
}

// Take returns an empty slice with room for n bytes, to be filled and given to Keep.
// What is taken and not kept is handed out again.
func (a *Arena) Take(n int) []byte {
	if cap(a.block)-len(a.block) < n {
		// Earlier results hold on to the old block themselves. Doubling lets the next
		// transaction of this size find all its room in one block.
		a.block = make([]byte, 0, max(firstBlock, 2*cap(a.block), n))
	}
	u := len(a.block)
	return a.block[u : u : u+n]
}

// Keep turns what Take gave, filled, into a result.
func (a *Arena) Keep(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	// Had b outgrown its room it would stand elsewhere, which is as good.
	if u := len(a.block); u < cap(a.block) && &a.block[:u+1][u] == &b[0] {
		a.block = a.block[:u+len(b)]
	}
	return unsafe.String(&b[0], len(b))
}
