package scan

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// wordEnds says whether a word that was followed ends before i.
func wordEnds(text []byte, i int) bool {
	if i >= len(text) {
		return true
	}
	if text[i] >= 0x80 || text[i-1] >= 0x80 { // Chinese has no spaces, and signs of its own
		r, _ := utf8.DecodeRune(text[i:])
		before, _ := utf8.DecodeLastRune(text[:i])
		return before >= 0x2e80 || !unicode.IsLetter(r)
	}
	k := kinds[text[i]]
	return k != lower || text[i] == 's' && (i+1 == len(text) || kinds[text[i+1]] != lower)
}

// reach is how far before a number a word may stand that names it, in bytes.
const reach = 48

// context are the words shortly before i.
func (l *line) context(i int) (s set) {
	for n := range min(l.hits, len(l.near)) {
		if h := l.near[n]; h.end <= i && i-h.end <= reach && bytes.IndexByte(l.text[h.end:i], '\n') < 0 {
			s.add(h.word)
		}
	}
	return s
}

// speaking is context, nil for none. It holds until it is asked for again.
func (l *line) speaking(i int) *set {
	if l.hits == 0 || i-l.near[(l.hits-1)%len(l.near)].end > reach {
		return nil
	}
	if l.words = l.context(i); l.words == (set{}) {
		return nil
	}
	return &l.words
}

// births says whether a word shortly before i says that somebody was born.
func (l *line) births(i int) bool {
	if l.hits == 0 {
		return false
	}
	near := l.context(i)
	return near.meets(&l.s.births)
}
