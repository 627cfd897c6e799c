package gate

import (
	"math/bits"
	"strings"
)

// Filter holds the needs of many conditions, which are known by their number. It is
// safe for concurrent use.
type Filter struct {
	n     int
	grams *grams
	needs []Need
	folds []uint64
	// free are the conditions without literals, those of equal kinds together.
	free []group
	// plain are the conditions of which plain texts must hold a string: its bit among
	// those of the scan comes behind those of all conditions.
	plain []plainCondition
}

type plainCondition struct {
	of, bit int
	kinds   Kinds
}

type group struct {
	all, one Kinds
	bits     []uint64
}

// NewFilter compiles needs.
func NewFilter(needs []Need) *Filter {
	f := &Filter{n: len(needs), needs: needs}
	f.folds = make([]uint64, f.Words())
	var strs []string
	var owner []uint32
	for i, n := range needs {
		if n.Folds {
			f.folds[i>>6] |= 1 << (i & 63)
		}
		for _, l := range n.Literals {
			strs, owner = append(strs, window(l)), append(owner, uint32(i))
		}
		if len(n.Literals) == 0 {
			f.addFree(i, n)
		}
		if n.Plain != 0 {
			bit := f.n + len(f.plain)
			f.plain = append(f.plain, plainCondition{of: i, bit: bit, kinds: n.Plain})
			for _, l := range n.PlainLiterals {
				strs, owner = append(strs, window(l)), append(owner, uint32(bit))
			}
		}
	}
	f.grams = newGrams(strs, owner)
	return f
}

// widest is how much of a literal is looked for.
const widest = 4

// window is the part of l that ordinary text holds least.
func window(l string) string {
	best := l
	if len(l) > widest {
		best = l[:widest]
		for i := 1; i+widest <= len(l); i++ {
			if w := l[i : i+widest]; rate([]string{w}) < rate([]string{best}) {
				best = w
			}
		}
	}
	return best
}

func (f *Filter) addFree(i int, n Need) {
	for j := range f.free {
		if g := &f.free[j]; g.all == n.All && g.one == n.One {
			g.bits[i>>6] |= 1 << (i & 63)
			return
		}
	}
	g := group{all: n.All, one: n.One, bits: make([]uint64, f.Words())}
	g.bits[i>>6] |= 1 << (i & 63)
	f.free = append(f.free, g)
}

// Words is the length of the bit set that Scan fills.
func (f *Filter) Words() int { return (f.n + 63) / 64 }

// Bytes is the memory of the tables.
func (f *Filter) Bytes() int { return f.grams.bytes() }

// Scan sets in got the bit of every condition that s may meet. kinds must be those of
// s. Bits that are set stay set.
func (f *Filter) Scan(s string, kinds Kinds, got []uint64) {
	var buf [40]uint64
	words, seenWords := f.Words(), (f.n+len(f.plain)+63)/64
	both := buf[:]
	if words+seenWords > len(buf) {
		both = make([]uint64, words+seenWords)
	}
	seen, may := both[:seenWords], both[seenWords:seenWords+words]
	f.grams.scan(s, seen)
	for w := range may {
		for b := seen[w]; b != 0; b &= b - 1 {
			i := w<<6 | bits.TrailingZeros64(b)
			if i >= f.n {
				break
			}
			if n := &f.needs[i]; kinds&n.All == n.All && (kinds&n.One != 0 || n.One == allKinds) {
				may[w] |= 1 << (i & 63)
			}
		}
	}
	for i := range f.free {
		g := &f.free[i]
		if kinds&g.all == g.all && (kinds&g.one != 0 || g.one == allKinds) {
			for w, b := range g.bits {
				may[w] |= b
			}
		}
	}
	for i := range f.plain {
		if p := &f.plain[i]; kinds&^p.kinds == 0 && seen[p.bit>>6]>>(p.bit&63)&1 == 0 {
			may[p.of>>6] &^= 1 << (p.of & 63)
		}
	}
	if kinds&High != 0 && (strings.ContainsRune(s, kelvin) || strings.ContainsRune(s, longS)) {
		for w, b := range f.folds {
			may[w] |= b
		}
	}
	for w, b := range may {
		got[w] |= b
	}
}
