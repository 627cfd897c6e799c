package discovery

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/discovery/order"
)

// What is around a value is an endpoint of its own in the catalog, and the value is the
// same in both. A person may say that it is part of the value, and that one of the
// values is a name.
func TestEndingsAreEndpoints(t *testing.T) {
	x := newMerging(t, Defaults())
	for _, p := range people {
		x.feed(200, "/zones/"+p, "/zones/"+p+".txt", "/zones/"+p+".txt")
	}
	x.feed(200, "/zones/7.txt", "/zones/7", "/login")
	n := len(people)
	count := func(template string, n int) string { return fmt.Sprintf("%s %d", template, n) }
	apart := []string{"/login 1", count("/zones/{string}", n+1), count("/zones/{string}.txt", 2*n+1)}
	x.expect(apart...)
	for path, want := range map[string]string{"/zones/nobody": "/zones/{string}", "/zones/nobody.txt": "/zones/{string}.txt", "/zones/" + people[0] + ".txt": "/zones/{string}.txt", "/zones/8.txt": "/zones/{string}.txt"} {
		m := x.live.Match("default", "h", "GET", []byte(path))
		id := strings.TrimSuffix(strings.TrimPrefix(path, "/zones/"), ".txt")
		if m.Template != want || !m.Known || len(m.Values) != 1 || m.Values[0].Text != id {
			t.Errorf("%s is %+v", path, m)
		}
	}
	e := x.all[catalog.ID("default", "h", "GET", "/zones/{string}.txt")]
	if len(e.Params) != 1 || e.Params[0].Name != "zones_id" || e.Params[0].Count != uint64(2*n+1) {
		t.Errorf("parameters %+v", e.Params)
	}
	pins := func(template string) []catalog.Pin {
		return x.all[catalog.ID("default", "h", "GET", template)].Pins
	}

	// One of them is a name, and is a value again.
	name := "/zones/" + people[0] + ".txt"
	split := order.Order{Op: order.Split, Method: "GET", Template: "/zones/{string}.txt", Segment: 1, Name: people[0] + ".txt"}
	x.says("is a name where it is "+people[0]+".txt. The template is "+name+" now.", split)
	x.expect("/login 1", count(name, 2), count("/zones/{string}", n+1), count("/zones/{string}.txt", 2*n-1))
	x.says("is no longer pinned", order.Order{Op: order.Unpin, Template: name, Segment: 1})
	x.expect(apart...)
	split.Template = "/zones/{string}"
	x.says("is no value that was seen at segment 2", split)

	// The ending is part of the value, until that is taken back.
	whole := []string{"/login 1", count("/zones/{int}.txt", 1), count("/zones/{string}", 3*n+1)}
	x.says("is a value as a whole. The template is /zones/{string} now.", order.Order{Op: order.Merge, Template: "/zones/{string}.txt", Segment: 1})
	x.expect(whole...)
	if got := pins("/zones/{string}"); !slices.Equal(got, []catalog.Pin{{Segment: 1, Text: "*.txt", Value: true}}) {
		t.Errorf("pins %+v", got)
	}
	x.says("is no longer pinned where it is *.txt", order.Order{Op: order.Unpin, Template: "/zones/{string}", Segment: 1, Name: "*.txt"})
	x.expect(apart...)
	x.says("is a value already", order.Order{Op: order.Merge, Template: "/zones/{string}.txt", Segment: 1, Name: order.All})

	// Pinned, it stays apart though other endings come.
	x.says("stays as it is", order.Order{Op: order.Pin, Template: "/zones/{string}.txt", Segment: 1})
	if got := pins("/zones/{string}.txt"); len(got) != n+1 || got[0] != (catalog.Pin{Segment: 1, Text: "*.txt"}) || !got[1].Value {
		t.Errorf("pins %+v", got)
	}
	for _, ending := range strings.Fields(".a .b .c .d .e .f .g .h .i") {
		for _, p := range people[:3] {
			x.feed(200, "/zones/"+p+"-x"+ending)
		}
	}
	pinned := []string{"/login 1", count("/zones/{string}", n+1+27), count("/zones/{string}.txt", 2*n+1)}
	x.expect(pinned...)
	x.says("is no longer pinned", order.Order{Op: order.Unpin, Template: "/zones/{string}.txt", Segment: 1})
	x.expect("/login 1", count("/zones/{int}.txt", 1), count("/zones/{string}", 3*n+1+27))
	if got := x.tree().tree.Pins(); got != 0 {
		t.Errorf("%d pins are left", got)
	}
}

// says gives an order and expects a finding that holds the text.
func (x *merging) says(text string, o order.Order) {
	x.t.Helper()
	if f := x.say(o); !strings.Contains(f.Summary, text) || f.Severity != finding.Info && f.Title == ordered.Title {
		x.t.Errorf("%+v: %s", o, f.Summary)
	}
}
