package gate

// grams find which of many short strings a text may hold, in any case. Strings are
// looked for by a part of two, three or four bytes: each position of a text costs three
// looks into tables that stay in the first cache, without one waiting for the other. An
// automaton would wait for memory at every byte.
//
// Case is folded by setting one bit of every byte, which folds some signs too: a text
// may be taken to hold a string that it does not hold, never the other way round.
type grams struct {
	pairs [1 << 10]uint64 // every pair of bytes that is looked for
	bloom [1 << 12]uint64 // three and four bytes, hashed
	keys  []uint64        // open addressing; 0 is free
	lists [][]uint32      // owners, by place in keys
}

const foldAll = 0x20

// gramOf is the part of s to look for: the first four bytes at most. The key holds its
// length, so that none is 0.
func gramOf(s string) (key uint64, n int) {
	n = min(len(s), 4)
	for i := range n {
		key = key<<8 | uint64(s[i]|foldAll)
	}
	return key | uint64(n)<<32, n
}

func hash3(w uint32) uint32 { return (w & 0xffffff) * 0x9e3779b1 >> 14 }

func hash4(w uint32) uint32 { return w * 0x85ebca6b >> 14 }

func slotOf(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 >> 20 }

// newGrams takes strings of two bytes and more with their owners.
func newGrams(strs []string, owner []uint32) *grams {
	g := &grams{}
	size := 16
	for size < 4*len(strs) {
		size *= 2
	}
	g.keys, g.lists = make([]uint64, size), make([][]uint32, size)
	for i, s := range strs {
		key, n := gramOf(s)
		w := uint32(key)
		switch n {
		case 2:
			g.pairs[w>>6&1023] |= 1 << (w & 63)
		case 3:
			h := hash3(w)
			g.bloom[h>>6] |= 1 << (h & 63)
		default:
			h := hash4(w)
			g.bloom[h>>6] |= 1 << (h & 63)
		}
		at := g.find(key)
		g.keys[at] = key
		if l := g.lists[at]; len(l) == 0 || l[len(l)-1] != owner[i] {
			g.lists[at] = append(l, owner[i])
		}
	}
	return g
}

// find is the place of a key, or the free one where it would stand.
func (g *grams) find(key uint64) int {
	mask := uint64(len(g.keys) - 1)
	at := slotOf(key) & mask
	for g.keys[at] != 0 && g.keys[at] != key {
		at = (at + 1) & mask
	}
	return int(at)
}

// take sets the bits of the owners of a key.
func (g *grams) take(key uint64, got []uint64) {
	for _, o := range g.lists[g.find(key)] {
		got[o>>6] |= 1 << (o & 63)
	}
}

// scan sets the bit of every owner of a string that s may hold.
func (g *grams) scan(s string, got []uint64) {
	if len(s) < 2 {
		return
	}
	w := uint32(s[0] | foldAll)
	for i := 1; i < len(s); i++ {
		w = w<<8 | uint32(s[i]|foldAll)
		if p := w & 0xffff; g.pairs[p>>6]>>(p&63)&1 != 0 {
			g.take(uint64(p)|2<<32, got)
		}
		if i < 2 {
			continue
		}
		if h := hash3(w); g.bloom[h>>6&4095]>>(h&63)&1 != 0 {
			g.take(uint64(w&0xffffff)|3<<32, got)
		}
		if h := hash4(w); g.bloom[h>>6&4095]>>(h&63)&1 != 0 && i >= 3 {
			g.take(uint64(w)|4<<32, got)
		}
	}
}

// bytes is the memory of the tables.
func (g *grams) bytes() int {
	n := 8*(len(g.pairs)+len(g.bloom)+len(g.keys)) + 24*len(g.lists)
	for _, l := range g.lists {
		n += 4 * len(l)
	}
	return n
}
