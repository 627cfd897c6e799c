package operator

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
	"strings"
	"unsafe"
)

// Pm is @pm and its kin: it holds where one of many words stands in the value, ASCII
// letters in either case.
//
// A bit table of the words' first four bytes says at which places of a value a word
// can begin; only there the trie of the words is walked.
type Pm struct {
	// Words are sorted, each once, ASCII letters in lower case.
	Words []string

	trie  *trie
	grams []uint64   // bit table over hashes of four bytes
	shift uint       // of a hash, to a number of a bit
	pairs *pairTable // bit table over two bytes, of words shorter than four; nil if there are none
}

// pairTable has a bit for each two bytes.
type pairTable [1 << 16 / 64]uint64

// maxCaptures is how many words are stored.
const maxCaptures = 10

// fields are the words of an argument. Case is that of Unicode there, and what stands
// between two spaces is a word even if it is empty.
func fields(argument string) []string { return strings.Split(strings.ToLower(argument), " ") }

func newPm(words []string) (*Pm, error) {
	if len(words) == 0 {
		return nil, errors.New("no words")
	}
	p := &Pm{Words: make([]string, len(words))}
	for i, w := range words {
		p.Words[i] = lower(w)
	}
	slices.Sort(p.Words)
	p.Words = slices.Compact(p.Words)
	p.trie = newTrie(p.Words)

	// With 32 bits a word, three places of a hundred come to the trie by chance, at most.
	size := max(10, min(20, bits.Len(uint(len(p.Words)))+5))
	p.grams = make([]uint64, 1<<(size-6))
	p.shift = uint(32 - size)
	for _, w := range p.Words {
		if len(w) >= gram {
			h := (binary.LittleEndian.Uint32([]byte(w)) | folds) * hashBy >> p.shift
			p.grams[h>>6] |= 1 << (h & 63)
			continue
		}
		if p.pairs == nil {
			p.pairs = new(pairTable)
		}
		p.addShort(w)
	}
	return p, nil
}

// addShort marks all pairs of bytes that w can begin with.
func (p *Pm) addShort(w string) {
	var lo, hi [2]int // range of each byte
	for i := range lo {
		hi[i] = 255
		if i < len(w) {
			lo[i] = int(w[i] | fold)
			hi[i] = lo[i]
		}
	}
	for a := lo[0]; a <= hi[0]; a++ {
		for b := lo[1]; b <= hi[1]; b++ {
			i := a | b<<8
			p.pairs[i>>6] |= 1 << (i & 63)
		}
	}
}

const (
	gram = 4
	// fold is set in every byte before hashing: so letters of either case are alike,
	// and some other bytes too, which the trie tells apart.
	fold  = 0x20
	folds = fold * 0x01010101
)

// hashBy spreads four bytes over the upper bits of their product.
const hashBy = 0x9E3779B1

// Match looks for a word in s. With capture it stores, for each place where a word
// begins, the longest that does, up to ten. An empty word, which two spaces in a row
// make, stands everywhere; what Coraza stores then is not what stands there.
func (p *Pm) Match(s string, env Env) bool {
	i, n := p.next(s, 0)
	if i < 0 {
		return false
	}
	if !env.Capturing() {
		return true
	}
	for c := 0; i >= 0 && c < maxCaptures; c++ {
		env.Capture(c, s[i:i+n])
		i, n = p.next(s, i+1)
	}
	return true
}

// next finds the first place from i on where a word begins, and the length of the
// longest that does; -1 if there is none.
func (p *Pm) next(s string, i int) (at, n int) {
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	grams, pairs, shift := p.grams, p.pairs, p.shift&31
	mask := uint32(len(grams) - 1) // a power of two: spares the check of the index
	for ; i+gram <= len(b); i++ {
		w := binary.LittleEndian.Uint32(b[i:]) | folds
		h := w * hashBy >> shift
		hit := grams[h>>6&mask] >> (h & 63)
		if pairs != nil {
			hit |= pairs[w>>6&0x3FF] >> (w & 63)
		}
		if hit&1 != 0 {
			if n := p.trie.longest(s[i:]); n >= 0 {
				return i, n
			}
		}
	}
	if pairs == nil {
		return -1, 0
	}
	// An empty word stands at the end of s too.
	for ; i <= len(s); i++ {
		if n := p.trie.longest(s[i:]); n >= 0 {
			return i, n
		}
	}
	return -1, 0
}

// lower is w with ASCII letters in lower case.
func lower(w string) string {
	b := []byte(w)
	for i, c := range b {
		b[i] = lowerByte(c)
	}
	return string(b)
}

func lowerByte(c byte) byte {
	if c-'A' < 26 {
		return c | 0x20
	}
	return c
}
