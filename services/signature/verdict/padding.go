package verdict

import "strings"

// Padding is told from writing by its words: of forty words that people write in a row
// at least a fifth are different ones.
const (
	paddedWords    = 40
	differentShare = 5
)

// condensed is a text without the words that it repeats, where it consists of little
// else: words of people before an attack must not make a sentence of it.
func condensed(s string) string {
	if len(s) <= shortBytes {
		return s
	}
	counts := make(map[string]int)
	words := 0
	for w := range strings.FieldsSeq(s) {
		counts[w]++
		words++
	}
	if words < paddedWords || len(counts)*differentShare > words {
		return s
	}
	var b strings.Builder
	for w := range strings.FieldsSeq(s) {
		if counts[w] > 2 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w)
	}
	if b.Len() == 0 {
		return s
	}
	return b.String()
}
