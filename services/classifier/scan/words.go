package scan

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed words.txt
var wordTable string

// readWords reads the words of languages, by class.
func readWords(table string) (map[string][]string, error) {
	words := map[string][]string{}
	for i, row := range strings.Split(table, "\n") {
		if row == "" || row[0] == '#' {
			continue
		}
		class, list, ok := strings.Cut(row, " ")
		if !ok || words[class] != nil {
			return nil, fmt.Errorf("scan: words.txt: line %d: want a class, once, and its words", i+1)
		}
		words[class] = strings.Split(list, "|")
	}
	return words, nil
}

// wordsOf are the words for a scheme, each with accents and without. The name without its country is one
// too, unless it is as short as "id".
func (s *Scanner) wordsOf(d *scheme) (words []string) {
	if d.words != "" {
		words = strings.Split(d.words, "|")
	}
	if name := d.name[strings.IndexByte(d.name, '.')+1:]; len(name) > 2 && !d.bare {
		words = append(words, strings.ReplaceAll(name, "_", " "))
	}
	words = append(words, s.spoken[d.name]...)
	for _, w := range words {
		if bare := withoutAccents(w); bare != w && !slices.Contains(words, bare) {
			words = append(words, bare)
		}
	}
	return words
}

// accented are Latin letters with accents, and bare those that people write who have none on their keys.
const (
	accented = "àáâãäåąăèéêëęěėìíîïıįòóôõöøőùúûüůűçćčďñńňřśšșşťțţýźżžłðđğ"
	bare     = "aaaaaaaaeeeeeeeiiiiiiooooooouuuuuucccdnnnrsssstttyzzzlddg"
)

func withoutAccents(w string) string {
	letters := []rune(accented)
	return strings.Map(func(r rune) rune {
		if i := slices.Index(letters, r); i >= 0 {
			return rune(bare[i])
		}
		return r
	}, w)
}

// word is the number of a word that names data, which the automaton knows from then on.
func (s *Scanner) word(w string) uint16 {
	n, ok := s.words[w]
	if !ok {
		n = uint16(len(s.words))
		s.words[w] = n
		for _, spelled := range spellings(w) {
			s.trie.add(spelled, output{kind: isWord, index: n})
		}
		if joined := strings.ReplaceAll(w, " ", "_"); joined != w {
			s.trie.add(joined, output{kind: isWord, index: n})
			s.trie.add(strings.ReplaceAll(w, " ", ""), output{kind: isWord, index: n})
		}
	}
	return n
}

// spellings are a word, and where the automaton does not fold its letters the same with a capital at
// its beginning and in capitals.
func spellings(w string) []string {
	for i := range len(w) {
		if w[i] >= 0x80 {
			first, size := utf8.DecodeRuneInString(w)
			return []string{w, string(unicode.ToUpper(first)) + w[size:], strings.ToUpper(w)}
		}
	}
	return []string{w}
}
