package transform

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const asciiSpace = " \t\n\r\f\v"

func trim(_ *Arena, s string) string { return strings.Trim(s, asciiSpace) }

func trimLeft(_ *Arena, s string) string { return strings.TrimLeft(s, asciiSpace) }

func trimRight(_ *Arena, s string) string { return strings.TrimRight(s, asciiSpace) }

// latinSpace returns the length of the white space at the start of s, 0 if there is
// none: ASCII, NEL and NBSP in UTF-8, and NBSP as a lone byte.
func latinSpace(s string) int {
	switch c := s[0]; {
	case c == ' ' || c-'\t' <= '\r'-'\t' || c == 0xA0:
		return 1
	case c == 0xC2 && len(s) > 1 && (s[1] == 0x85 || s[1] == 0xA0):
		return 2
	}
	return 0
}

// compressWhitespace makes one space of each run of white space.
func compressWhitespace(a *Arena, s string) string {
	i, spaced := 0, false
	for i < len(s) {
		c := s[i]
		if c > ' ' && c < utf8.RuneSelf {
			spaced = false
			i++
			continue
		}
		n := latinSpace(s[i:])
		if n > 0 && (spaced || c != ' ') {
			break
		}
		spaced = n > 0
		i += max(n, step(s, i))
	}
	if i >= len(s) {
		return s
	}
	out := append(a.Take(len(s)), s[:i]...)
	for i < len(s) {
		n := latinSpace(s[i:])
		if n == 0 {
			n = step(s, i)
			out = append(out, s[i:i+n]...)
			spaced = false
		} else if !spaced {
			out = append(out, ' ')
			spaced = true
		}
		i += n
	}
	return a.Keep(out)
}

// step is the length of the character at i; 1 where it is not UTF-8.
func step(s string, i int) int {
	if s[i] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	return n
}

// removeWhitespace takes out what Unicode calls white space. As Coraza maps runes,
// bytes that are not UTF-8 become U+FFFD.
func removeWhitespace(a *Arena, s string) string {
	i := 0
	for i < len(s) {
		if c := s[i]; c > ' ' && c < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if unicode.IsSpace(r) || r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	if i == len(s) {
		return s
	}
	out := append(a.Take(i+3*(len(s)-i)), s[:i]...)
	for i < len(s) {
		if c := s[i]; c > ' ' && c < utf8.RuneSelf {
			out = append(out, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !unicode.IsSpace(r) {
			out = utf8.AppendRune(out, r)
		}
		i += n
	}
	return a.Keep(out)
}

func lostSpace(in, _ string) bool { return strings.ContainsFunc(in, unicode.IsSpace) }
