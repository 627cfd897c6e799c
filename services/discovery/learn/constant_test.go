package learn

import "testing"

func TestConstants(t *testing.T) {
	one, many := Prefix{Text: "2021-07-01"}, Prefix{Varies: true}
	add := func(tree *Tree, template string, hits uint64, p Prefix) {
		tree.Add(Sample{Method: "GET", Template: template, Hits: hits, Prefix: p})
	}
	for name, c := range map[string]struct {
		fill     func(*Tree)
		from, to string
	}{
		"a version that is a date": {func(t *Tree) { add(t, "/{date}/users", 20, one); add(t, "/{date}/items", 10, one) }, "/{date}/users", "/2021-07-01/users"},
		"behind api":               {func(t *Tree) { add(t, "/api/{date}/users", 30, one) }, "/api/{date}/users", "/api/2021-07-01/users"},
		"too few":                  {func(t *Tree) { add(t, "/{date}/users", 29, one) }, "/{date}/users", "/{date}/users"},
		"two of them": {func(t *Tree) {
			add(t, "/{date}/users", 30, one)
			add(t, "/{date}/items", 30, Prefix{Text: "2022-01-01"})
		}, "/{date}/users", "/{date}/users"},
		"it varies somewhere":       {func(t *Tree) { add(t, "/{date}/users", 30, one); add(t, "/{date}/items", 1, many) }, "/{date}/users", "/{date}/users"},
		"an object of a collection": {func(t *Tree) { add(t, "/users/{int}/cards", 900, Prefix{Text: "42"}) }, "/users/{int}/cards", "/users/{int}/cards"},
		"nothing below":             {func(t *Tree) { add(t, "/{int}", 900, Prefix{Text: "42"}) }, "/{int}", "/{int}"},
		"an endpoint itself":        {func(t *Tree) { add(t, "/{int}", 900, Prefix{Text: "42"}); add(t, "/{int}/x", 900, Prefix{Text: "42"}) }, "/{int}/x", "/{int}/x"},
		"nobody said what it was":   {func(t *Tree) { add(t, "/{date}/users", 900, Prefix{}) }, "/{date}/users", "/{date}/users"},
		"beside another type":       {func(t *Tree) { add(t, "/{date}/users", 30, one); add(t, "/{uuid}/users", 30, many) }, "/{date}/users", "/2021-07-01/users"},
	} {
		tree := New(Defaults())
		c.fill(tree)
		tree.Decide()
		if got := tree.Resolve("GET", c.from); got != c.to {
			t.Errorf("%s: %s, want %s", name, got, c.to)
		}
	}
}

// What stands behind a constant is learned, and what persons say of it is heard.
func TestBehindAConstant(t *testing.T) {
	tree := New(Defaults())
	for _, n := range names {
		tree.Add(Sample{Method: "GET", Template: "/{date}/users/" + n, Hits: 2, Prefix: Prefix{Text: "2021-07-01"}})
	}
	tree.Decide()
	if got := tree.Resolve("GET", "/{date}/users/zelda"); got != "/2021-07-01/users/{string}" {
		t.Fatal(got)
	}
	if _, values := tree.Texts("/2021-07-01/users"); len(values) != len(names) {
		t.Errorf("%d texts are there", len(values))
	}
	tree.Split("/2021-07-01/users", "zelda")
	tree.Decide()
	if got := tree.Resolve("GET", "/{date}/users/zelda"); got != "/2021-07-01/users/zelda" {
		t.Error(got)
	}
	tree.Add(Sample{Method: "GET", Template: "/{date}/users/mario", Hits: 1, Prefix: Prefix{Text: "2022-01-01"}})
	tree.Decide()
	if got := tree.Resolve("GET", "/{date}/users/mario"); got != "/{date}/users/{string}" {
		t.Error(got)
	}
}

// The order in which texts are told of is no matter.
func TestPrefixJoins(t *testing.T) {
	all := []Prefix{{}, {Text: "a"}, {Text: "b"}, {Varies: true}}
	for _, a := range all {
		for _, b := range all {
			for _, c := range all {
				x, y, z := a, b, a
				x.Join(b)
				x.Join(c)
				y.Join(c)
				z.Join(y)
				w := c
				w.Join(b)
				w.Join(a)
				if x != z || x != w {
					t.Errorf("%+v %+v %+v: %+v, %+v or %+v", a, b, c, x, z, w)
				}
			}
		}
	}
}
