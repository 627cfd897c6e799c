package operator

import (
	"cmp"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/miradorhq/mirador/services/signature/transform"
	"rsc.io/binaryregexp"
	"rsc.io/binaryregexp/syntax"
)

// BinaryRx is @rx with an expression that names bytes which are not UTF-8. As in Coraza
// it is about bytes altogether, and has no flags but its own.
type BinaryRx struct {
	Source string
	Re     *binaryregexp.Regexp
	// Needs are sets of bytes: what matches has a byte of each.
	Needs []transform.Set
}

func newBinaryRx(expr string) (*BinaryRx, error) {
	re, err := binaryregexp.Compile(expr)
	if err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	return &BinaryRx{Source: expr, Re: re, Needs: needs(tree)}, nil
}

// Match looks for the expression in s.
func (r *BinaryRx) Match(s string, env Env) bool {
	if len(r.Needs) > 0 {
		has := transform.Of(s)
		for i := range r.Needs {
			if !has.Meets(&r.Needs[i]) {
				return false
			}
		}
	}
	if !r.Re.MatchString(s) {
		return false
	}
	if env.Capturing() {
		capture(s, r.Re.FindStringSubmatchIndex(s), env)
	}
	return true
}

// maxNeeds bounds what is kept of an expression; leaving some out is always right.
const maxNeeds = 8

// needs reads off the tree which bytes cannot be missing.
func needs(re *syntax.Regexp) []transform.Set {
	var all []transform.Set
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			all = append(all, byteOf(r, re.Flags&syntax.FoldCase != 0))
		}
	case syntax.OpCharClass:
		var set transform.Set
		for i := 0; i+1 < len(re.Rune); i += 2 {
			if lo, hi := re.Rune[i], min(re.Rune[i+1], 0xFF); lo <= hi {
				set = set.Union(transform.Range(byte(lo), byte(hi)))
			}
		}
		all = append(all, set)
	case syntax.OpCapture, syntax.OpPlus:
		return needs(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return needs(re.Sub[0])
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			all = append(all, needs(sub)...)
		}
	case syntax.OpAlternate:
		// What matches has a byte of one branch's need or of the other's, for any two.
		all = needs(re.Sub[0])
		for _, sub := range re.Sub[1:] {
			var either []transform.Set
			other := needs(sub)
			for _, a := range all {
				for _, b := range other {
					either = append(either, a.Union(b))
				}
			}
			all = rarest(either)
		}
	}
	return rarest(all)
}

// byteOf is the set of r, with fold of its other cases too. What is beyond bytes never
// matches; it is left to the expression to say so.
func byteOf(r rune, fold bool) transform.Set {
	var set transform.Set
	if r > 0xFF {
		return transform.Range(0, 0xFF)
	}
	set.Add(byte(r))
	for f := unicode.SimpleFold(r); fold && f != r; f = unicode.SimpleFold(f) {
		if f <= 0xFF {
			set.Add(byte(f))
		}
	}
	return set
}

// rarest keeps the smallest sets, each once. One that holds most bytes says nothing.
func rarest(sets []transform.Set) []transform.Set {
	size := func(s transform.Set) (n int) {
		for _, w := range s {
			n += bits.OnesCount64(w)
		}
		return n
	}
	sets = slices.DeleteFunc(sets, func(s transform.Set) bool { return size(s) > 128 })
	slices.SortFunc(sets, func(a, b transform.Set) int {
		return cmp.Or(cmp.Compare(size(a), size(b)), slices.Compare(a[:], b[:]))
	})
	sets = slices.Compact(sets)
	return sets[:min(len(sets), maxNeeds)]
}

// namesBytes says whether expr is not UTF-8 once its \xHH and \x{HH} are bytes. It
// follows Coraza in how it steps over what only looks like one.
func namesBytes(expr string) bool {
	bytes := make([]byte, 0, len(expr))
	for i := 0; i < len(expr); i++ {
		rest := expr[i:]
		if rest[0] != '\\' {
			bytes = append(bytes, rest[0])
			continue
		}
		if len(rest) < 4 {
			bytes = append(bytes, rest...)
			break
		}
		if rest[1] != 'x' {
			bytes = append(bytes, '\\')
			continue
		}
		escape, skip := rest, 3
		if len(rest) >= 6 && rest[2] == '{' {
			if end := strings.IndexByte(rest, '}'); end >= 0 {
				escape, skip = `\x`+rest[3:end], end
			}
		}
		v, multibyte, _, err := strconv.UnquoteChar(escape, 0)
		if err != nil || multibyte {
			bytes = append(bytes, '\\')
			continue
		}
		bytes = append(bytes, byte(v))
		i += skip
	}
	return !utf8.Valid(bytes)
}
