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
	for name, v := range map[string]any{
		"endpoint": catalog.Endpoint{
			ID: catalog.ID("acme", "h", "GET", "/a"), Tenant: "acme", Host: "h", Method: "GET", Template: "/a/{int}", Protocol: "rest", Source: "learned",
			Version: 1, Supersedes: []string{"e"}, FirstSeen: at, LastSeen: at, Hits: 3, Statuses: tallies, Auth: tallies,
			Params: []catalog.Param{{In: "path", Name: "1", Types: tallies, Count: 1}}, Services: []string{"s"},
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
