package pack

import "unicode/utf8"

// escape reads the escape at the start of s and says how long it is.
func escape(s string) (r rune, n int) {
	hex := func(from, digits int) (rune, int) {
		if from+digits > len(s) {
			return 0, 0
		}
		var v rune
		for _, c := range []byte(s[from : from+digits]) {
			if !isHex(c) {
				return 0, 0
			}
			v = v<<4 | rune(hexValue(c))
		}
		return v, from + digits
	}
	switch s[0] {
	case '%':
		if len(s) > 1 && s[1]|0x20 == 'u' {
			return hex(2, 4)
		}
		return hex(1, 2)
	case '\\':
		if len(s) > 1 && s[1] == 'x' {
			return hex(2, 2)
		}
		if len(s) > 1 && s[1] == 'u' {
			return hex(2, 4)
		}
	case '&':
		return entity(s)
	}
	return 0, 0
}

// names are the entities that attacks are written with.
var names = [...]struct {
	name string
	r    rune
}{{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}, {"colon", ':'}, {"newline", '\n'}, {"tab", '\t'}, {"lpar", '('}, {"rpar", ')'}, {"num", '#'}, {"nbsp", ' '}, {"grave", '`'}, {"sol", '/'}}

func entity(s string) (rune, int) {
	if len(s) > 2 && s[1] == '#' {
		i, base, v := 2, rune(10), rune(0)
		if s[i]|0x20 == 'x' {
			base, i = 16, 3
		}
		start := i
		for ; i < len(s) && i < start+7; i++ {
			c := s[i]
			if c >= '0' && c <= '9' || base == 16 && isHex(c) {
				v = v*base + rune(hexValue(c))
				continue
			}
			break
		}
		if i == start || v == 0 || v > utf8.MaxRune {
			return 0, 0
		}
		if i < len(s) && s[i] == ';' {
			i++
		}
		return v, i
	}
	for _, e := range names {
		n := len(e.name)
		if len(s) > n+1 && s[n+1] == ';' && equalLower(s[1:n+1], e.name) {
			return e.r, n + 2
		}
	}
	return 0, 0
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

func hexValue(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
