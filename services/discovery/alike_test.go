package discovery

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/discovery/inventory"
)

func known(labels ...[2]string) *inventory.Inventory {
	v := inventory.New()
	for _, l := range labels {
		v.Apply(catalog.Endpoint{
			ID: catalog.ID("default", "h", l[0], l[1]), Tenant: "default", Host: "h", Method: l[0], Template: l[1], Protocol: "rest",
			Source: catalog.Learned, Version: 1,
		})
	}
	v.Refresh()
	return v
}

// send has d see r, at second i of the test's hour.
func send(d detect.Detector, r request, i int) []finding.Finding {
	var tx detect.Tx
	var out detect.Out
	e := r.event(i)
	tx.Reset(e, detect.Source{}, start.Add(time.Duration(i)*time.Second), &catalog.Lexical{}, content.Limits{})
	d.(detect.Preparer).Prepare(&tx)
	d.Detect(&tx, &out)
	return out.Findings
}

func TestLookAlikesAreOneFindingThatGrows(t *testing.T) {
	cfg := Defaults()
	cfg.Catalog = known([2]string{"GET", "/admin/users"}, [2]string{"GET", "/orders/{int}"})
	d := Factory(cfg)(0)
	if f := send(d, request{URI: "/admin/users", Status: 200}, 0); len(f) != 0 {
		t.Fatalf("the endpoint itself is said to look like one: %+v", f)
	}
	var counts []uint64
	var ids = map[string]bool{}
	for i := range 8 {
		status := uint16(404)
		if i >= 4 { // the fifth gets through
			status = 200
		}
		for _, f := range send(d, request{URI: "/Admin/users", Status: status}, 1+i) {
			if f.Rule != "INV-02" || f.Subject.Endpoint != "GET h/admin/users" {
				t.Errorf("finding %+v", f)
			}
			counts, ids[f.ID] = append(counts, f.Count), true
		}
	}
	if want := []uint64{1, 2, 4, 5, 8}; !slices.Equal(counts, want) || len(ids) != 1 {
		t.Errorf("counts %v with %d ids, want %v with one", counts, len(ids), want)
	}
	if f := send(d, request{URI: "/admin/users;x=1", Status: 404}, 20); len(f) != 1 || ids[f[0].ID] {
		t.Errorf("another trick: %+v", f)
	}
	if f := send(d, request{URI: "/nothing/like/it", Status: 404}, 21); len(f) != 0 {
		t.Errorf("what resembles nothing: %+v", f)
	}
}

// What is answered under another spelling of a path that the catalog has counts there, and
// what goes by dot segments to nowhere known is no endpoint.
func TestSpellingsAreNoEndpoints(t *testing.T) {
	catalogued := [][2]string{{"GET", "/admin/users"}, {"GET", "/orders/{int}"}, {"GET", "/reports/{string}"}}
	spellings := []string{
		"/Admin/users", "/ADMIN/USERS", "/admin/users.", "/admin/users%20", "/admin;x=1/users", "/public/..;/admin/users", "/./admin/users", "//admin//users/",
		"/%61dmin/users", "/%2561dmin/users", "/admin%2fusers", "/admin%5Cusers", "/Orders/42", "/x/../orders/42", "/Reports/spring",
	}
	cfg := Defaults()
	cfg.Catalog = known(catalogued...)
	events := []*event.Event{request{URI: "/admin/users", Status: 200}.event(0), request{URI: "/orders/7", Status: 200}.event(1), request{URI: "/reports/spring", Status: 200}.event(2)}
	for _, uri := range spellings {
		events = append(events, request{URI: uri, Status: 200}.event(len(events)))
	}
	events = append(events,
		request{URI: "/Admin/users", Status: 404}.event(len(events)), // refused: counted for nothing that is listed
		request{Method: "PATCH", URI: "/ADMIN/users", Status: 200}.event(len(events)+1),
		request{URI: "/static/../../etc/passwd", Status: 200}.event(len(events)+2), request{URI: "/static/%2e/x", Status: 200}.event(len(events)+3))
	var got []string
	for _, e := range run(t, cfg, events, 1, nil).endpoints(t) {
		got = append(got, fmt.Sprintf("%s %d", e.Label(), e.Hits))
	}
	want := []string{"GET h/admin/users 13", "GET h/orders/{int} 3", "GET h/reports/spring 2", "PATCH h/admin/users 1"}
	if !slices.Equal(got, want) {
		t.Errorf("endpoints %q, want %q", got, want)
	}
}

func TestLookAlikesSurviveARestart(t *testing.T) {
	cfg := Defaults()
	cfg.Catalog = known([2]string{"GET", "/admin/users"})
	a := Factory(cfg)(0)
	for i := range 3 {
		send(a, request{URI: "/ADMIN/users", Status: 404}, i)
	}
	var b bytes.Buffer
	if err := a.(detect.Stateful).Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	again := Factory(cfg)(0)
	if err := again.(detect.Stateful).Restore(&b); err != nil {
		t.Fatal(err)
	}
	x, y := send(a, request{URI: "/ADMIN/users", Status: 404}, 5), send(again, request{URI: "/ADMIN/users", Status: 404}, 5)
	if len(x) != 1 || len(y) != 1 || x[0].ID != y[0].ID || y[0].Count != 4 || !x[0].FirstSeen.Equal(y[0].FirstSeen) {
		t.Errorf("went on %+v, restored %+v", x, y)
	}
}

func FuzzDetectorRestore(f *testing.F) {
	cfg := Defaults()
	cfg.Catalog = known([2]string{"GET", "/admin/users"})
	d := Factory(cfg)(0)
	send(d, request{URI: "/Admin/users", Status: 404}, 0)
	var b bytes.Buffer
	if err := d.(detect.Stateful).Snapshot(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		d := Factory(cfg)(0)
		if d.(detect.Stateful).Restore(bytes.NewReader(b)) == nil {
			send(d, request{URI: "/Admin/users", Status: 200}, 1)
		}
	})
}
