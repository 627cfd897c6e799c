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

func TestNamesOfAllLevels(t *testing.T) {
	tree, words := wordsAt(t, "v1",
		"GET /v1/berlin/api/stops/nearby x9", "GET /v1/berlin/api/stops/{int}/trips x9", "GET /v1/oslo/api/stops/nearby x9", "GET /v1/status x9",
		"GET /v2/shops/nearby x9")
	all := summarize(words)
	// api and stops stand only below these two; nearby once elsewhere; trips below one.
	for i, want := range [][3]float64{{3.0 / 4, math.Log1p(2.5), 3.0 / 4}, {1, math.Log1p(2.5), 1}, {0, 0, 0}} {
		shared, special, like := deepTwins(words[i], all, tree.host().places)
		if got := [3]float64{shared, special, like}; got != want {
			t.Errorf("%s: %v, want %v", words[i].text, got, want)
		}
	}
	values := []bool{true, true, false}
	at := context{host: tree.host()}
	if n := kin(at, words, values); n != 2 {
		t.Errorf("%d names are below both alone", n)
	}
	if n := kin(at, words, []bool{true, false, false}); n != 0 {
		t.Errorf("one has %d names with itself", n)
	}
}

func TestWhatStandsAroundAPlace(t *testing.T) {
	tree, words := wordsAt(t, "users", "GET /users x9", "POST /users x2", "GET /users/zelda x3", "GET /users/recentLogins x3", "GET /admin/users/{int} x3")
	n := tree.root.children["users"]
	s := surroundingsOf(context{depth: 1, last: "users", host: tree.host(), uses: n.uses}, nil, words, summarize(words))
	if s.read != 1 || s.added != 1 || s.nothing != 0 || s.keyed != 0 || s.alone != 0 || s.camel != 0.5 || s.plural != 0.5 {
		t.Errorf("%+v", s)
	}
	if want := math.Log(2); s.leads != want { // elsewhere values stand behind users
		t.Errorf("leads %f, want %f", s.leads, want)
	}
	s = surroundingsOf(context{depth: 2, last: "by-name", host: tree.host()}, nil, words[:1], summarize(words[:1]))
	if s.nothing != 1 || s.keyed != 1 || s.alone != 1 || s.leads != 0 {
		t.Errorf("%+v", s)
	}
}
