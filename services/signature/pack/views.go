package pack

import (
	"strings"
	"unicode/utf8"
)

// View is how a text was read when a pattern matched.
type View uint8

const (
	AsIs     View = iota
	Decoded       // what was still encoded was decoded
	Squeezed      // what shells and databases skip was left out
)

func (v View) String() string { return [...]string{"as is", "decoded", "squeezed"}[v] }

// DecodeDepth is how many times a value is decoded at most.
const DecodeDepth = 3

// maxView is how much of a text is rewritten; the rest is matched as it is.
const maxView = 8 << 10

// maxSqueeze is the longest text that is squeezed: who hides a command writes little.
const maxSqueeze = 1 << 10

// encoded says whether s may hold escapes that decode would undo.
func encoded(s string) bool {
	for i := 0; i+2 < len(s); i++ {
		switch s[i] {
		case '%':
			if isHex(s[i+1]) && isHex(s[i+2]) || s[i+1]|0x20 == 'u' && isHex(s[i+2]) {
				return true
			}
		case '\\':
			if c := s[i+1] | 0x20; (c == 'x' || c == 'u') && isHex(s[i+2]) {
				return true
			}
		case '&':
			if c := s[i+1]; c == '#' || c|0x20 == 'l' || c|0x20 == 'g' || c|0x20 == 'q' || c|0x20 == 'a' || c|0x20 == 'c' || c|0x20 == 'n' || c|0x20 == 't' {
				return true
			}
		case 0xc0, 0xc1: // never of UTF-8
			return true
		case 0xef:
			if _, wide := fullwidth(s[i:]); wide {
				return true
			}
		}
	}
	n := len(s)
	return n >= 2 && (s[n-2] == 0xc0 || s[n-2] == 0xc1)
}

// decode undoes one layer of escapes into dst; false where there was none.
func decode(dst []byte, s string) ([]byte, bool) {
	changed := false
	for i := 0; i < len(s); {
		c := s[i]
		if c == 0xef {
			if ascii, wide := fullwidth(s[i:]); wide {
				dst, i, changed = append(dst, ascii), i+3, true
				continue
			}
		}
		if c != '%' && c != '\\' && c != '&' {
			dst = append(dst, c)
			i++
			continue
		}
		r, n := escape(s[i:])
		if n == 0 {
			dst = append(dst, c)
			i++
			continue
		}
		changed = true
		i += n
		if r < 0x100 && c == '%' {
			dst = append(dst, byte(r))
			continue
		}
		dst = utf8.AppendRune(dst, r)
	}
	n := len(dst)
	dst = overlong(dst)
	return dst, changed || len(dst) != n
}

// fullwidth is the ASCII sign that s begins with the wide form of, which databases and
// servers take for it: one of those that attacks need and East Asian texts do not.
func fullwidth(s string) (ascii byte, ok bool) {
	if len(s) < 3 || s[1] != 0xbc {
		return 0, false
	}
	switch ascii = s[2] - 0x60; ascii {
	case '"', '\'', '.', '/', '<', '>', '\\':
		return ascii, true
	}
	return 0, false
}

// overlong writes ASCII for its two-byte spellings, which some servers accept.
func overlong(b []byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); i++ {
		if (b[i] == 0xc0 || b[i] == 0xc1) && i+1 < len(b) {
			out = append(out, (b[i]&1)<<6|b[i+1]&0x3f)
			i++
			continue
		}
		out = append(out, b[i])
	}
	return out
}

// squeezable says whether squeeze would change s: a quote, caret or backslash within
// a word, a variable that is empty, a comment, white space that is no single space.
func squeezable(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case '^':
			return true
		case '\'', '"', '\\', '`':
			if i > 0 && i+1 < len(s) && (letter(s[i-1]) || s[i-1] == s[i]) && (letter(s[i+1]) || s[i+1] == s[i]) {
				return true
			}
		case '$':
			if i+1 < len(s) && (s[i+1]|0x20 == 'i' || s[i+1] == '{' || s[i+1] == '(' || s[i+1] == '@' || s[i+1] == '*' || s[i+1] >= '0' && s[i+1] <= '9') {
				return true
			}
		case '/':
			if i+1 < len(s) && s[i+1] == '*' {
				return true
			}
		case '\t', '\n', '\r', '\v', '\f', 0, '+':
			return true
		case ' ':
			if i+1 < len(s) && s[i+1] == ' ' {
				return true
			}
		}
	}
	return false
}

// squeeze writes s into dst as a shell or a database would understand it.
func squeeze(dst []byte, s string) []byte {
	plus := strings.IndexByte(s, ' ') < 0 // encoded as a form once more
	for i := 0; i < len(s); {
		c := s[i]
		n := 0
		switch c {
		case '^':
			i++
			continue
		case '\'', '"', '`', '\\':
			if i > 0 && i+1 < len(s) && (letter(s[i-1]) || s[i-1] == c) && (letter(s[i+1]) || s[i+1] == c) {
				i++
				continue
			}
		case '$':
			var blank bool
			if n, blank = variable(s[i:]); n > 0 {
				if blank {
					c = ' '
				} else {
					i += n
					continue
				}
			}
		case '/':
			n = comment(s[i:])
		}
		if n > 0 {
			c = ' '
		} else {
			n = 1
		}
		if c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f' || c == 0 || c == '+' && plus {
			c = ' '
		}
		if c != ' ' || len(dst) == 0 || dst[len(dst)-1] != ' ' {
			dst = append(dst, c)
		}
		i += n
	}
	return dst
}

// variable is the length of a shell variable that is empty or, blank, white space.
func variable(s string) (n int, blank bool) {
	switch {
	case len(s) >= 6 && equalLower(s[:6], "${ifs}"):
		return 6, true
	case len(s) >= 4 && equalLower(s[:4], "$ifs"):
		if len(s) > 5 && s[4] == '$' && s[5] >= '0' && s[5] <= '9' {
			return 6, true
		}
		return 4, true
	case len(s) >= 3 && s[1] == '(' && s[2] == ')': // what nothing prints
		return 3, false
	case len(s) >= 2 && (s[1] == '@' || s[1] == '*' || s[1] >= '1' && s[1] <= '9'):
		return 2, false
	}
	return 0, false
}

// comment is the length of a database's comment at the start of s. One that MySQL
// executes loses its marks alone.
func comment(s string) int {
	if len(s) < 4 || s[1] != '*' {
		return 0
	}
	if s[2] == '!' {
		n := 3
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		return n
	}
	for i := 2; i+1 < len(s); i++ {
		if s[i] == '*' && s[i+1] == '/' {
			return i + 2
		}
	}
	return 0
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
