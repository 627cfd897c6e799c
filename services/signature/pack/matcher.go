package pack

import (
	"fmt"
	"strings"
)

// Matcher finds out which of a set of literals occur in a text, without regard to
// the case of ASCII. Match appends the numbers of those that do to dst, each once,
// in ascending order. It must be safe for concurrent use.
type Matcher interface {
	Match(text string, dst []int) []int
}

// grams is the Matcher of this package: a bit for every hash of three bytes that a
// literal is looked up by. Ordinary text hits few of them.
type grams struct {
	bits [1 << hashBits / 64]uint64
	// head is the first of the chain of entries that share a hash, 0 for none.
	head    [1 << hashBits]uint16
	entries []entry
	// pairs are the same for literals of two bytes, without a hash.
	pairs    [1 << 16 / 64]uint64
	pairHead map[uint16]uint16
	singles  []single
	// bit is that of a byte that is a literal by itself, 0 for others.
	bit [256]uint8
}

// single is a literal of one byte, which is looked for in short texts alone.
type single struct {
	bit    uint8
	number int
}

// shortText is how long a text may be in which single bytes are looked for.
const shortText = 64

const hashBits = 16

type entry struct {
	literal string
	at      int // of the three bytes in the literal
	number  int
	next    uint16
}

// lower is ASCII in lower case.
var lower = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if i >= 'A' && i <= 'Z' {
			t[i] |= 0x20
		}
	}
	return t
}()

func hash(a, b, c byte) uint32 {
	return (uint32(a)*0x9e5 ^ uint32(b)*0x1c5b ^ uint32(c)*0x6a29) & (1<<hashBits - 1)
}

// minGate is the shortest literal that is looked for in texts of any length.
const minGate = 2

// newMatcher takes the literals of every number. They must be in lower case.
func newMatcher(literals [][]string) (*grams, error) {
	g := &grams{entries: make([]entry, 1), pairHead: make(map[uint16]uint16)}
	for number, list := range literals {
		for _, l := range list {
			if l == "" || strings.ToLower(l) != l {
				return nil, fmt.Errorf("literal %q: empty or not in lower case", l)
			}
			if len(l) == 1 {
				if err := g.single(l[0], number); err != nil {
					return nil, err
				}
				continue
			}
			if len(l) == 2 {
				g.pair(l, number)
				continue
			}
			at := rarest(l)
			h := hash(l[at], l[at+1], l[at+2])
			g.bits[h/64] |= 1 << (h % 64)
			g.head[h] = g.enter(l, at, number, g.head[h])
		}
	}
	if len(g.entries) >= 1<<16 {
		return nil, fmt.Errorf("%d literals are too many", len(g.entries))
	}
	return g, nil
}

func (g *grams) single(c byte, number int) error {
	if g.bit[c] == 0 {
		used := uint8(0)
		for _, b := range g.bit {
			used |= b
		}
		if used == 0xff {
			return fmt.Errorf("literal %q: there are eight of one byte before it", c)
		}
		g.bit[c] = used + 1
	}
	g.singles = append(g.singles, single{g.bit[c], number})
	return nil
}

// enter adds an entry in front of a chain.
func (g *grams) enter(l string, at, number int, next uint16) (head uint16) {
	g.entries = append(g.entries, entry{literal: l, at: at, number: number, next: next})
	return uint16(len(g.entries) - 1)
}

func (g *grams) pair(l string, number int) {
	w := uint16(l[0])<<8 | uint16(l[1])
	g.pairs[w/64] |= 1 << (w % 64)
	g.pairHead[w] = g.enter(l, 0, number, g.pairHead[w])
}

// rarest is where the three bytes stand that ordinary text has least.
func rarest(l string) int {
	const common = "etaoinsrhldcumfpgwybvkxjqz0123456789 /.-_:"
	best, at := -1, 0
	for i := 0; i+3 <= len(l); i++ {
		score := 0
		for _, c := range []byte(l[i : i+3]) {
			if k := strings.IndexByte(common, c); k >= 0 {
				score += k
			} else {
				score += 60
			}
		}
		if score > best {
			best, at = score, i
		}
	}
	return at
}

// Match implements Matcher.
func (g *grams) Match(text string, dst []int) []int {
	if len(text) < minGate {
		return dst
	}
	start := len(dst)
	if len(text) <= shortText && len(g.singles) > 0 {
		seen := uint8(0)
		for i := range len(text) {
			seen |= g.bit[text[i]]
		}
		if seen != 0 {
			for _, s := range g.singles {
				if seen&s.bit != 0 {
					dst = insert(dst, start, s.number)
				}
			}
		}
	}
	a, b := lower[text[0]], lower[text[1]]
	for i := 2; ; i++ {
		if w := uint16(a)<<8 | uint16(b); g.pairs[w/64]&(1<<(w%64)) != 0 {
			dst = g.verify(text, i-2, g.pairHead[w], start, dst)
		}
		if i == len(text) {
			return dst
		}
		c := lower[text[i]]
		if h := hash(a, b, c); g.bits[h/64]&(1<<(h%64)) != 0 {
			dst = g.verify(text, i-2, g.head[h], start, dst)
		}
		a, b = b, c
	}
}

// verify compares the entries of a chain with the text around at.
func (g *grams) verify(text string, at int, head uint16, start int, dst []int) []int {
	for i := head; i != 0; i = g.entries[i].next {
		e := &g.entries[i]
		from := at - e.at
		if from < 0 || from+len(e.literal) > len(text) || !equalLower(text[from:from+len(e.literal)], e.literal) {
			continue
		}
		dst = insert(dst, start, e.number)
	}
	return dst
}

func equalLower(text, literal string) bool {
	for i := range len(literal) {
		if lower[text[i]] != literal[i] {
			return false
		}
	}
	return true
}

// insert keeps what stands behind start in order, each number once.
func insert(dst []int, start, n int) []int {
	i := len(dst)
	for i > start && dst[i-1] > n {
		i--
	}
	if i > start && dst[i-1] == n {
		return dst
	}
	dst = append(dst, 0)
	copy(dst[i+1:], dst[i:])
	dst[i] = n
	return dst
}
