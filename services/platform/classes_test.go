package platform

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/schemas"
)

// What the classifier confirms stands in the catalog and weighs in its risk, in
// whatever order the two services come to it.
func TestConfirmedFieldsWeighInTheCatalog(t *testing.T) {
	ibans := []string{"DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606", "NL91ABNA0417164300", "CH9300762011623852957"}
	for _, names := range [][]string{{"discovery", "classifier"}, {"classifier", "discovery"}} {
		cfg := Defaults()
		first, second, err := cfg.InspectStages(names)
		if err != nil {
			t.Fatal(err)
		}
		o := runner.DefaultOptions()
		o.Logger, o.Matcher = slog.New(slog.DiscardHandler), &catalog.Lexical{}
		var got catalog.Endpoint
		l, err := runner.NewLocal(runner.LocalOptions{Options: o, Partitions: 2, Detect: first, Merge: second, Record: func(_ string, r detect.Record) {
			if r.Topic == schemas.TopicCatalog && r.Value != nil {
				if got, err = catalog.DecodeEndpoint(r.Value); err != nil {
					t.Fatal(err)
				}
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		for i, iban := range ibans {
			e := &event.Event{
				Tenant: []byte("default"), Method: []byte("GET"), Authority: []byte("h.example"), Path: fmt.Appendf(nil, "/accounts/%d", i), Status: 200,
				RequestTime: time.Date(2026, 1, 2, 3, 4, i, 0, time.UTC).UnixNano(), Sensor: []byte("s"), Sequence: uint64(i) + 1,
				ResponseBody: event.Body{Data: fmt.Appendf(nil, `{"account":{"iban":%q}}`, iban), ContentType: []byte("application/json")},
			}
			l.Feed(e, time.Time{})
		}
		l.Close()
		if !slices.Equal(got.DataClasses, []string{"iban"}) || !slices.Contains(got.Risk.Reasons, "It carries iban.") || got.Risk.Impact != 65 || got.Hits != 5 {
			t.Errorf("%v: %s carries %v, %d hits, risk %+v", names, got.Template, got.DataClasses, got.Hits, got.Risk)
		}
	}
}
