package scan

import (
	"strconv"
	"strings"
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

// longest is the most characters that a number has in compact form.
const longest = 36

// lengths index schemes by the length of what is to be looked at, prefix and all.
type lengths [longest + 1][]*compiled

func (l *lengths) add(n *compiled) {
	var here [longest + 1]bool
	for _, s := range n.shapes {
		least, most := s.bounds()
		for i := least; i <= most && i <= longest; i++ {
			here[i] = true
			if p := len(n.prefix); p > 0 && i+p <= longest {
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
		switch c := v[i]; {
		case c-'0' <= 9, c-'A' <= 25:
			to = append(to, c)
		case c-'a' <= 25:
			to = append(to, c-0x20)
		case c == ' ', c == '-', c == '.', c == '/', c == ',', c == ':', c == '(', c == ')', c == '+', c == '_':
		case c == 0xe2 && i+2 < len(v) && v[i+1] == 0x80 && 0x90 <= v[i+2] && v[i+2] <= 0x95: // dashes
			i += 2
		default:
			return to, false
		}
		if len(to) > longest {
			return to, false
		}
	}
	return to, len(to) > 0
}
