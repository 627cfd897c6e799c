package console

import (
	"errors"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/finding"
)

// state is the inventory of a query.
func state(t testing.TB, query string) inventory {
	t.Helper()
	q, err := url.ParseQuery(query)
	must(t, err)
	f := parseInventory(q)
	if len(f.Ignored) > 0 {
		t.Fatalf("%s: not understood: %v", query, f.Ignored)
	}
	return f
}

func TestStoreInventory(t *testing.T) {
	cfg, _ := database(t)
	w := bank(t, cfg, 1)
	w.older()
	s := storeOf(t, w)
	f := func(query string, want int, first string) {
		t.Helper()
		got, err := s.endpoints(t.Context(), state(t, query), 100)
		must(t, err)
		_, all, err := s.facetCounts(t.Context(), state(t, query))
		must(t, err)
		if len(got) != want || int(all) != want || want > 0 && got[0].Template != first {
			t.Errorf("%s: %d rows and %d in all, want %d, first %+v, want %s", query, len(got), all, want, got[:min(len(got), 1)], first)
		}
	}
	f("", 13, "/transfers")
	f("sort=hits", 13, "/v1/rates")
	f("sort=name", 13, "/accounts/{int}")
	f("sort=first&host=partners.bank.example", 4, "/v2/rates")
	f("sort=last", 13, "/graphql")
	f("q=ACCOUNTS+get", 2, "/accounts/{int}")
	f("q=%25", 0, "")
	f("q='+OR+1%3D1+--", 0, "")
	f("q=%7Bint%7D", 3, "/accounts/{int}")
	f("method=PATCH", 1, "/accounts/{int}/limits")
	f("method=PATCH&method=POST", 5, "/transfers")
	f("method=PATCH&host=partners.bank.example", 0, "")
	f("host="+url.QueryEscape(`a'b\\c"d{x:String}`)+"&host="+bankHost+"&sort=hits", 8, "/accounts/{int}")
	f("auth=none", 2, "/transfers")
	f("auth=apikey&auth=none", 7, "/transfers")
	f("exposure=partner", 6, "/transfers")
	f("risk=high", 2, "/transfers")
	f("risk=low", 3, "/v2/rates")
	f("sensitive=yes&sort=hits", 5, "/accounts/{int}")
	f("new=1", 8, "/transfers")
	f("new=7&host=partners.bank.example", 1, "/v2/rates")
	f("unseen=7", 2, "/v1/batch")
	f("unseen=30", 1, "/v1/rates")
	f("protocol=graphql&protocol=soap", 2, "/v1/batch")
	page, err := s.endpoints(t.Context(), state(t, "page=2"), 8)
	must(t, err)
	if len(page) != 5 {
		t.Errorf("page 2 of 8 has %d rows, want 5", len(page))
	}
	row, err := s.endpoints(t.Context(), state(t, "q=transfers+post"), 1)
	must(t, err)
	if r := row[0]; r.Risk != 72 || r.Band() != "high" || r.Status["2xx"] == 0 || len(r.Auth) != 2 || len(r.Exposure) != 2 || r.Callers == 0 || r.Sensitive != 0 {
		t.Errorf("row %+v", r)
	}
	// A field of a merged template, known of the whole as well, counts once.
	if row, err = s.endpoints(t.Context(), state(t, "q=/v1/reports"), 2); err != nil || len(row) != 1 || row[0].Sensitive != 2 {
		t.Errorf("merged: %+v, %v", row, err)
	}
	s.tenant = "other"
	f("", 0, "")
}

// TestStoreFacets: a facet counts what all others let through.
func TestStoreFacets(t *testing.T) {
	cfg, _ := database(t)
	w := bank(t, cfg, .2)
	w.older()
	s := storeOf(t, w)
	f := func(query, name string, want ...facetCount) {
		t.Helper()
		counts, _, err := s.facetCounts(t.Context(), state(t, query))
		must(t, err)
		if got := counts[facetIndex(name)]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s has %v, want %v", query, name, got, want)
		}
	}
	f("", "host", facetCount{bankHost, 8}, facetCount{"partners.bank.example", 4}, facetCount{"graph.bank.example", 1})
	f("host="+bankHost, "host", facetCount{bankHost, 8}, facetCount{"partners.bank.example", 4}, facetCount{"graph.bank.example", 1})
	f("host="+bankHost, "method", facetCount{"GET", 5}, facetCount{"POST", 2}, facetCount{"PATCH", 1})
	f("host="+bankHost+"&method=POST", "method", facetCount{"GET", 5}, facetCount{"POST", 2}, facetCount{"PATCH", 1})
	f("method=POST", "host", facetCount{bankHost, 2}, facetCount{"graph.bank.example", 1}, facetCount{"partners.bank.example", 1})
	f("method=POST&host="+bankHost, "risk", facetCount{"high", 1}, facetCount{"medium", 1})
	f("", "exposure", facetCount{"internal", 7}, facetCount{"public", 7}, facetCount{"partner", 6})
	f("", "auth", facetCount{"jwt", 7}, facetCount{"apikey", 5}, facetCount{"none", 2})
	f("", "new", facetCount{"30", 9}, facetCount{"7", 9}, facetCount{"1", 8})
	f("", "unseen", facetCount{"1", 2}, facetCount{"7", 2}, facetCount{"30", 1})
	f("", "sensitive", facetCount{"yes", 5})
	f("", "protocol", facetCount{"rest", 11}, facetCount{"graphql", 1}, facetCount{"soap", 1})
	f("q=nowhere", "protocol")
}

func TestStoreCatalog(t *testing.T) {
	cfg, _ := database(t)
	w := bank(t, cfg, 1)
	s := storeOf(t, w)
	list, err := s.endpoints(t.Context(), state(t, "sort=hits"), 100)
	must(t, err)
	if len(list) != 8 || list[0].Method != "GET" || list[0].Status["2xx"] == 0 || list[0].Sensitive != 1 || list[0].Auth[0].Name != "jwt" {
		t.Fatalf("endpoints %+v", list)
	}
	e, err := s.endpoint(t.Context(), list[0].ID)
	must(t, err)
	if len(e.Params) != 4 || e.Template != list[0].Template {
		t.Errorf("endpoint %+v", e)
	}
	sp, _ := spanByName("24h")
	points, err := s.endpointTraffic(t.Context(), e.ID, sp, sp.from(w.now))
	must(t, err)
	if len(points) == 0 {
		t.Error("no traffic of the endpoint")
	}
	if _, err := s.endpoint(t.Context(), "none"); !errors.Is(err, errNotFound) {
		t.Errorf("endpoint: %v, want not found", err)
	}
	for want, f := range map[int]listFilter{5: {}, 6: {All: true}, 1: {Kind: "card"}, 4: {Place: "response"}, 0: {Text: "nowhere"}} {
		got, err := s.fields(t.Context(), f, "", 100)
		must(t, err)
		types, n, err := s.fieldChoices(t.Context(), f)
		must(t, err)
		if len(got) != want || int(n) != want || len(types) != 5 {
			t.Errorf("%+v: %d fields, count %d, types %v, want %d", f, len(got), n, types, want)
		}
	}
	own, err := s.fields(t.Context(), listFilter{All: true}, e.ID, 10)
	must(t, err)
	if len(own) != 2 {
		t.Errorf("%d fields of the endpoint, want 2", len(own))
	}
}

// TestStoreCallers: those with most requests come first, whatever id an event was counted
// under; what was before the range is not counted.
func TestStoreCallers(t *testing.T) {
	cfg, _ := database(t)
	w := bank(t, cfg, .1)
	const path, part = "/callers/of/this", "/callers/of/that"
	ask := func(age time.Duration, path, subject string, status uint16) {
		w.event(w.now.Add(-age), "GET", path, "198.51.100.7", subject, status)
	}
	for i, status := range []uint16{200, 101, 403, 200} {
		ask(time.Duration(i+1)*time.Minute, path, "ann", status)
	}
	ask(3*time.Minute, part, "bob", 200)
	ask(2*time.Minute, path, "bob", 200)
	ask(5*time.Minute, path, "", 404)
	ask(30*time.Hour, path, "", 200)
	w.events[len(w.events)-4].SampleRate = 10 // bob's first
	w.flush()
	m := w.match("GET", path)
	w.putEndpoints(catalog.Endpoint{ID: m.ID, Tenant: "default", Host: bankHost, Method: "GET", Template: path, Source: catalog.Learned, Version: 1, Supersedes: []string{w.match("GET", part).ID}})
	got, err := storeOf(t, w).callers(t.Context(), m.ID, w.now.Add(-24*time.Hour))
	must(t, err)
	at := func(minutes int) time.Time {
		return w.now.Add(-time.Duration(minutes) * time.Minute).UTC().Truncate(time.Microsecond)
	}
	want := []callerRow{{"sub:bob", 11, 11, at(3), at(2)}, {"sub:ann", 4, 3, at(4), at(1)}, {"ip:198.51.100.7", 1, 0, at(5), at(5)}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("callers\n%+v, want\n%+v", got, want)
	}
}

func TestStoreMerged(t *testing.T) {
	cfg, _ := database(t)
	w := bank(t, cfg, .2)
	w.older()
	s := storeOf(t, w)
	row, err := s.endpoints(t.Context(), state(t, "q=/v1/reports"), 1)
	must(t, err)
	e, err := s.endpoint(t.Context(), row[0].ID)
	must(t, err)
	if part, err := s.endpoint(t.Context(), e.Supersedes[1]); err != nil || part.ID != e.ID {
		t.Errorf("the id of a merged template leads to %+v, %v", part, err)
	}
	parts, err := s.superseded(t.Context(), append(e.Supersedes, "never-seen"), e.FirstSeen)
	must(t, err)
	want := []supersededRow{{e.Supersedes[0], "GET partners.bank.example/v1/reports/alpha"}, {e.Supersedes[1], "GET partners.bank.example/v1/reports/beta"}, {"never-seen", ""}}
	if !reflect.DeepEqual(parts, want) {
		t.Errorf("superseded %+v, want %+v", parts, want)
	}
	if none, err := s.superseded(t.Context(), nil, e.FirstSeen); len(none) != 0 || err != nil {
		t.Errorf("superseded of none: %v, %v", none, err)
	}
	fields, err := s.fields(t.Context(), listFilter{All: true}, e.ID, 10)
	must(t, err)
	if len(fields) != 3 {
		t.Errorf("%d fields of the endpoint and what was merged into it, want 3", len(fields))
	}
	// What was found of a template before the merge is found of the endpoint.
	w.find = append(w.find, finding.Finding{ID: "before", Tenant: "default", Rule: "R", Severity: finding.Low, Time: w.now, FirstSeen: w.now, LastSeen: w.now, Subject: finding.Subject{EndpointID: e.Supersedes[0]}})
	w.flush()
	found, err := s.findings(t.Context(), findingFilter{Endpoint: e.ID}, 10)
	must(t, err)
	if len(found) != 1 || found[0].ID != "before" {
		t.Errorf("findings %+v", found)
	}
	sp, _ := spanByName("7d")
	points, err := s.endpointTraffic(t.Context(), e.ID, sp, sp.from(w.now))
	must(t, err)
	var hits uint64
	for _, p := range points {
		hits += p.Hits
	}
	if hits != 2 {
		t.Errorf("%d events of the merged templates, want 2", hits)
	}
}
