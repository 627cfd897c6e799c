package console

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// dayBefore is the start of the day that was n days ago.
func dayBefore(w *world, n int) time.Time {
	return w.now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -n)
}

func TestStoreChanges(t *testing.T) {
	cfg, _ := database(t)
	w := bank(t, cfg, .2)
	w.older()
	s := storeOf(t, w)
	cases := []struct {
		since, until                                int
		changed, added, ended, fields, gone, untold int
	}{
		{since: 300, added: 13}, // before the oldest endpoint: all are new
		{since: 100, added: 11, untold: 2},
		{since: 70, added: 10, ended: 1, fields: 3, untold: 3},
		{since: 25, added: 9, ended: 3, fields: 2, gone: 1, untold: 3},
		{since: 7, changed: 1, added: 9, ended: 3, fields: 2, gone: 2, untold: 1},
		{since: 2, changed: 1, added: 8, ended: 3, gone: 2, untold: 2},
		{since: 25, until: 15, gone: 1, untold: 1},
		{since: 11, until: 5, gone: 2},
		{since: 299, until: 298, gone: 0},
	}
	for _, c := range cases {
		got, err := s.changesBetween(t.Context(), dayBefore(w, c.since), dayBefore(w, c.until), 100, 1000)
		must(t, err)
		counts := c
		counts.changed, counts.added, counts.ended = len(got.Changed), len(got.Added.Rows), len(got.Ended.Rows)
		counts.fields, counts.gone, counts.untold = len(got.Fields.Rows), len(got.Gone.Rows), int(got.Untold)
		if counts != c {
			t.Errorf("got %+v, want %+v", counts, c)
		}
		if got.Cut() || got.Added.Cut() || got.Ended.Cut() || got.Fields.Cut() || got.Gone.Cut() || got.Left != 0 {
			t.Errorf("%+v: something is cut off", c)
		}
	}
	c, err := s.changesBetween(t.Context(), dayBefore(w, 7), dayBefore(w, 0), 2, 1000)
	must(t, err)
	if len(c.Added.Rows) != 2 || c.Added.All != 9 || !c.Added.Cut() {
		t.Errorf("two of 9: %+v", c.Added)
	}
	if r := c.Gone.Rows[0]; r.Place != "partners.bank.example/v1/batch" || r.What != "learned" || r.Detail != "soap" || r.Band() != "high" || !r.Scored {
		t.Errorf("gone %+v", c.Gone.Rows)
	}
	if r := c.Fields.Rows[0]; r.Place != "partners.bank.example/v1/reports/{string}" || !r.Sure || r.Hits != 88 {
		t.Errorf("fields %+v", c.Fields.Rows)
	}
	want := endpointChanges{ID: catalog.ID("default", "graph.bank.example", "POST", "/graphql"), Method: "POST", Place: "graph.bank.example/graphql", Risk: 55, Scored: true, All: 4,
		Sentences: []string{"Risk went from low to medium.", "Answered with identity apikey, before none.", "Answered to networks partner, before internal.", "New parameter query page, integer."}}
	if !reflect.DeepEqual(c.Changed, []endpointChanges{want}) || c.Told != 4 {
		t.Errorf("changed %+v", c.Changed)
	}
	if kinds := []kindCount{{"Risk", 1}, {"Identity", 1}, {"Exposure", 1}, {"Parameters", 1}}; !slices.Equal(c.Kinds, kinds) {
		t.Errorf("kinds %+v", c.Kinds)
	}
	c, err = s.changesBetween(t.Context(), dayBefore(w, 7), dayBefore(w, 0), 100, 4)
	must(t, err)
	if c.Left != 14-4 {
		t.Errorf("%d endpoints are left out, want 10", c.Left)
	}
	c, err = s.changesBetween(t.Context(), dayBefore(w, 7), dayBefore(w, 0), 100, 1000)
	must(t, err)
	var ended []string
	for _, r := range c.Ended.Rows {
		ended = append(ended, fmt.Sprintf("%s %s > %s %s", r.What, r.Detail, r.Method, r.Place))
	}
	slices.Sort(ended)
	if !slices.Equal(ended, []string{"DELETE partners.bank.example/v1/rates >  ", "GET partners.bank.example/v1/reports/alpha > GET partners.bank.example/v1/reports/{string}",
		"GET partners.bank.example/v1/reports/beta > GET partners.bank.example/v1/reports/{string}"}) {
		t.Errorf("ended %q", ended)
	}
	s.tenant = "other"
	c, err = s.changesBetween(t.Context(), dayBefore(w, 300), dayBefore(w, 0), 100, 1000)
	must(t, err)
	if c.Added.All+c.Ended.All+c.Fields.All+c.Gone.All+c.Untold != 0 || len(c.Changed) > 0 {
		t.Errorf("changes of another tenant: %+v", c)
	}
}

// TestStoreDaysInParts: what is compared in several rounds, and a merge whose end
// came a day after its record, are told as one.
func TestStoreDaysInParts(t *testing.T) {
	cfg, _ := database(t)
	w := newWorld(t, cfg)
	var list []catalog.Endpoint
	endpoint := func(template string, seen int, status string) catalog.Endpoint {
		return catalog.Endpoint{ID: catalog.ID("default", "h", "GET", template), Tenant: "default", Host: "h", Method: "GET", Template: template, Protocol: "rest",
			FirstSeen: w.now.AddDate(0, 0, -50), LastSeen: w.now.AddDate(0, 0, -seen), Hits: 1, Statuses: []catalog.Tally{tally(status, 1)}}
	}
	const n = 2*recordsAtOnce + 7
	for i := range n {
		list = append(list, endpoint(fmt.Sprintf("/a%d", i), 20, "2xx"), endpoint(fmt.Sprintf("/a%d", i), 0, "4xx"))
	}
	part, whole := endpoint("/w/x", 20, "2xx"), endpoint("/w/{string}", 9, "2xx")
	whole.Supersedes = []string{part.ID}
	w.putEndpoints(append(list, part, whole)...)
	w.tombstones(part.ID)
	s := storeOf(t, w)
	got, err := s.changesBetween(t.Context(), dayBefore(w, 5), dayBefore(w, 0), 3, 5000)
	must(t, err)
	if got.ChangedAll != n || got.Told != 2*n || len(got.Changed) != 3 || !got.Cut() || got.Changed[0].Place != "h/a0" || got.Untold != 0 || got.Added.All != 0 {
		t.Errorf("%d changed of %d, %d told, %d untold, %+v", got.ChangedAll, n, got.Told, got.Untold, got.Changed)
	}
	if got.Ended.All != 1 || got.Ended.Rows[0].Detail != "h/w/x" || got.Ended.Rows[0].Place != "h/w/{string}" {
		t.Errorf("ended %+v", got.Ended)
	}
	if !slices.Equal(got.Kinds, []kindCount{{"Statuses", 2 * n}}) {
		t.Errorf("kinds %+v", got.Kinds)
	}
	// Where it takes too long, what was not compared is counted.
	clock := w.now
	s.now = func() time.Time { clock = clock.Add(s.timeout); return clock }
	got, err = s.changesBetween(t.Context(), dayBefore(w, 5), dayBefore(w, 0), 3, 5000)
	must(t, err)
	if want := n + 2 - recordsAtOnce; int(got.Left) != want || got.ChangedAll < recordsAtOnce-2 || got.ChangedAll > recordsAtOnce {
		t.Errorf("%d left, want %d; %d changed", got.Left, want, got.ChangedAll)
	}
}
