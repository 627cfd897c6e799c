package console

import (
	"fmt"
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// BenchmarkInventory asks for pages of a catalog of 10,000 endpoints with records
// of a usual size, as ClickHouse answers them when nothing is cached by us.
func BenchmarkInventory(b *testing.B) {
	cfg, _ := database(b)
	w := newWorld(b, cfg)
	list := make([]catalog.Endpoint, 10_000)
	for i := range list {
		e := catalog.Endpoint{Tenant: "default", Host: fmt.Sprintf("h%d.example", i%40), Method: []string{"GET", "POST"}[i%2], Template: fmt.Sprintf("/accounts/{int}/part-%d", i), Protocol: "rest", Source: "learned",
			FirstSeen: w.now.AddDate(0, 0, -i%100), LastSeen: w.now.AddDate(0, 0, -i%40), Hits: uint64(i)}
		e.ID = catalog.ID(e.Tenant, e.Host, e.Method, e.Template)
		describe(&e)
		s := catalog.Schema{Types: []catalog.Tally{tally("object", 90)}}
		for k := range 60 {
			s.Properties = append(s.Properties, catalog.Property{Name: fmt.Sprintf("field_%d", k), Schema: catalog.Schema{Types: []catalog.Tally{tally("string", 90)}, Seen: 90, Required: true}})
		}
		e.Responses = []catalog.Body{{Status: "2xx", Media: "application/json", Seen: 90, Schema: s}}
		list[i] = e
	}
	w.putEndpoints(list...)
	s := storeOf(b, w)
	f := state(b, "q=accounts&method=GET&exposure=public")
	for name, ask := range map[string]func() error{
		"rows":   func() error { _, err := s.endpoints(b.Context(), f, 50); return err },
		"facets": func() error { _, _, err := s.facetCounts(b.Context(), f); return err },
		"changes": func() error {
			_, err := s.changesBetween(b.Context(), dayBefore(w, 7), dayBefore(w, 0), 50, 20_000)
			return err
		},
		"one": func() error { _, err := s.endpoint(b.Context(), list[77].ID); return err },
		"findings of none in particular": func() error {
			_, err := s.findings(b.Context(), findingFilter{}, 50)
			return err
		},
		"findings of one endpoint": func() error { _, err := s.findings(b.Context(), findingFilter{Endpoint: list[77].ID}, 50); return err },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				must(b, ask())
			}
		})
	}
}
