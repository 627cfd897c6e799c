package gate

import (
	"strings"
	_ "unsafe" // for the linkname

	_ "github.com/corazawaf/libinjection-go" // the owner of the table below
)

// keywords is libinjection's table of words and fingerprints. It is read when a gate is
// made and never written. The library does not export it, and a copy of it would drift;
// SQL is tested against the library itself.
//
//go:linkname keywords github.com/corazawaf/libinjection-go.sqlKeywords
var keywords map[string]byte

// SQL says of a text without a try that libinjection's IsSQLi will not find it. It is
// safe for concurrent use.
//
// libinjection makes a text into tokens, folds them to at most five, and looks their
// kinds up in a list of fingerprints. No fingerprint of the list is made of bare words,
// numbers, operators and the separators of plainSigns alone, and folding makes no other
// kind out of those. Merging does, of two words that are a phrase together. So a text
// without quotes, comments, brackets and variables, none of whose words stands in the
// table, and no two of them as the parts of a phrase, is none.
type SQL struct {
	words bloom
	// begin and end are the words that phrases have before others and behind others.
	begin, end bloom
}

// bloom is a set of words that may hold more than was put into it.
type bloom [1 << 10]uint64

func (b *bloom) add(w string) {
	h := hashWord(w)
	b[h>>6&1023] |= 1 << (h & 63)
}

func (b *bloom) has(h uint32) bool { return b[h>>6&1023]>>(h&63)&1 == 1 }

const (
	// plainSigns are what may stand between words: none opens a string, a comment, a
	// variable or a bracket.
	plainSigns = "-._,:/=?+%*!<>|;~^&\\[]{}"
	// operators can become the kind "operator".
	operators = "-:/=+%*!<>|~^&"
)

var plainKinds, operatorKinds = func() (plain, op Kinds) {
	for i := range len(plainSigns) {
		plain |= kindOf[plainSigns[i]]
	}
	for i := range len(operators) {
		op |= kindOf[operators[i]]
	}
	return plain | Lower | Upper | Digit | Space | Tab | Feed | Return | Control | Nul | High, op
}()

// NewSQL reads the table of words.
func NewSQL() *SQL {
	g := &SQL{}
	for k, kind := range keywords {
		if kind == 'F' { // a fingerprint
			continue
		}
		parts := strings.FieldsFunc(k, func(r rune) bool { return r >= 0x80 || !wordByte(byte(r)) })
		for i, w := range parts {
			if !strings.Contains(k, " ") {
				g.words.add(w)
				continue
			}
			if i > 0 {
				g.end.add(w)
			}
			if i+1 < len(parts) {
				g.begin.add(w)
			}
		}
	}
	return g
}

func wordByte(b byte) bool {
	return b|0x20 >= 'a' && b|0x20 <= 'z' || b >= '0' && b <= '9' || b == '_'
}

func hashWord(w string) uint32 {
	h := uint32(2166136261)
	for i := range len(w) {
		h = (h ^ uint32(w[i]|0x20)) * 16777619 // as well for small as for capital letters
	}
	return h ^ h>>16
}

const dotlessI = '\u0131'

// longestNumber is the longest run of letters and digits behind a digit that Plain
// looks into.
const longestNumber = 40

// Plain says that s is no SQL injection to libinjection. kinds must be those of s.
func (g *SQL) Plain(s string, kinds Kinds) bool {
	at := kinds&kindOf['@'] != 0
	if kinds&^(plainKinds|kindOf['@']) != 0 || at && kinds&(operatorKinds|kindOf[';']) != 0 {
		return false
	}
	// The two letters beyond ASCII whose capital is in it: the library looks words up
	// in capitals.
	if kinds&High != 0 && (strings.ContainsRune(s, longS) || strings.ContainsRune(s, dotlessI)) {
		return false
	}
	begun := false // a word that a phrase may begin with
	for i := 0; i < len(s); {
		c := s[i]
		if !wordByte(c) {
			i++
			if i < len(s) {
				// Comments, and what makes an operator of logic.
				switch d := s[i]; {
				case c == '-' && d == '-', c == '/' && d == '*', c == '&' && d == '&', c == '|' && d == '|':
					return false
				}
			}
			continue
		}
		j := i + 1
		for j < len(s) && wordByte(s[j]) {
			j++
		}
		if !g.plainWord(s[i:j], inNumber(s, i), &begun) {
			return false
		}
		i = j
	}
	return true
}

// inNumber says whether the run at i may begin with the rest of a number: the exponent
// behind "1.", or the N of \N, which is one too.
func inNumber(s string, i int) bool {
	if i == 0 {
		return false
	}
	return s[i-1] == '\\' || s[i-1] == '.' && i > 1 && s[i-2] >= '0' && s[i-2] <= '9'
}

// plainWord looks at a run of letters, digits and underscores. Behind a number a new
// word begins, wherever the number ends.
func (g *SQL) plainWord(w string, number bool, begun *bool) bool {
	if w[0] > '9' && !number {
		return g.plainAt(w, begun)
	}
	if len(w) > longestNumber {
		return false
	}
	for i := range len(w) {
		if w[i] > '9' && !g.plainAt(w[i:], begun) {
			return false
		}
	}
	return true
}

func (g *SQL) plainAt(w string, begun *bool) bool {
	h := hashWord(w)
	if g.words.has(h) || *begun && g.end.has(h) {
		return false
	}
	*begun = *begun || g.begin.has(h)
	return true
}

// XSS is the need of a text in which libinjection's IsXSS can find anything: it tells
// by tags, or by the value of an attribute.
var XSS = Need{One: kindOf['<'] | kindOf['=']}
