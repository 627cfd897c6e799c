package transform

import (
	"strings"
	"unicode/utf8"
)

// control is what a letter behind a backslash stands for in C and JavaScript alike.
func control(c byte) (byte, bool) {
	switch c {
	case 'a':
		return '\a', true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'v':
		return '\v', true
	}
	return c, false
}

// octal reads up to three digits at i; n is how many there are.
func octal(s string, i int) (v, n int) {
	for n < 3 && i+n < len(s) && s[i+n]&^7 == '0' {
		v = v<<3 | int(s[i+n]&7)
		n++
	}
	return v, n
}

// hexRun is how many digits stand at i, up to 6.
func hexRun(s string, i int) (v rune, n int) {
	for n < 6 && i+n < len(s) && nibble[s[i+n]] <= 15 {
		v = v<<4 | rune(nibble[s[i+n]])
		n++
	}
	return v, n
}

// escapes runs through s: one decodes what stands behind a backslash at i and returns
// how much of s that took, backslash included. A result is never longer than half as
// much again.
func escapes(a *Arena, s string, one func(out []byte, s string, i int) ([]byte, int)) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	out := append(a.Take(len(s)+len(s)/2+1), s[:i]...)
	for {
		var n int
		out, n = one(out, s, i)
		s = s[i+n:]
		i = strings.IndexByte(s, '\\')
		if i < 0 {
			return a.Keep(append(out, s...))
		}
		out = append(out, s[:i]...)
	}
}

// escapeSeqDecode decodes the escapes of C.
func escapeSeqDecode(a *Arena, s string) string { return escapes(a, s, escapeC) }

func escapeC(out []byte, s string, i int) ([]byte, int) {
	if i+1 == len(s) {
		return append(out, '\\'), 1
	}
	c, ok := control(s[i+1])
	if ok {
		return append(out, c), 2
	}
	if c|0x20 == 'x' {
		if b, ok := hexByte(s, i+2); ok {
			return append(out, b), 4
		}
	}
	if v, n := octal(s, i+1); n > 0 {
		return append(out, byte(v)), 1 + n
	}
	return append(out, c), 2
}

// jsDecode decodes the escapes of JavaScript. Of a code point it keeps the low byte.
func jsDecode(a *Arena, s string) string { return escapes(a, s, escapeJS) }

func escapeJS(out []byte, s string, i int) ([]byte, int) {
	if i+1 == len(s) {
		return append(out, '\\'), 1
	}
	switch c := s[i+1]; {
	case c == 'u':
		if i+2 < len(s) && s[i+2] == '{' {
			if r, n := hexRun(s, i+3); n > 0 && i+3+n < len(s) && s[i+3+n] == '}' {
				return append(out, lowByte(r)), n + 4
			}
		}
		if r, ok := hexWord(s, i+2); ok {
			return append(out, lowByte(r)), 6
		}
	case c == 'x':
		if b, ok := hexByte(s, i+2); ok {
			return append(out, b), 4
		}
	case c&^7 == '0':
		v, n := octal(s, i+1)
		if v > 0xFF { // more than a byte: the third digit is text
			v, n = v>>3, 2
		}
		return append(out, byte(v)), 1 + n
	}
	c, _ := control(s[i+1])
	return append(out, c), 2
}

// lowByte folds full width to ASCII and takes the low byte of all else.
func lowByte(r rune) byte {
	if r >= 0xFF01 && r <= 0xFF5E {
		r -= 0xFEE0
	}
	return byte(r)
}

// cssDecode decodes the escapes of CSS, up to six digits and a white space.
func cssDecode(a *Arena, s string) string { return escapes(a, s, escapeCSS) }

func escapeCSS(out []byte, s string, i int) ([]byte, int) {
	if i+1 == len(s) {
		return out, 1
	}
	r, n := hexRun(s, i+1)
	if n == 0 {
		if s[i+1] != '\n' {
			out = append(out, s[i+1])
		}
		return out, 2
	}
	switch {
	case r == 0:
		r = utf8.RuneError
	case r >= 0xFF01 && r <= 0xFF5E:
		r -= 0xFEE0
	}
	if n++; i+n < len(s) && strings.IndexByte(asciiSpace, s[i+n]) >= 0 {
		n++
	}
	return utf8.AppendRune(out, r), n
}
