package platform

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/discovery/dataclass"
	"github.com/twmb/franz-go/pkg/kgo"
)

var ibans = []string{"DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606", "NL91ABNA0417164300", "CH9300762011623852957"}

// account is the i-th answer with an IBAN.
func account(i int) *event.Event {
	return &event.Event{
		Tenant: []byte("default"), Method: []byte("GET"), Authority: []byte("h.example"), Path: fmt.Appendf(nil, "/accounts/%d", i), Status: 200,
		RequestTime: time.Date(2026, 1, 2, 3, 4, i, 0, time.UTC).UnixNano(), Sensor: []byte("s"), Sequence: uint64(i) + 1,
		ResponseBody: event.Body{Data: fmt.Appendf(nil, `{"account":{"iban":%q}}`, ibans[i]), ContentType: []byte("application/json")},
	}
}

// What the classifier confirms stands in the catalog and weighs in its risk, in
// whatever order the two services come to it.
func TestConfirmedFieldsWeighInTheCatalog(t *testing.T) {
	for _, names := range [][]string{{"discovery", "classifier"}, {"classifier", "discovery"}} {
		cfg := Defaults()
		first, second, err := cfg.InspectStages(names, false)
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
		for i := range ibans {
			l.Feed(account(i), time.Time{})
		}
		l.Close()
		if !slices.Equal(got.DataClasses, []string{"iban"}) || !slices.Contains(got.Risk.Reasons, "It carries iban.") || got.Risk.Impact != 65 || got.Hits != 5 {
			t.Errorf("%v: %s carries %v, %d hits, risk %+v", names, got.Template, got.DataClasses, got.Hits, got.Risk)
		}
	}
}

// The same over Kafka: what the classifier's second stage puts on the topic that it
// reads itself comes to discovery's, once, and from there to who compares with a
// specification that has no such field (DATA-10).
func TestConfirmedFieldsTravelToTheCatalog(t *testing.T) {
	cfg := onKFake(t, 2)
	cfg.Specifications.Folder, cfg.Specifications.Every = t.TempDir(), time.Second
	check(t, os.WriteFile(filepath.Join(cfg.Specifications.Folder, "bank.yaml"), []byte(`openapi: 3.1.0
info: {title: Bank, version: "1"}
servers: [{url: https://h.example}]
paths:
  /accounts/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {'200': {description: one, content: {application/json: {schema: {type: object, properties: {account: {type: object, properties: {id: {type: integer}}}}}}}}}
`), 0o600))
	t.Cleanup(serve(t, cfg, "discovery", "classifier"))

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cl := follow(t, cfg, schemas.TopicCatalog, schemas.TopicPartials, schemas.TopicFindings)
	for i := range ibans {
		e := account(i)
		check(t, cl.ProduceSync(ctx, &kgo.Record{Topic: schemas.TopicEvents, Key: e.Key(), Value: event.Encode(nil, e)}).FirstErr())
	}
	told, carried, beyond := 0, false, 0
	for !carried || told == 0 || beyond == 0 {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("%d statements were made, the catalog said it: %v, findings that a field is in no schema: %d", told, carried, beyond)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			switch r.Topic {
			case schemas.TopicFindings:
				f, err := finding.Decode(r.Value)
				check(t, err)
				if f.Rule == "DATA-10" {
					if beyond++; f.Subject.Endpoint != "GET h.example/accounts/{int}" || !strings.Contains(f.Summary, `"account.iban"`) {
						t.Errorf("%+v", f)
					}
				}
				return
			case schemas.TopicPartials:
				q, err := detect.DecodePartial(r.Value)
				check(t, err)
				if q.Kind == dataclass.Kind && dataclass.Is(q.Payload) {
					if told++; q.Watermark != 0 || q.Dimension != "h.example" {
						t.Errorf("%+v", q)
					}
				}
				return
			}
			e, err := catalog.DecodeEndpoint(r.Value)
			check(t, err)
			carried = slices.Equal(e.DataClasses, []string{"iban"}) && e.Hits == uint64(len(ibans))
		})
	}
	if told != 1 {
		t.Errorf("it was said %d times", told)
	}
}
