package scan

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// scheme is a kind of numbers: what they look like, and what makes one right.
type scheme struct {
	name   string
	shapes string // "d8a1|d7-8x1": runs of digits, letters, either, with how many
	// prefix, where set, may stand before the number: "IT" of a tax number.
	prefix string
	// words near a number in a text that speak for the scheme, in lower case.
	words string
	// firm numbers are told by themselves: chance passes fewer than one in a thousand.
	firm  bool
	loose bool // no arithmetic: a shape alone, and no evidence in a text
	// asked numbers have so little form that only a name makes them any.
	asked bool
	// bare: a form of the class that proves nothing, as one without its check digit. It is said of
	// a single value, and in a text beside its words; whole fields are never asked about it.
	bare  bool
	check func(s []byte) bool
	form  func(v []byte) bool // of the number as it was written
}

// compiled is a scheme with its shapes taken apart and its class.
type compiled struct {
	*scheme
	class  Class
	shapes []shape
	words  set
}

type shape []run

type run struct {
	kind     byte // d, a, x, or a capital letter for itself
	min, max int
}

func compileShapes(text string) (shapes []shape) {
	for _, one := range strings.Split(text, "|") {
		var s shape
		for i := 0; i < len(one); {
			r := run{kind: one[i]}
			i++
			r.min, i = count(one, i)
			r.max = r.min
			if i < len(one) && one[i] == '-' {
				r.max, i = count(one, i+1)
			}
			s = append(s, r)
		}
		shapes = append(shapes, s)
	}
	return shapes
}

// count reads the number at i, 1 where there is none.
func count(s string, i int) (n, next int) {
	j := i
	for j < len(s) && '0' <= s[j] && s[j] <= '9' {
		j++
	}
	if n, _ = strconv.Atoi(s[i:j]); j == i {
		n = 1
	}
	return n, j
}

func (s shape) bounds() (least, most int) {
	for _, r := range s {
		least, most = least+r.min, most+r.max
	}
	return least, most
}

// fits says whether c has the shape. A run of variable length takes what the fixed
// rest leaves over, so there is one of them at most.
func (s shape) fits(c []byte) bool {
	least, most := s.bounds()
	if len(c) < least || len(c) > most {
		return false
	}
	i, spare := 0, len(c)-least
	for _, r := range s {
		n := r.min
		if r.max > r.min {
			n = min(r.min+spare, r.max)
		}
		for ; n > 0; n-- {
			x := c[i]
			digit, capital := x-'0' <= 9, x-'A' <= 25
			switch r.kind {
			case 'd':
				if !digit {
					return false
				}
			case 'a':
				if !capital {
					return false
				}
			case 'x':
				if !digit && !capital {
					return false
				}
			default:
				if x != r.kind {
					return false
				}
			}
			i++
		}
	}
	return true
}

// accepts says whether c, which is v in compact form, is a number of the scheme, and whether it bore the
// scheme's prefix.
func (n *compiled) accepts(c, v []byte) (ok, prefixed bool) {
	if n.form != nil && !n.form(v) {
		return false, false
	}
	if n.prefix != "" && len(c) > len(n.prefix) && string(c[:len(n.prefix)]) == n.prefix && n.fits(c[len(n.prefix):]) {
		return true, true
	}
	return n.fits(c), false
}

func (n *compiled) fits(c []byte) bool {
	for _, s := range n.shapes {
		if s.fits(c) {
			return n.check == nil || n.check(c)
		}
	}
	return false
}

// Longest is the most characters that a number has in compact form.
const Longest = 36

// lengths index schemes by the length of what is to be looked at, prefix and all.
type lengths [Longest + 1][]*compiled

func (l *lengths) add(n *compiled) {
	var here [Longest + 1]bool
	for _, s := range n.shapes {
		least, most := s.bounds()
		for i := least; i <= most && i <= Longest; i++ {
			here[i] = true
			if p := len(n.prefix); p > 0 && i+p <= Longest {
				here[i+p] = true
			}
		}
	}
	for i, ok := range here {
		if ok {
			l[i] = append(l[i], n)
		}
	}
}

// compact appends to to the digits and letters of v as capitals. Separators that people
// put between groups are left out; any other byte, or too many characters, is none.
func compact(to []byte, v []byte) ([]byte, bool) {
	for i := 0; i < len(v); i++ {
		c := signs[v[i]]
		switch {
		case c > between:
			to = append(to, c)
		case c == between:
			continue
		case v[i] < 0x80:
			return to, false
		default:
			x, n := foreign(v[i:])
			if n == 0 {
				return to, false
			}
			if x != 0 {
				to = append(to, x)
			}
			i += n - 1
		}
		if len(to) > Longest {
			return to, false
		}
	}
	return to, len(to) > 0
}

// between is a sign that people put between groups.
const between = 1

// signs is the digit or capital that a byte stands for, between, or 0 for none that a number has.
var signs = func() (t [256]byte) {
	for c := byte('0'); c <= '9'; c++ {
		t[c] = c
	}
	for c := byte('A'); c <= 'Z'; c++ {
		t[c], t[c|0x20] = c, c
	}
	for _, c := range " -./,:()+_" {
		t[c] = between
	}
	return t
}()

// foreign is the digit or letter that the character at the beginning of v stands for, 0 for a sign
// between groups, and how many bytes it has; none for another character.
func foreign(v []byte) (c byte, n int) {
	r, n := utf8.DecodeRune(v)
	switch {
	case 0x2010 <= r && r <= 0x2015, r == 0xa0, r == 0x202f, r == 0x2009, r == 0x2212: // dashes, spaces that do not break
		return 0, n
	case 0x0660 <= r && r <= 0x0669: // Arabic
		return '0' + byte(r-0x0660), n
	case 0x06f0 <= r && r <= 0x06f9: // Persian
		return '0' + byte(r-0x06f0), n
	case 0x0966 <= r && r <= 0x096f: // Devanagari
		return '0' + byte(r-0x0966), n
	case 0xff10 <= r && r <= 0xff19: // of full width
		return '0' + byte(r-0xff10), n
	case 0xff21 <= r && r <= 0xff3a:
		return 'A' + byte(r-0xff21), n
	}
	for i, x := range []rune(lookAlike) {
		if x == r {
			return "ABEKMHOPCT"[i], n
		}
	}
	return 0, 0
}

// lookAlike are the Cyrillic capitals that plates, papers and tax numbers share with Latin.
const lookAlike = "АВЕКМНОРСТ"
