package learn

import (
	"math"
	"slices"
	"testing"
)

// wordsAt are the literals at a place of a tree made of sample lines.
func wordsAt(t *testing.T, place string, lines ...string) (*Tree, []*child) {
	t.Helper()
	tree := New(Defaults())
	for _, l := range lines {
		for _, s := range sampleLine(t, l) {
			tree.Add(s)
		}
	}
	_, _, words := tree.host().childrenOf([]*node{tree.root.children[place]})
	return tree, words
}

func TestAffinity(t *testing.T) {
	_, words := wordsAt(t, "stats",
		"GET /stats/berlin x10", "GET /stats/berlin/daily x30", "GET /stats/oslo x1", "GET /stats/oslo/daily x3",
		"GET /stats/export/csv x20", "POST /stats/export x4")
	if got := []string{words[0].text, words[1].text, words[2].text}; !slices.Equal(got, []string{"berlin", "export", "oslo"}) {
		t.Fatal(got)
	}
	if same, variety := affinity(words[2].profile, together(words[:1]), false); math.Abs(same-1) > 1e-9 || math.Abs(variety-0.5623) > 1e-4 {
		t.Errorf("oslo is to berlin %f, %f", same, variety)
	}
	if same, _ := affinity(words[1].profile, together(words), true); same != 0 {
		t.Errorf("export is like the others: %f", same)
	}
	if same, variety := affinity(words[0].profile, together(words[:1]), true); same != 0 || variety != 0 {
		t.Errorf("nobody to be like: %f, %f", same, variety)
	}
}

func TestNamesThatStandBehindValues(t *testing.T) {
	tree, words := wordsAt(t, "shows",
		"GET /shows/fargo/ratings x9", "GET /shows/fargo/people x9", "GET /movies/{int}/ratings x9", "GET /movies/{int}/people x9",
		"GET /shows/charts/weekly x9", "GET /lists/charts/weekly x3")
	h := tree.host()
	if words[0].text != "charts" || words[1].text != "fargo" {
		t.Fatal(words[0].text, words[1].text)
	}
	if x := behind(words[1], h); math.Abs(x-math.Log(2)) > 1e-9 {
		t.Errorf("fargo: %f", x)
	}
	if x := behind(words[0], h); math.Abs(x+math.Log(2)) > 1e-9 {
		t.Errorf("charts: %f", x)
	}
}

func TestTwins(t *testing.T) {
	tree, words := wordsAt(t, "shops",
		"GET /shops/berlin/orders x9", "GET /shops/berlin/settings x9", "GET /shops/oslo/orders x9", "GET /shops/oslo/settings x9",
		"GET /shops/newest x9", "GET /users/{int}/settings x9")
	all := summarize(words)
	for i, want := range [][2]float64{{1, 1.5}, {0, 0}, {1, 1.5}} {
		if shared, special := twins(words[i], all, tree.host().places); shared != want[0] || special != want[1] {
			t.Errorf("%s: %f, %f, want %f", words[i].text, shared, special, want)
		}
	}
}
