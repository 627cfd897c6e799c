package transform

import "unicode/utf8"

// nibble is the value of a hexadecimal digit, 0xFF for what is none.
var nibble = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xFF
	}
	for c := range byte(10) {
		t['0'+c] = c
	}
	for c := range byte(6) {
		t['a'+c], t['A'+c] = 10+c, 10+c
	}
	return t
}()

// hexByte reads two digits at i.
func hexByte(s string, i int) (byte, bool) {
	if i+1 >= len(s) {
		return 0, false
	}
	hi, lo := nibble[s[i]], nibble[s[i+1]]
	return hi<<4 | lo, hi|lo <= 15
}

// hexWord reads four digits at i.
func hexWord(s string, i int) (rune, bool) {
	hi, ok := hexByte(s, i)
	lo, ok2 := hexByte(s, i+2)
	return rune(hi)<<8 | rune(lo), ok && ok2
}

// encoded finds the first byte from i on that percent-decoding may change.
func encoded(s string, i int) int {
	for i < len(s) && s[i] != '%' && s[i] != '+' {
		i++
	}
	return i
}

func urlDecode(a *Arena, s string) string { return percentDecode(a, s, false) }

// urlDecodeUni reads %uXXXX too, which IIS does.
func urlDecodeUni(a *Arena, s string) string { return percentDecode(a, s, true) }

func percentDecode(a *Arena, s string, wide bool) string {
	i := encoded(s, 0)
	for i < len(s) && s[i] == '%' {
		// What only looks encoded stays.
		if _, ok := hexByte(s, i+1); ok {
			break
		}
		if wide && isWide(s, i) {
			if _, ok := hexWord(s, i+2); ok {
				break
			}
		}
		i = encoded(s, i+1)
	}
	if i >= len(s) {
		return s
	}
	out := append(a.Take(len(s)), s[:i]...)
	for i < len(s) {
		j := encoded(s, i)
		out = append(out, s[i:j]...)
		if i = j; i == len(s) {
			break
		}
		c, n := s[i], 1
		if c == '+' {
			c = ' '
		} else if b, ok := hexByte(s, i+1); ok {
			c, n = b, 3
		} else if wide && isWide(s, i) {
			if r, ok := hexWord(s, i+2); ok {
				c, n = narrow(r), 6
			}
		}
		out = append(out, c)
		i += n
	}
	return a.Keep(out)
}

func isWide(s string, i int) bool { return i+1 < len(s) && s[i+1]|0x20 == 'u' }

func urlEncode(a *Arena, s string) string {
	i := 0
	for i < len(s) && urlPlain(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	out := append(a.Take(i+3*(len(s)-i)), s[:i]...)
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			out = append(out, '+')
		case urlPlain(c):
			out = append(out, c)
		default:
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return a.Keep(out)
}

const digits = "0123456789abcdef"

func urlPlain(c byte) bool { return c == '*' || c-'0' < 10 || (c|0x20)-'a' < 26 }

// utf8ToUnicode writes each character beyond ASCII as %u and at least four digits.
func utf8ToUnicode(a *Arena, s string) string {
	i := 0
	for i < len(s) && s[i] < utf8.RuneSelf {
		i++
	}
	if i == len(s) {
		return s
	}
	out := append(a.Take(i+6*(len(s)-i)), s[:i]...)
	for i < len(s) {
		c := s[i]
		if c < utf8.RuneSelf {
			out = append(out, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		out = append(out, '%', 'u')
		if r > 0xFFFF {
			if r > 0xFFFFF {
				out = append(out, digits[r>>20])
			}
			out = append(out, digits[r>>16&15])
		}
		out = append(out, digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
	}
	return a.Keep(out)
}
