package scan

import "bytes"

// wordEnds says whether a word that was followed ends before i.
func wordEnds(text []byte, i int) bool {
	if i >= len(text) {
		return true
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
