package console

import (
	"fmt"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// BenchmarkChanges compares two days of 10,000 endpoints with 60 fields each, all of
// which have another record on every one of ten days, and one field more on the last.
func BenchmarkChanges(b *testing.B) {
	cfg, conn := database(b)
	w := newWorld(b, cfg)
	const endpoints, days = 10_000, 10
	for back := days - 1; back >= 0; back-- {
		list := make([]catalog.Endpoint, endpoints)
		for i := range list {
			template := fmt.Sprintf("/v%d/resource-%d/{int}", i%3, i)
			e := catalog.Endpoint{ID: catalog.ID("default", "h", "GET", template), Tenant: "default", Host: "h", Method: "GET", Template: template, Protocol: "rest",
				FirstSeen: w.now.AddDate(0, 0, -90), LastSeen: w.now.AddDate(0, 0, -back), Hits: uint64(1000 - back)}
			s := catalog.Schema{Types: []catalog.Tally{tally("object", e.Hits)}}
			for k := range 60 {
				s.Properties = append(s.Properties, catalog.Property{Name: fmt.Sprintf("field_%02d", k), Schema: catalog.Schema{Types: []catalog.Tally{tally("string", e.Hits)}, Seen: e.Hits, Required: true}})
			}
			if back == 0 {
				s.Properties = append(s.Properties, catalog.Property{Name: "z", Schema: catalog.Schema{Types: []catalog.Tally{tally("string", 1)}, Seen: 1}})
			}
			e.Responses = []catalog.Body{{Status: "2xx", Media: "application/json", Seen: e.Hits, Schema: s}}
			list[i] = e
		}
		w.putEndpoints(list...)
	}
	s := storeOf(b, w)
	s.timeout = time.Minute // a slow machine is to be measured, not cut short
	for b.Loop() {
		c, err := s.changesBetween(b.Context(), dayBefore(w, 7), dayBefore(w, 0), 50, endpoints)
		must(b, err)
		if c.ChangedAll != endpoints || c.Told != endpoints {
			b.Fatalf("%d changed, %d changes", c.ChangedAll, c.Told)
		}
	}
	var bytes uint64
	must(b, conn.QueryRow(b.Context(), "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase() AND table = 'endpoint_days'").Scan(&bytes))
	b.ReportMetric(float64(bytes)/endpoints/days, "disk-B/record")
}
