package gate

import (
	"math/bits"
	"strings"
)

// Filter holds the needs of many conditions, which are known by their number. It is
// safe for concurrent use.
type Filter struct {
	n     int
	words *automaton
	needs []Need
	folds []uint64
	// free are the conditions without literals, those of equal kinds together.
	free []group
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
	}
	f.words = newAutomaton(strs, owner)
	return f
}

// widest is how much of a literal is looked for. More of it would make the automaton
// larger and let hardly fewer texts be kept back.
const widest = 6

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
func (f *Filter) Bytes() int { return 4 * (len(f.words.next) + len(f.words.outs) + len(f.words.of)) }

// Scan sets in got the bit of every condition that s may meet. kinds must be those of
// s. Bits that are set stay set.
func (f *Filter) Scan(s string, kinds Kinds, got []uint64) {
	var buf [16]uint64
	var seen []uint64
	if w := len(f.folds); w <= len(buf) {
		seen = buf[:w]
	} else {
		seen = make([]uint64, w)
	}
	f.words.scan(s, seen)
	for w, b := range seen {
		for ; b != 0; b &= b - 1 {
			i := w<<6 | bits.TrailingZeros64(b)
			if n := &f.needs[i]; kinds&n.All == n.All && (kinds&n.One != 0 || n.One == allKinds) {
				got[w] |= 1 << (i & 63)
			}
		}
	}
	for i := range f.free {
		g := &f.free[i]
		if kinds&g.all == g.all && (kinds&g.one != 0 || g.one == allKinds) {
			for w, b := range g.bits {
				got[w] |= b
			}
		}
	}
	if kinds&High != 0 && (strings.ContainsRune(s, kelvin) || strings.ContainsRune(s, longS)) {
		for w, b := range f.folds {
			got[w] |= b
		}
	}
}
