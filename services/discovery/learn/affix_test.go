package learn

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A verb that is seldom asked for is its own operation still where values have long
// found no room.
func TestEndingsOutliveTheirValues(t *testing.T) {
	tree := New(Defaults())
	r := rand.New(rand.NewPCG(9, 9))
	value := func(i int) string {
		return fmt.Sprintf("%s-%s%d", names[r.IntN(len(names))], names[r.IntN(len(names))], i)
	}
	for i := range 3000 {
		tree.Add(Sample{Method: "GET", Template: "/v1/jobs/" + value(i), Hits: 1})
		tree.Add(Sample{Method: "POST", Template: "/v1/jobs/" + value(i) + ":cancel", Hits: 1})
		if i < 5 {
			tree.Add(Sample{Method: "POST", Template: "/v1/jobs/" + value(i) + ":archive", Hits: 1})
		}
		if i%10 == 0 { // an ending that is everybody's own
			tree.Add(Sample{Method: "GET", Template: fmt.Sprintf("/v1/jobs/%s.x%d", value(i), i), Hits: 1})
		}
	}
	if tree.Folded() == 0 {
		t.Fatal("all values found room")
	}
	tree.Decide()
	for lexical, want := range map[string]string{
		"POST /v1/jobs/new-1:archive": "/v1/jobs/{string}:archive",
		"POST /v1/jobs/new-1:cancel":  "/v1/jobs/{string}:cancel",
		"POST /v1/jobs/{id}:cancel":   "/v1/jobs/{string}:cancel",
		"GET /v1/jobs/new-1":          "/v1/jobs/{string}",
		"GET /v1/jobs/new-1.x1":       "/v1/jobs/{string}",
	} {
		var method, template string
		if _, err := fmt.Sscan(lexical, &method, &template); err != nil {
			t.Fatal(err)
		}
		if got := tree.Resolve(method, template); got != want {
			t.Errorf("%s is %s, want %s", lexical, got, want)
		}
	}
	if n := len(tree.root.children["v1"].children["jobs"].children); n > Defaults().MaxChildren+mostVerbs+1 {
		t.Errorf("%d children", n)
	}
}

// Whoever invents endings makes no children without end, and no endpoints.
func TestInventedEndings(t *testing.T) {
	tree := New(Defaults())
	var samples []Sample
	for i := range 2000 {
		samples = append(samples, Sample{Method: "GET", Template: fmt.Sprintf("/v1/jobs/%s-%d:%c%c%c", names[i%len(names)], i, 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26), Hits: 1})
		tree.Add(samples[i])
	}
	tree.Decide()
	if got := learned(tree, samples); !slices.Equal(got, []string{"GET /v1/jobs/{string}"}) {
		t.Errorf("%d endpoints: %q", len(got), got[:min(len(got), 9)])
	}
	if n := len(tree.root.children["v1"].children["jobs"].children); n > Defaults().MaxChildren+mostVerbs+1 {
		t.Errorf("%d children", n)
	}
}
