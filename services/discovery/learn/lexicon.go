package learn

import (
	_ "embed"
	"slices"
	"strings"
)

// The vocabulary is of words that APIs are made of. Behind it stand lists of the
// language: most words that a developer takes for a name stand there, and so do many
// that people give to what they make; that one stands in the list of proper names says
// that it is rather a value. How far each goes is for the weights to say.

var (
	//go:embed words/common.txt
	commonText string
	//go:embed words/rarer.txt
	rarerText string
	//go:embed words/proper.txt
	properText string

	commonWords = strings.Fields(commonText)
	rarerWords  = strings.Fields(rarerText)
	properNames = strings.Fields(properText)
)

// reading is which shares of the letters of a text are of which kind of word.
type reading struct{ common, rarer, joined, proper, unknown float64 }

func in(list []string, w string) bool {
	_, found := slices.BinarySearch(list, w)
	return found
}

// inflected says whether list has w or what w is a form of.
func inflected(list []string, w string) bool {
	if in(list, w) {
		return true
	}
	n := len(w)
	for _, e := range endings {
		if n >= e.least && strings.HasSuffix(w, e.ending) && in(list, w[:n-e.cut]+e.with) {
			return true
		}
	}
	return false
}

// read says of what words a text consists.
func read(s string) (r reading) {
	letters := 0.0
	words, _, digits, _ := split(withoutEnding(s))
	for _, t := range words {
		if t == "v" && digits > 0 {
			continue // "users-v2"
		}
		n := float64(len(t))
		letters += n
		switch {
		case joinedOddness(t, 5) < 1:
		case inflected(commonWords, t):
			r.common += n
		case inflected(rarerWords, t):
			r.rarer += n
		case in(properNames, t):
			r.proper += n
		case twoWords(t):
			r.joined += n
		default:
			r.unknown += n
		}
	}
	if letters > 0 {
		r = reading{r.common / letters, r.rarer / letters, r.joined / letters, r.proper / letters, r.unknown / letters}
	}
	return r
}

// twoWords says whether w is two words in a row, as "mealplanner". The first stands as
// it is, the second in any form.
func twoWords(w string) bool {
	if len(w) > 40 {
		return false
	}
	for i := 3; i <= len(w)-3; i++ {
		first, second := w[:i], w[i:]
		if !(wordOddness(first) < 1 || in(commonWords, first) || i > 3 && in(rarerWords, first)) {
			continue
		}
		if joinedOddness(second, 2) < 1 || inflected(commonWords, second) || len(second) > 3 && inflected(rarerWords, second) {
			return true
		}
	}
	return false
}

// add adds o, weighed.
func (r *reading) add(o reading, weight float64) {
	r.common += float64(o.common * weight)
	r.rarer += float64(o.rarer * weight)
	r.joined += float64(o.joined * weight)
	r.proper += float64(o.proper * weight)
	r.unknown += float64(o.unknown * weight)
}
