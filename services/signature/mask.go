package signature

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mask makes the shape of an attack string: punctuation and the words of attack
// languages stay, every digit becomes 9, every other letter x. So an analyst sees
// "x' union select xxxxxxxx from xxxxx -- " and nobody sees a name, a number or a
// secret. Control bytes and what is not UTF-8 become '.'. The result is at most
// limit bytes, an ellipsis included.
//
// A word is a run of letters, digits and underscores; it stays only when the whole
// of it is in the vocabulary, which holds no word that names a person or place.
func Mask(s string, limit int) string {
	// A masked rune takes one byte of output or more for one to four of input, so
	// what lies far beyond the limit cannot show.
	if len(s) > 8*limit+64 {
		s = s[:8*limit+64]
	}
	var b strings.Builder
	b.Grow(min(len(s), limit) + 4)
	for i := 0; i < len(s) && b.Len() <= limit; {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !wordRune(r) || r == utf8.RuneError {
			b.WriteByte(shape(r, n))
			i += n
			continue
		}
		end := i
		for end < len(s) {
			r, n := utf8.DecodeRuneInString(s[end:])
			if r == utf8.RuneError || !wordRune(r) {
				break
			}
			end += n
		}
		maskWord(&b, s[i:end])
		i = end
	}
	return clip(b.String(), limit)
}

const ellipsis = "..."

func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return s[:max(0, limit-len(ellipsis))] + ellipsis
}

// longWord is where a masked word is cut: its length alone could identify it.
const longWord = 12

func maskWord(b *strings.Builder, w string) {
	if len(w) <= maxVocabulary && vocabulary[strings.ToLower(w)] {
		b.WriteString(strings.ToLower(w))
		return
	}
	n := 0
	for _, r := range w {
		if n++; n > longWord {
			b.WriteByte('+')
			return
		}
		b.WriteByte(shape(r, 1))
	}
}

// shape is the one byte that stands for r. Only ASCII is ever put out.
func shape(r rune, size int) byte {
	switch {
	case r == utf8.RuneError && size <= 1:
		return '.'
	case unicode.IsDigit(r) || unicode.IsNumber(r):
		return '9'
	case unicode.IsLetter(r) || unicode.IsMark(r):
		return 'x'
	case r == '_':
		return '_'
	case r >= 0x20 && r < 0x7f:
		return byte(r)
	}
	return '.'
}

func wordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// maskName masks the name of a field. Names are structure and stay, unless they
// look like data: a map keyed by address or number, or an attack in the name itself.
func maskName(s string) string {
	parts := strings.Split(clip(s, 120), ".")
	for i, p := range parts {
		if !plainName(p) {
			parts[i] = Mask(p, 40)
		}
	}
	return strings.Join(parts, ".")
}

func plainName(p string) bool {
	letters, digits := 0, 0
	for i := range len(p) {
		c := p[i]
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letters++
		case c >= '0' && c <= '9':
			digits++
		case c == '_' || c == '-' || c == '[' || c == ']' || c == '$':
		default:
			return false
		}
	}
	// Up to four digits are an index or a version, more are an identifier.
	return len(p) <= 40 && digits <= 4 && (letters > 0 || digits <= 3)
}
