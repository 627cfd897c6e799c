package console

import (
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/twmb/franz-go/pkg/kgo"
)

func tally(name string, n uint64) catalog.Tally { return catalog.Tally{Name: name, Count: n} }

func pointer(v float64) *float64 { return &v }

// describe gives an endpoint of the bank what discovery observes beside counts: who
// is let in, how often, what it takes, and its schemas.
func describe(e *catalog.Endpoint) {
	served := e.Hits * 91 / 100
	text := func(n uint64) catalog.Schema {
		return catalog.Schema{Types: []catalog.Tally{tally("string", n)}, Seen: n, Required: true, MinLength: 3, MaxLength: 40}
	}
	object := func(n uint64, p ...catalog.Property) catalog.Schema {
		return catalog.Schema{Types: []catalog.Tally{tally("object", n)}, Seen: n, Properties: p}
	}
	e.AuthServed, e.Callers = []catalog.Tally{tally("jwt", served)}, served/900+1
	e.Exposure = []catalog.Tally{tally("internal", served/4), tally("public", served-served/4)}
	e.Rate = catalog.Rate{PerMinute: float64(e.Hits) / 55, Peak: e.Hits/40 + 1}
	e.Measures = catalog.Measures{Latency: catalog.Quantiles{Count: e.Hits, P50: 31, P95: 58.5, P99: 1240}, Response: catalog.Quantiles{Count: e.Hits, P50: 512, P95: 2200, P99: 40960}}
	e.Risk = catalog.Risk{Score: 40, Likelihood: 31, Impact: 51, Reasons: []string{"75 % of what was answered went to public networks."}}
	switch e.Template {
	case "/accounts/{int}":
		e.DataClasses = []string{"email"}
		iban := text(served)
		iban.Format = "iban"
		status := text(served)
		status.Enum = []string{"active", "blocked", "closed"}
		owner := object(served, catalog.Property{Name: "email", Schema: catalog.Schema{Types: []catalog.Tally{tally("string", served)}, Format: "email", Seen: served, Required: true, MaxLength: 61}},
			catalog.Property{Name: "tax_id", Schema: catalog.Schema{Types: []catalog.Tally{tally("null", served/10), tally("string", served/5)}, Seen: served/10 + served/5, MaxLength: 11, MinLength: 11}})
		owner.Required = true
		entry := object(served*3, catalog.Property{Name: "amount", Schema: catalog.Schema{Types: []catalog.Tally{tally("number", served*3)}, Seen: served * 3, Required: true, Minimum: pointer(-1250.5), Maximum: pointer(98000)}})
		list := catalog.Schema{Types: []catalog.Tally{tally("array", served/2)}, Seen: served / 2, Items: &entry}
		e.Responses = []catalog.Body{
			{Status: "2xx", Media: "application/json", Seen: served, Schema: object(served, catalog.Property{Name: "entries", Schema: list}, catalog.Property{Name: "iban", Schema: iban}, catalog.Property{Name: "owner", Schema: owner}, catalog.Property{Name: "status", Schema: status})},
			{Status: "4xx", Media: "application/problem+json", Seen: e.Hits / 12, Schema: object(e.Hits/12, catalog.Property{Name: "title", Schema: text(e.Hits / 12)})},
		}
	case "/transfers":
		e.Risk = catalog.Risk{Score: 72, Likelihood: 66, Impact: 80, Reasons: []string{"92 % of what was answered went to public networks.", "31 % of what was answered was asked without a credential.", "POST changes data.", "It carries email."}}
		e.AuthServed, e.Exposure = []catalog.Tally{tally("jwt", served*69/100), tally("none", served*31/100)}, []catalog.Tally{tally("partner", served*8/100), tally("public", served*92/100)}
		e.Request = []catalog.Body{{Media: "application/json", Seen: served, Schema: object(served,
			catalog.Property{Name: "amount", Schema: catalog.Schema{Types: []catalog.Tally{tally("number", served)}, Seen: served, Required: true, Minimum: pointer(0.01), Maximum: pointer(50000)}},
			catalog.Property{Name: "note", Schema: catalog.Schema{Types: []catalog.Tally{tally("null", 90), tally("string", served/2)}, Seen: served/2 + 90, MaxLength: 140}})}}
	case "/health":
		e.Risk, e.Exposure, e.AuthServed = catalog.Risk{Score: 12, Likelihood: 15, Impact: 10}, []catalog.Tally{tally("internal", served)}, []catalog.Tally{tally("none", served)}
	}
	schema := catalog.Schema{Types: []catalog.Tally{tally("integer", e.Hits)}, Required: true, Minimum: pointer(1), Maximum: pointer(981203)}
	for i := range e.Params {
		if p := &e.Params[i]; p.In == "path" || p.In == "query" {
			own := schema
			own.Seen, own.Required = p.Count, p.In == "path"
			p.Schema = &own
		}
	}
}

// older adds what the catalog of a bank holds that has been there for months: other
// hosts and protocols, endpoints that nobody asks for any more, one that two
// templates were merged into yesterday, and one that was removed.
func (w *world) older() {
	day := func(n int) time.Time { return w.now.AddDate(0, 0, -n) }
	endpoint := func(host, method, template, protocol string, first, last int, hits uint64, score int, supersedes ...string) catalog.Endpoint {
		return catalog.Endpoint{ID: catalog.ID("default", host, method, template), Tenant: "default", Host: host, Method: method, Template: template, Protocol: protocol, Source: "learned", Version: 1,
			Supersedes: supersedes, FirstSeen: day(first), LastSeen: day(last), Hits: hits, Statuses: []catalog.Tally{tally("2xx", hits)}, Auth: []catalog.Tally{tally("apikey", hits)},
			AuthServed: []catalog.Tally{tally("apikey", hits)}, Exposure: []catalog.Tally{tally("partner", hits)}, Callers: 3, Risk: catalog.Risk{Score: score, Likelihood: score, Impact: score, Reasons: []string{"Partner networks."}}}
	}
	const partners = "partners.bank.example"
	parts := []string{catalog.ID("default", partners, "GET", "/v1/reports/alpha"), catalog.ID("default", partners, "GET", "/v1/reports/beta")}
	removed := endpoint(partners, "DELETE", "/v1/rates", "rest", 90, 80, 1, 1)
	// Records of former days: what was merged and removed since, and the graph, which
	// was only asked from inside then and knew one parameter less.
	graph := endpoint("graph.bank.example", "POST", "/graphql", "graphql", 60, 0, 51200, 55)
	formerly := endpoint("graph.bank.example", "POST", "/graphql", "graphql", 60, 20, 9000, 12)
	formerly.Exposure, formerly.AuthServed = []catalog.Tally{tally("internal", 9000)}, []catalog.Tally{tally("none", 9000)}
	page := catalog.Schema{Types: []catalog.Tally{tally("integer", 40)}, Seen: 40}
	graph.Params = []catalog.Param{{In: "query", Name: "page", Types: page.Types, Count: 40, Schema: &page}}
	w.putEndpoints(removed, endpoint(partners, "GET", "/v1/reports/alpha", "rest", 90, 30, 400, 33), endpoint(partners, "GET", "/v1/reports/beta", "rest", 90, 30, 300, 33), formerly)
	merged := endpoint(partners, "GET", "/v1/reports/{string}", "rest", 90, 0, 812, 33, parts...)
	merged.Pins = []catalog.Pin{{Segment: 1, Text: "reports"}, {Segment: 2, Text: "*", Value: true}, {Segment: 2, Text: "alpha", Value: true}, {Segment: 2, Name: "report"}}
	w.putEndpoints(
		endpoint(partners, "GET", "/v1/rates", "rest", 120, 40, 90210, 20),
		endpoint(partners, "POST", "/v1/batch", "soap", 200, 12, 411, 61),
		graph,
		endpoint(partners, "GET", "/v2/rates", "rest", 3, 0, 1200, 22), merged)
	for _, name := range []string{"alpha", "beta"} {
		e := w.event(day(1), "GET", "/v1/reports/"+name, "198.51.100.9", "", 200)
		e.Authority = []byte(partners)
	}
	w.tombstones(parts[0], parts[1], removed.ID)
	field := func(id, endpoint, kind string, first int) catalog.Field {
		return catalog.Field{ID: id, Tenant: "default", EndpointID: endpoint, Endpoint: "GET " + partners + "/v1/reports/alpha", Direction: "response", Location: "body", Path: "$.holder." + kind, Type: kind,
			Confidence: .99, Confirmed: true, Seen: 90, Matched: 88, Distinct: 40, FirstSeen: day(first), LastSeen: w.now}
	}
	w.putFields(field("old", merged.ID, "email", 50), field("of-part", parts[0], "email", 2), field("of-part-2", parts[0], "iban", 2))
	w.flush()
}

// tombstones end endpoints, as a merge does.
func (w *world) tombstones(ids ...string) {
	w.t.Helper()
	s, err := chsink.NewEndpoints(w.cfg, nil)
	must(w.t, err)
	for _, id := range ids {
		w.offset++
		must(w.t, s.Append(&kgo.Record{Offset: w.offset, Timestamp: w.now.AddDate(0, 0, -1), Key: []byte("default|" + id)}, [16]byte{7}))
	}
	must(w.t, s.Flush(w.t.Context()))
	must(w.t, s.Close())
}
