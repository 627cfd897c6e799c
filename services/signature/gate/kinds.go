package gate

import (
	"regexp/syntax"
	"unicode/utf8"
)

// Kinds are the kinds of bytes that a text holds, one bit each: every sign of ASCII
// punctuation is a kind of its own, and so are small letters, capital letters, digits,
// each kind of white space, control bytes and what is beyond ASCII.
type Kinds uint64

const (
	Lower Kinds = 1 << iota
	Upper
	Digit
	Space
	Tab
	Feed   // \n
	Return // \r
	Nul
	Control // the other control bytes
	High    // beyond ASCII
	firstSign
)

// allKinds is a text of everything.
const allKinds = Kinds(1)<<(10+len(signs)) - 1

// signs are in the order of how common they are in ordinary traffic; where an
// expression can do without any one of several, the rarer is taken for needed.
const signs = `-._,:/"@=&?+%()'*!#[]{}<>|\;$~^` + "`"

var kindOf = func() (k [256]Kinds) {
	for b := range k {
		switch c := byte(b); {
		case c >= 'a' && c <= 'z':
			k[b] = Lower
		case c >= 'A' && c <= 'Z':
			k[b] = Upper
		case c >= '0' && c <= '9':
			k[b] = Digit
		case c >= utf8.RuneSelf:
			k[b] = High
		default:
			k[b] = Control
		}
	}
	k[' '], k['\t'], k['\n'], k['\r'], k[0] = Space, Tab, Feed, Return, Nul
	for i := range len(signs) {
		k[signs[i]] = firstSign << i
	}
	return k
}()

// KindOf is the kind of b.
func KindOf(b byte) Kinds { return kindOf[b] }

// KindsOf are the kinds of the bytes of s.
func KindsOf(s string) Kinds {
	var a, b, c, d Kinds
	for len(s) >= 4 {
		a |= kindOf[s[0]]
		b |= kindOf[s[1]]
		c |= kindOf[s[2]]
		d |= kindOf[s[3]]
		s = s[4:]
	}
	for i := range len(s) {
		a |= kindOf[s[i]]
	}
	return a | b | c | d
}

// possible says whether re could match a text all of whose bytes are of the kinds of
// allowed. It may say yes wrongly, never no.
func possible(re *syntax.Regexp, allowed Kinds) bool {
	switch re.Op {
	case syntax.OpNoMatch:
		return false
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			k := runeKind(r)
			if re.Flags&syntax.FoldCase != 0 && k&(Lower|Upper) != 0 {
				k = Lower | Upper
				if isKOrS(r) {
					k |= High
				}
			}
			if k&allowed == 0 {
				return false
			}
		}
		return true
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			lo, hi := re.Rune[i], re.Rune[i+1]
			if hi >= utf8.RuneSelf && allowed&High != 0 {
				return true
			}
			for r := lo; r <= hi && r < utf8.RuneSelf; r++ {
				if kindOf[r]&allowed != 0 {
					return true
				}
			}
		}
		return false
	case syntax.OpAnyChar:
		return allowed != 0
	case syntax.OpAnyCharNotNL:
		return allowed&^Feed != 0
	case syntax.OpCapture, syntax.OpPlus:
		return possible(re.Sub[0], allowed)
	case syntax.OpRepeat:
		return re.Min == 0 || possible(re.Sub[0], allowed)
	case syntax.OpConcat:
		for _, s := range re.Sub {
			if !possible(s, allowed) {
				return false
			}
		}
		return true
	case syntax.OpAlternate:
		for _, s := range re.Sub {
			if possible(s, allowed) {
				return true
			}
		}
		return false
	}
	return true // empty matches, conditions, stars
}

func runeKind(r rune) Kinds {
	if r >= utf8.RuneSelf {
		return High
	}
	return kindOf[r]
}

// isKOrS says whether r is a letter of ASCII with a case variant beyond it: the Kelvin
// sign and the long s.
func isKOrS(r rune) bool { return r|0x20 == 'k' || r|0x20 == 's' }

// needed are the kinds that every match of re holds: all of the first, and one of the
// second (none asked where that is all).
func needed(re *syntax.Regexp) (all, one Kinds) {
	for k := Kinds(1); k&allKinds != 0; k <<= 1 {
		if !possible(re, allKinds&^k) {
			all |= k
		}
	}
	allowed := Kinds(0)
	for k := Kinds(1); k&allKinds != 0; k <<= 1 {
		if !possible(re, allowed|k) {
			allowed |= k
		}
	}
	return all, allKinds &^ allowed
}
