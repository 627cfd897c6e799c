package catalog_test

import (
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/contract"
	"github.com/segmentio/encoding/json"
)

func TestSchema(t *testing.T) {
	at := time.Date(2026, 3, 14, 9, 26, 53, 589793000, time.UTC)
	tallies := []catalog.Tally{{Name: "x", Count: 1}}
	low, high := 1.0, 2.5
	schema := catalog.Schema{
		Types: tallies, Format: "uuid", Seen: 3, Required: true, Enum: []string{"a"}, Minimum: &low, Maximum: &high, MinLength: 1, MaxLength: 2,
		Properties: []catalog.Property{{Name: "p", Schema: catalog.Schema{Deprecated: true}}},
		Additional: &catalog.Schema{}, Items: &catalog.Schema{Types: tallies},
	}
	bodies := []catalog.Body{{Status: "2xx", Media: "application/json", Seen: 3, Schema: schema}}
	quantiles := catalog.Quantiles{Count: 3, P50: 1, P95: 2, P99: 3}
	for name, v := range map[string]any{
		"endpoint": catalog.Endpoint{
			ID: catalog.ID("acme", "h", "GET", "/a"), Tenant: "acme", Host: "h", Method: "GET", Template: "/a/{int}", Protocol: "rest", Source: "learned",
			Version: 1, Supersedes: []string{"e"}, FirstSeen: at, LastSeen: at, Hits: 3, Statuses: tallies, Auth: tallies,
			Params: []catalog.Param{{In: "path", Name: "1", Types: tallies, Count: 1, Schema: &schema}}, Services: []string{"s"},
			AuthServed: tallies, Exposure: tallies, Callers: 2, Rate: catalog.Rate{PerMinute: .5, Peak: 3},
			Measures: catalog.Measures{Latency: quantiles, Request: quantiles, Response: quantiles},
			Request:  bodies, Responses: bodies, DataClasses: []string{"email"},
			Risk: catalog.Risk{Score: 10, Likelihood: 20, Impact: 5, Reasons: []string{"r"}},
			Pins: []catalog.Pin{{Segment: 1, Text: "zelda", Value: true}, {Segment: 1, Name: "login"}},
		},
		"field": catalog.Field{
			ID: "f", Tenant: "acme", EndpointID: "e", Endpoint: "GET h/a", Direction: "response", Location: "body", Path: "cards[].pan", Type: "pan",
			Confidence: 0.9, Confirmed: true, Seen: 3, Matched: 2, Distinct: 1, Masked: []string{"411111******1111"}, FirstSeen: at, LastSeen: at,
		},
	} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := contract.Validate(name, b); err != nil {
			t.Error(err)
		}
	}
	if err := contract.Compare[catalog.Endpoint]("endpoint", "json"); err != nil {
		t.Error(err)
	}
	if err := contract.Compare[catalog.Field]("field", "json"); err != nil {
		t.Error(err)
	}
}
