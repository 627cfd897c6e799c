package transform

import (
	"encoding/binary"
	"unicode"
	"unicode/utf8"
)

func lowercase(a *Arena, s string) string { return recase(a, s, 'A', unicode.ToLower) }

func uppercase(a *Arena, s string) string { return recase(a, s, 'a', unicode.ToUpper) }

// recase changes the 26 letters from first to the other case, and the rest of Unicode
// by other. Bytes that are not UTF-8 become U+FFFD, as strings.ToLower has it.
func recase(a *Arena, s string, first byte, other func(rune) rune) string {
	i := asciiRun(s, first)
	if i == len(s) {
		return s
	}
	if s[i] < utf8.RuneSelf {
		// Most values are ASCII to their end; then the result is as long as s.
		out := a.Take(len(s))[:len(s)]
		copy(out, s[:i])
		if i += recaseASCII(out[i:], s[i:], first); i == len(s) {
			return a.Keep(out)
		}
		return a.Keep(recaseRunes(append(a.Take(i+3*(len(s)-i)), out[:i]...), s[i:], first, other))
	}
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if recaseRune(r, first, other) != r || r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	if i == len(s) {
		return s
	}
	return a.Keep(recaseRunes(append(a.Take(i+3*(len(s)-i)), s[:i]...), s[i:], first, other))
}

const ones = 0x0101010101010101

// lettersIn marks the high bit of each byte of w that is one of the 26 letters from
// first; all of w must be ASCII.
func lettersIn(w uint64, first byte) uint64 {
	return (w + ones*uint64(0x80-first)) &^ (w + ones*uint64(0x80-first-26)) & (ones << 7)
}

// asciiRun is how much of s is ASCII without the 26 letters from first.
func asciiRun(s string, first byte) int {
	i := 0
	for b := bytesOf(s); i+8 <= len(b); i += 8 {
		if w := binary.LittleEndian.Uint64(b[i:]); w&(ones<<7)|lettersIn(w, first) != 0 {
			break
		}
	}
	for i < len(s) && s[i] < utf8.RuneSelf && s[i]-first >= 26 {
		i++
	}
	return i
}

// recaseASCII does as much of s as is ASCII and returns how much that was.
func recaseASCII(out []byte, s string, first byte) int {
	i := 0
	for b := bytesOf(s); i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		if w&(ones<<7) != 0 {
			break
		}
		binary.LittleEndian.PutUint64(out[i:], w^lettersIn(w, first)>>2)
	}
	for ; i < len(s) && s[i] < utf8.RuneSelf; i++ {
		c := s[i]
		if c-first < 26 {
			c ^= 0x20
		}
		out[i] = c
	}
	return i
}

func recaseRunes(out []byte, s string, first byte, other func(rune) rune) []byte {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c-first < 26 {
				c ^= 0x20
			}
			out = append(out, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		out = utf8.AppendRune(out, recaseRune(r, first, other))
		i += n
	}
	return out
}

func recaseRune(r rune, first byte, other func(rune) rune) rune {
	switch {
	case r < utf8.RuneSelf:
		if byte(r)-first < 26 {
			return r ^ 0x20
		}
		return r
	case r >= 0x3000 && r < 0xA640 || r >= 0xAC00 && r < 0xFB00:
		return r // East Asian scripts have no case; asking for it costs a search
	}
	return other(r)
}
