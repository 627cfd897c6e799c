// Package gate answers cheaply which of many conditions a text cannot meet, so that
// only the few that are left are tried.
//
// What a regular expression needs is derived from its syntax: kinds of bytes that every
// match holds, and a set of strings of which every match holds one. All strings of all
// expressions are looked for in one pass over a text, by parts of at most four bytes.
// A gate is sound: it may let a text through that does not match, never keep one back
// that does.
package gate

import (
	"regexp/syntax"
)

// Need is what a text must hold to be worth a try.
type Need struct {
	// All are kinds of which every one must be there, One kinds of which one must be.
	All, One Kinds
	// Literals, folded to small letters of ASCII, are strings of which one must be
	// there, in any case; none asked when empty.
	Literals []string
	// Folds is set when the condition ignores case beyond ASCII: a text with a Kelvin
	// sign or a long s, which fold to k and s, then is worth a try whatever it holds.
	Folds bool
	// A text of no other kinds than Plain must hold one of PlainLiterals besides; none
	// meets the condition where there are none. Plain is 0 where nothing is known.
	Plain         Kinds
	PlainLiterals []string
	// Shortest is how many bytes every text has that meets the condition.
	Shortest int
}

// Always is the need of a condition of which nothing is known.
var Always = Need{One: allKinds}

// kelvin and longS are the only runes beyond ASCII whose case variants are in it.
const (
	kelvin = '\u212a'
	longS  = '\u017f'
)

// OfRegexp derives the need of an expression of Perl syntax.
func OfRegexp(expr string) (Need, error) {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return Need{}, err
	}
	re = re.Simplify()
	all, one := needed(re)
	n := Need{All: all, One: one, Literals: literals(re), Folds: folds(re), Shortest: shortest(re)}
	if possible(re, 0) { // the empty text matches, or may
		n.All, n.One = 0, allKinds
	}
	for _, l := range n.Literals {
		if len(l) < 2 { // a byte: the kinds say it as well
			n.Literals = nil
			break
		}
	}
	n.plain(re)
	return n, nil
}

// OfWords is the need of a text that must hold one of words in any case of ASCII.
func OfWords(words []string) Need {
	if len(words) == 0 {
		return Always
	}
	folded := make([]string, len(words))
	for i, w := range words {
		if len(w) < 2 {
			return Always
		}
		folded[i] = Fold(w)
	}
	short := len(folded[0])
	for _, w := range folded {
		short = min(short, len(w))
	}
	return Need{One: allKinds, Literals: minimal(folded), Shortest: short}
}

// Fold makes the capital letters of ASCII small.
func Fold(s string) string {
	b := []byte(s) // not by rune, for it need not be UTF-8
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

func folds(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 {
			for _, r := range re.Rune {
				if isKOrS(r) {
					return true
				}
			}
		}
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			if re.Rune[i] <= kelvin && kelvin <= re.Rune[i+1] || re.Rune[i] <= longS && longS <= re.Rune[i+1] {
				return true
			}
		}
	}
	for _, s := range re.Sub {
		if folds(s) {
			return true
		}
	}
	return false
}

// shortest is how many bytes a match of re has at least.
func shortest(re *syntax.Regexp) int {
	n := 0
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return shortest(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min * shortest(re.Sub[0])
	case syntax.OpConcat:
		for _, s := range re.Sub {
			n += shortest(s)
		}
	case syntax.OpAlternate:
		n = shortest(re.Sub[0])
		for _, s := range re.Sub[1:] {
			n = min(n, shortest(s))
		}
	}
	return n
}
