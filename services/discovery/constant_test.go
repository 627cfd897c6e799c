package discovery

import (
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// A segment that looks like a value and never varies is a name, until it varies.
func TestAConstantIsAName(t *testing.T) {
	x := newMerging(t, Defaults())
	for range 20 {
		x.feed(200, "/2021-07-01/users/7", "/2021-07-01/items", "/users/42/cards")
	}
	x.feed(404, "/2019-01-01/items") // nobody was answered there
	x.expect("/2021-07-01/items 21", "/2021-07-01/users/{int} 20", "/users/{int}/cards 20")
	if m := x.live.Match("default", "h", "GET", []byte("/2021-07-01/users/8")); !m.Known || m.Template != "/2021-07-01/users/{int}" || len(m.Values) != 1 || m.Values[0].Text != "8" {
		t.Errorf("%+v", m)
	}
	e := x.all[catalog.ID("default", "h", "GET", "/2021-07-01/users/{int}")]
	if len(e.Params) != 1 || e.Params[0].Name != "users_id" || e.Params[0].Count != 20 {
		t.Errorf("parameters %+v", e.Params)
	}
	x.feed(200, "/2022-01-01/items")
	x.expect("/users/{int}/cards 20", "/{date}/items 22", "/{date}/users/{int} 20")
	// What looks random or personal is shown to nobody.
	for s, want := range map[string]string{
		"8f14e45fceea167a5a36dedd4bea2543": "/{hex}/users 40", "ann@example.com": "/{email}/users 40", "cus_NffrFeUfNV2Hib": "/{id}/users 40", "7": "/7/users 40",
	} {
		y := newMerging(t, Defaults())
		for range 40 {
			y.feed(200, "/"+s+"/users")
		}
		y.expect(want)
	}
}

// How clients spell the end of a path is told, and does not make another endpoint of it.
func TestTheSlashAtTheEnd(t *testing.T) {
	x := newMerging(t, Defaults())
	for range 9 {
		x.feed(200, "/labels/7/", "/labels", "/")
	}
	x.feed(301, "/labels/8", "/labels/9", "/labels/10") // elsewhere
	x.feed(404, "/labels/11", "/labels/12")
	x.feed(200, "/labels/13", "/labels/")
	x.decide()
	for template, want := range map[string]string{"/labels/{int}": "/labels/{int}/", "/labels": "/labels", "/": "/"} {
		if e := x.all[catalog.ID("default", "h", "GET", template)]; e.Path() != want {
			t.Errorf("%s stands as %s (slash: %v), want %s", template, e.Path(), e.TrailingSlash, want)
		}
	}
	for range 20 {
		x.feed(200, "/labels/14")
	}
	x.decide()
	if e := x.all[catalog.ID("default", "h", "GET", "/labels/{int}")]; e.Path() != "/labels/{int}" {
		t.Errorf("most ask without, and it stands as %s", e.Path())
	}
}
