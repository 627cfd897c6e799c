package transaction

import "unsafe"

// chunk is the size of the first block of an arena; keep and keepValues are how many
// bytes and values a transaction holds on to for the next event.
const (
	chunk      = 8 << 10
	keep       = 1 << 20
	keepValues = 1 << 14
)

// arena lends bytes until its next reset. A block is never moved or grown, so what
// was lent stays where it is.
type arena struct {
	block []byte // the length is what is lent
	lent  int    // of earlier blocks
}

// reset takes back all that was lent. A transaction that needed more than one block
// gets one as large as all of them, within reason.
func (a *arena) reset() {
	if a.lent > 0 {
		a.block, a.lent = make([]byte, 0, min(a.lent+cap(a.block), keep)), 0
	}
	if cap(a.block) > keep {
		a.block = nil
	}
	a.block = a.block[:0]
}

// reserve makes room for n bytes in one piece.
func (a *arena) reserve(n int) {
	if cap(a.block)-len(a.block) < n {
		a.lent += cap(a.block)
		a.block = make([]byte, 0, max(n, chunk, 2*cap(a.block)))
	}
}

// join lends the parts in one string.
func (a *arena) join(parts ...string) string {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	a.reserve(n)
	start := len(a.block)
	for _, p := range parts {
		a.block = append(a.block, p...)
	}
	return a.since(start)
}

// since is what was appended to the block from start on.
func (a *arena) since(start int) string { return view(a.block[start:]) }

// view is b as a string, which holds as long as b does not change.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
