package learn

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/segmentio/encoding/json"
)

// names are values that read like nothing a developer would call a resource.
var names = strings.Fields(`zelda mario luigi peach yoshi toad bowser wario daisy rosalina birdo koopa goomba lakitu boo pauline toadette
	kamek petey waluigi nabbit cappy tiara spike dorrie wiggler`)

// sampleLine is a sample as the cases write it: "GET /users/jane x3 id,name".
func sampleLine(t testing.TB, line string) (out []Sample) {
	t.Helper()
	f := strings.Fields(line)
	if len(f) < 3 {
		t.Fatalf("%q is no sample", line)
	}
	var hits uint64
	if _, err := fmt.Sscanf(f[2], "x%d", &hits); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	s := Sample{Method: f[0], Template: f[1], Hits: hits}
	if len(f) > 3 {
		for i, name := range strings.Split(f[3], ",") {
			s.Response = append(s.Response, Field{Hash: uint32(len(name))<<16 | uint32(name[0])<<8 | uint32(i), Count: hits})
		}
	}
	if !strings.Contains(s.Template, "NAME") {
		return []Sample{s}
	}
	for i := range names {
		v := s
		v.Template = strings.Replace(strings.Replace(s.Template, "NAME", names[i], 1), "NAME", names[len(names)-1-i], 1)
		out = append(out, v)
	}
	return out
}

func learned(t *Tree, samples []Sample) []string {
	var out []string
	for _, s := range samples {
		if x := s.Method + " " + t.Resolve(s.Method, s.Template); !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	slices.Sort(out)
	return out
}

func TestCases(t *testing.T) {
	b, err := os.ReadFile("testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for l := range bytes.Lines(b) {
		n++
		var c struct {
			Name    string   `json:"name"`
			Samples []string `json:"samples"`
			Learned []string `json:"learned"`
		}
		if err := json.Unmarshal(l, &c); err != nil {
			t.Fatalf("case %d: %v", n, err)
		}
		t.Run(c.Name, func(t *testing.T) {
			var samples []Sample
			for _, line := range c.Samples {
				samples = append(samples, sampleLine(t, line)...)
			}
			// In any order, in pieces, with decisions in between.
			for seed := range uint64(4) {
				r := rand.New(rand.NewPCG(seed, 1))
				tree := New(Defaults())
				for _, i := range r.Perm(len(samples)) {
					tree.Add(samples[i])
					if r.IntN(5) == 0 {
						tree.Decide()
					}
				}
				tree.Decide()
				if got := learned(tree, samples); !slices.Equal(got, c.Learned) {
					t.Fatalf("seed %d: got\n%s\nwant\n%s", seed, strings.Join(got, "\n"), strings.Join(c.Learned, "\n"))
				}
			}
		})
	}
	if n != 36 {
		t.Fatalf("%d cases, want 36", n)
	}
}

// grown is a tree of some size, with everything that a snapshot must hold.
func grown(seed uint64, n int) *Tree {
	r := rand.New(rand.NewPCG(seed, 7))
	t := New(Defaults())
	for range n {
		s := Sample{Method: []string{"GET", "PUT"}[r.IntN(2)], Hits: 1 + uint64(r.IntN(3))}
		s.Template = "/v1/" + []string{"users", "orders", "teams"}[r.IntN(3)] + "/" + names[r.IntN(len(names))]
		s.Template += []string{"", "/items", "/{int}", "/{int}.json", "/{uuid}", ".json", ":cancel"}[r.IntN(7)]
		if r.IntN(4) == 0 {
			s.Template, s.Prefix = "/{date}"+s.Template, Prefix{Text: "2021-07-01"}
		}
		for f := range uint32(r.IntN(40)) {
			s.Response = append(s.Response, Field{Hash: f * 77, Count: s.Hits})
		}
		t.Add(s)
	}
	return t
}

func TestSnapshotEqualsNeverHavingStopped(t *testing.T) {
	for seed := range uint64(6) {
		tree := grown(seed, 300)
		tree.Decide()
		tree.Split("/v1/users", "mario")
		tree.Merge("/v1", "orders")
		tree.Freeze("/v1/teams")
		tree.MergeAll("/v1/orders")
		tree.Rename("/v1/users/{string}", 0, "user")
		if seed%2 == 0 {
			tree.Decide()
		}
		b := tree.Append(nil)
		again, rest, err := Decode(append(b, 1, 2), Defaults())
		if err != nil || len(rest) != 2 {
			t.Fatalf("%v, %d bytes left", err, len(rest))
		}
		if !bytes.Equal(again.Append(nil), b) || again.Nodes() != tree.Nodes() {
			t.Fatalf("seed %d: another tree came back", seed)
		}
		more := grown(seed+100, 1)
		for _, x := range []*Tree{tree, again} {
			x.Add(Sample{Method: "GET", Template: "/v1/users/new/items", Hits: 2})
			x.Decide()
		}
		if !bytes.Equal(again.Append(nil), tree.Append(nil)) {
			t.Fatalf("seed %d: they differ later", seed)
		}
		if bytes.Equal(more.Append(nil), tree.Append(nil)) {
			t.Fatal("two different trees have equal bytes")
		}
	}
}

func TestPins(t *testing.T) {
	tree := New(Defaults())
	feed := func(template string) { tree.Add(Sample{Method: "GET", Template: template, Hits: 2}) }
	for _, n := range names {
		feed("/users/" + n + "/orders")
	}
	feed("/users/search/orders")
	expect := func(lexical, want string) {
		t.Helper()
		tree.Decide()
		if got := tree.Resolve("GET", lexical); got != want {
			t.Errorf("%s is %s, want %s", lexical, got, want)
		}
	}
	expect("/users/mario/orders", "/users/{string}/orders")
	tree.Split("/users", "mario")
	expect("/users/mario/orders", "/users/mario/orders")
	expect("/users/luigi/orders", "/users/{string}/orders")
	tree.Merge("/users", "search")
	expect("/users/search/orders", "/users/{string}/orders")
	tree.Unpin("/users/", "mario", "search")
	expect("/users/mario/orders", "/users/{string}/orders")
	tree.Decide()
	tree.Freeze("/users")
	feed("/users/nobody-knows-x1/orders")
	expect("/users/nobody-knows-x1/orders", "/users/nobody-knows-x1/orders")
	expect("/users/mario/orders", "/users/{string}/orders")
	tree.Thaw("/users")
	expect("/users/nobody-knows-x1/orders", "/users/{string}/orders")
	if got := tree.Revision(); got == 0 {
		t.Error("no revision")
	}
	before := []string{"users_id", "orders_id"}
	tree.Rename("/users/{string}/orders/{int}", 0, "login")
	if got := tree.Name("/users/{string}/orders/{string}", before); !slices.Equal(got, []string{"login", "orders_id"}) || before[0] != "users_id" {
		t.Errorf("names %v of %v", got, before)
	}
	tree.Rename("/users/{string}/orders/{int}", 0, "")
	if got := tree.Name("/users/{string}/orders/{string}", before); !slices.Equal(got, before) {
		t.Errorf("names %v", got)
	}
}

func TestBounds(t *testing.T) {
	cfg := Defaults()
	cfg.MaxNodes, cfg.MaxChildren = 500, 16
	tree := New(cfg)
	for i := range 5000 {
		tree.Add(Sample{Method: "GET", Template: fmt.Sprintf("/a%d/b/c%d", i%40, i), Hits: 1})
		if tree.Nodes() > 500 {
			t.Fatalf("%d nodes", tree.Nodes())
		}
	}
	count, wide := 0, 0
	var walk func(n *node)
	walk = func(n *node) {
		count++
		literals := 0
		for k, c := range n.children {
			if !isTyped(k) {
				literals++
			}
			walk(c)
		}
		if literals != int(n.literals) {
			t.Fatalf("%d literals are counted as %d", literals, n.literals)
		}
		wide = max(wide, literals)
	}
	walk(tree.root)
	if count != tree.Nodes() || wide > 16 || tree.Folded() == 0 {
		t.Errorf("%d nodes are counted as %d, %d literals at one place, %d folded", count, tree.Nodes(), wide, tree.Folded())
	}
	narrow := New(Config{MaxNodes: 50, MaxChildren: 1000, MaxFields: 4})
	for i := range 500 {
		narrow.Add(Sample{Method: "GET", Template: fmt.Sprintf("/c%d", i), Hits: 1})
	}
	if narrow.Nodes() > 50 || narrow.Evicted() < 400 {
		t.Errorf("%d nodes, %d evicted", narrow.Nodes(), narrow.Evicted())
	}
	if narrow.root.children["c499"] == nil || narrow.root.children["c0"] != nil {
		t.Error("not the one fed least recently went")
	}
}

// What is asked for often stays a name though values without end come by.
func TestFrequentNamesStayBesideManyValues(t *testing.T) {
	tree := New(Defaults())
	r := rand.New(rand.NewPCG(3, 3))
	for i := range 3000 {
		tree.Add(Sample{Method: "GET", Template: fmt.Sprintf("/users/%s-%s%d", names[r.IntN(len(names))], names[r.IntN(len(names))], i), Hits: 1})
		if i%10 == 0 {
			tree.Add(Sample{Method: "POST", Template: "/users/search", Hits: 1})
		}
	}
	tree.Decide()
	if got := tree.Resolve("POST", "/users/search"); got != "/users/search" {
		t.Errorf("search is %s", got)
	}
	if got := tree.Resolve("GET", "/users/never-seen-before"); got != "/users/{string}" {
		t.Errorf("a value is %s", got)
	}
}

func FuzzDecode(f *testing.F) {
	tree := grown(1, 60)
	f.Add(tree.Append(nil))
	tree.Decide()
	tree.Split("/v1/users", "mario")
	tree.Rename("/v1/users/{string}", 0, "user")
	tree.Freeze("/v1/teams")
	f.Add(tree.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, _, err := Decode(b, Defaults())
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		tree.Add(Sample{Method: "GET", Template: "/v1/users/mario", Hits: 1})
		tree.Decide()
		tree.Resolve("GET", "/v1/users/mario")
	})
}

func FuzzResolve(f *testing.F) {
	f.Add("/users/jane", "/users/{string}.json")
	f.Add("/", "/{int}/{")
	f.Add("/a/@b/c.json", "/a/{string}.json/@{string}:d")
	f.Fuzz(func(t *testing.T, a, b string) {
		tree := New(Defaults())
		for _, x := range []string{a, b} {
			if strings.HasPrefix(x, "/") && !strings.Contains(x, "//") {
				tree.Add(Sample{Method: "GET", Template: x, Hits: 3})
			}
		}
		tree.Decide()
		for _, x := range []string{a, b} {
			if !strings.HasPrefix(x, "/") || strings.Contains(x, "//") {
				continue
			}
			if got := tree.Resolve("GET", x); strings.Count(got, "/") != strings.Count(x, "/") {
				t.Fatalf("%q becomes %q", x, got)
			}
			if again := tree.Resolve("GET", tree.Resolve("GET", x)); again != tree.Resolve("GET", x) {
				t.Fatalf("%q becomes %q and then %q", x, tree.Resolve("GET", x), again)
			}
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	tree := grown(1, 5000)
	s := Sample{Method: "GET", Template: "/v1/users/mario/items", Hits: 1, Response: []Field{{Hash: 1, Count: 1}, {Hash: 77, Count: 1}}}
	b.ReportAllocs()
	for b.Loop() {
		tree.Add(s)
	}
}

func BenchmarkDecide(b *testing.B) {
	tree := New(Defaults())
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 10_000 {
		tree.Add(Sample{Method: "GET", Template: fmt.Sprintf("/api/r%d/%s/items", i%200, names[r.IntN(len(names))]), Hits: 1})
	}
	b.ReportMetric(float64(tree.Nodes()), "nodes")
	b.ReportAllocs()
	for b.Loop() {
		tree.dirty = true
		tree.Decide()
	}
}

func BenchmarkResolve(b *testing.B) {
	tree := grown(1, 5000)
	tree.Decide()
	b.ReportAllocs()
	for b.Loop() {
		tree.Resolve("GET", "/v1/users/mario/items")
	}
}

// A host that answers 200 with one page to whatever is asked has few endpoints.
func TestCatchAllDoesNotExplode(t *testing.T) {
	tree := New(Defaults())
	r := rand.New(rand.NewPCG(5, 5))
	word := func() string {
		return names[r.IntN(len(names))] + []string{"-", "_", ".", ""}[r.IntN(4)] + names[r.IntN(len(names))]
	}
	page := []Field{{Hash: 1, Count: 1}, {Hash: 2, Count: 1}, {Hash: 3, Count: 1}, {Hash: 4, Count: 1}}
	var samples []Sample
	for range 3000 {
		s := Sample{Method: "GET", Template: "/" + word(), Hits: 1, Response: page}
		if r.IntN(2) == 0 {
			s.Template += "/" + word()
		}
		samples = append(samples, s)
		tree.Add(s)
	}
	samples = append(samples, Sample{Method: "GET", Template: "/wp-admin", Hits: 1})
	tree.Add(samples[len(samples)-1])
	tree.Decide()
	if got := learned(tree, samples); len(got) > 4 || !slices.Contains(got, "GET /{string}") {
		t.Errorf("%d endpoints: %q", len(got), got[:min(len(got), 20)])
	}
}
