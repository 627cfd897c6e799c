package learn

import (
	"slices"
	"testing"
)

func TestReading(t *testing.T) {
	for _, c := range []struct {
		text string
		want reading
	}{
		{"users", reading{}},                                 // a word of APIs: nothing is left to say
		{"search-v2", reading{}},                             // and a version
		{"bamboos", reading{rarer: 1}},                       // the plural of a word of the language
		{"bamboos.json", reading{rarer: 1}},                  // with what belongs to the endpoint
		{"berlin", reading{proper: 1}},                       // a place
		{"userBerlin", reading{proper: 0.6}},                 // six letters of ten
		{"xqzvkw", reading{unknown: 1}},                      // no word
		{"bamboosaddle", reading{joined: 1}},                 // two words in a row
		{"2024", reading{}},                                  // no letters
		{"bamboo_xqzvkw", reading{rarer: 0.5, unknown: 0.5}}, // half and half
	} {
		if got := read(c.text); got != c.want {
			t.Errorf("%q is read as %+v, want %+v", c.text, got, c.want)
		}
	}
}

// Words are looked for by halving, and each in one list: what the vocabulary has is
// never asked for in the others.
func TestListsOfWords(t *testing.T) {
	for name, list := range map[string][]string{"common": commonWords, "rarer": rarerWords, "proper": properNames} {
		if len(list) < 3000 || !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
			t.Errorf("%s: %d words, not all in order or some twice", name, len(list))
		}
		for _, w := range list {
			if _, ok := vocabulary[w]; ok {
				t.Errorf("%s: %q is in the vocabulary", name, w)
			}
		}
	}
	for _, w := range properNames {
		if inflected(commonWords, w) || inflected(rarerWords, w) {
			t.Errorf("%q is a name and a word", w)
		}
	}
}

func TestNamesHaveRoomOfTheirOwn(t *testing.T) {
	cfg := Defaults()
	cfg.MaxChildren = 8
	tree := New(cfg)
	words := commonWords[:24]
	for i := range 300 {
		tree.Add(Sample{Method: "GET", Template: "/v1/" + "xq" + string(rune('a'+i%26)) + "zv" + string(rune('a'+i/26)) + "kw", Hits: 3})
	}
	for _, w := range words {
		tree.Add(Sample{Method: "GET", Template: "/v1/" + w, Hits: 1})
	}
	place := tree.root.children["v1"]
	for _, w := range words {
		if place.children[w] == nil {
			t.Errorf("%q found no room beside values", w)
		}
	}
	if n := len(words) + 8; int(place.literals) != n || place.children[overflow] == nil {
		t.Errorf("%d literals, want %d, and the rest under %s", place.literals, n, overflow)
	}
	tree.Add(Sample{Method: "GET", Template: "/v1/" + commonWords[100], Hits: 1})
	if int(place.literals) != len(words)+8 {
		t.Error("names have room without end")
	}
}
