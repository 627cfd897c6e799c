package dfa

import (
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// classes are the runes that an expression cannot tell apart.
type classes struct {
	n      int
	ascii  [utf8.RuneSelf]uint8
	starts []rune  // of the ranges from RuneSelf on, sorted
	of     []uint8 // the class of each range
	sample []rune  // a rune of each class
}

// high is the class of a rune beyond ASCII.
func (c *classes) high(r rune) uint8 {
	lo, hi := 0, len(c.starts)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if c.starts[mid] <= r {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return c.of[lo-1]
}

// maxClasses keeps a class in a byte. An expression with more is left to regexp.
const maxClasses = 250

func classify(p *syntax.Prog, looks syntax.EmptyOp) classes {
	var runes []*syntax.Inst
	cuts := []rune{0, utf8.RuneSelf}
	cut := func(lo, hi rune) { cuts = append(cuts, lo, hi+1) }
	for i := range p.Inst {
		in := &p.Inst[i]
		switch in.Op {
		case syntax.InstRuneAnyNotNL:
			cut('\n', '\n')
		case syntax.InstRune, syntax.InstRune1:
			if len(in.Rune) == 1 {
				cut(in.Rune[0], in.Rune[0])
				if syntax.Flags(in.Arg)&syntax.FoldCase != 0 {
					for r := unicode.SimpleFold(in.Rune[0]); r != in.Rune[0]; r = unicode.SimpleFold(r) {
						cut(r, r)
					}
				}
			}
			for j := 0; j+1 < len(in.Rune); j += 2 {
				cut(in.Rune[j], in.Rune[j+1])
			}
		default:
			continue
		}
		runes = append(runes, in)
	}
	if looks&(syntax.EmptyBeginLine|syntax.EmptyEndLine) != 0 {
		cut('\n', '\n')
	}
	word := looks&(syntax.EmptyWordBoundary|syntax.EmptyNoWordBoundary) != 0
	if word {
		cut('0', '9')
		cut('A', 'Z')
		cut('_', '_')
		cut('a', 'z')
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)

	var c classes
	known := make(map[string]uint8)
	sign := make([]byte, len(runes)+2)
	for i, lo := range cuts {
		if lo > unicode.MaxRune {
			break
		}
		for j, in := range runes {
			sign[j] = bit(in.MatchRune(lo))
		}
		sign[len(runes)] = bit(lo == '\n')
		sign[len(runes)+1] = bit(word && syntax.IsWordChar(lo))
		k, ok := known[string(sign)]
		if !ok {
			k = uint8(min(len(c.sample), maxClasses))
			known[string(sign)] = k
			c.sample = append(c.sample, lo)
		}
		hi := rune(unicode.MaxRune)
		if i+1 < len(cuts) {
			hi = cuts[i+1] - 1
		}
		for r := lo; r <= hi && r < utf8.RuneSelf; r++ {
			c.ascii[r] = k
		}
		if lo >= utf8.RuneSelf {
			c.starts = append(c.starts, lo)
			c.of = append(c.of, k)
		}
	}
	c.n = len(c.sample)
	return c
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}
