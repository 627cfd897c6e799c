package platform

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/discovery/inventory"
	"github.com/prometheus/client_golang/prometheus"
)

// What the catalog's records say of a field reaches the verdict on it.
func TestSignaturesKnowTheCatalog(t *testing.T) {
	cfg := Defaults()
	known := inventory.New()
	d, err := cfg.detection("signature", "a secret of some length", known, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	e := &event.Event{Tenant: []byte("default"), RequestTime: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC).UnixNano(), Method: []byte("GET"), Protocol: []byte("HTTP/1.1"),
		Authority: []byte("api.test"), Path: []byte("/orders"), Query: []byte("page=1%3B+select+1"), Status: 200,
		RequestHeaders: []event.Header{{Name: []byte("Host"), Value: []byte("api.test")}}}
	var tx detect.Tx
	var out detect.Out
	tx.Reset(e, detect.Source{}, e.Time(), &catalog.Lexical{}, content.DefaultLimits)
	known.Apply(catalog.Endpoint{ID: tx.Endpoint.ID, Tenant: "default", Host: "api.test", Method: "GET", Template: "/orders",
		Params: []catalog.Param{{In: "query", Name: "page", Schema: &catalog.Schema{Seen: 50, Types: []catalog.Tally{{Name: "integer", Count: 50}}}}}})
	d.first(0).Detect(&tx, &out)
	const want = "request.query page, where a value of type integer is expected, of GET api.test/orders"
	if len(out.Findings) != 1 || !strings.Contains(out.Findings[0].Summary, want) {
		t.Errorf("no word of %q: %+v", want, out.Findings)
	}
}
