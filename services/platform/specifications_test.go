package platform

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/discovery/spec/uploaded"
	"github.com/miradorhq/mirador/services/specifications"
	"github.com/segmentio/encoding/json"
	"github.com/twmb/franz-go/pkg/kgo"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const shopDocument = `openapi: 3.0.3
info: {title: Shop, version: "1"}
servers: [{url: https://api.shop.example}]
paths:
  /orders:
    get:
      responses: {"200": {description: ok}}
`

// discoveryOn runs the discovery service on a broker, without ClickHouse: findings must
// not wait for it.
func discoveryOn(t *testing.T, brokers []string) {
	t.Helper()
	cfg := Defaults()
	cfg.DataDir, cfg.Kafka.Brokers, cfg.Kafka.Partitions, cfg.Kafka.Replication = t.TempDir(), brokers, 1, 1
	cfg.Telemetry.Listen, cfg.ClickHouse.Addr = "", []string{"127.0.0.1:1"}
	cfg.Specifications.Every, cfg.Specifications.MinObserved = time.Second, time.Minute
	p, err := New(cfg, []string{"discovery"}, slog.New(slog.DiscardHandler))
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() { cancel(); check(t, <-done) })
}

// findings are the first n of the topic.
func findings(t *testing.T, ctx context.Context, cl *kgo.Client, n int) []finding.Finding {
	t.Helper()
	var out []finding.Finding
	for len(out) < n {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("%d findings, and no more came: %+v", len(out), out)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			var f finding.Finding
			check(t, json.Unmarshal(r.Value, &f))
			out = append(out, f)
		})
	}
	return out
}

func TestAnUploadedDocumentIsComparedWithTheCatalog(t *testing.T) {
	k, err := stack.StartKafka(t.Context(), stack.KafkaOptions{Kind: stack.TookKFake})
	check(t, err)
	t.Cleanup(func() { check(t, k.Close(context.Background())) })
	discoveryOn(t, k.Brokers())
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(k.Brokers()...), kgo.ConsumeTopics(schemas.TopicFindings), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.UnknownTopicRetries(-1))
	check(t, err)
	defer cl.Close()
	// For long: what is documented and not in the catalog would be an orphan at once.
	now := time.Now().UTC()
	for _, template := range []string{"/orders", "/internal/debug"} {
		e := catalog.Endpoint{ID: catalog.ID("default", "api.shop.example", "GET", template), Tenant: "default", Host: "api.shop.example", Method: "GET", Template: template,
			Protocol: "rest", Source: catalog.Learned, Version: 1, FirstSeen: now.AddDate(0, 0, -60), LastSeen: now, Hits: 5000, Callers: 40,
			Statuses: []catalog.Tally{{Name: "2xx", Count: 5000}}, Auth: []catalog.Tally{{Name: "none", Count: 5000}}}
		b, err := json.Marshal(e)
		check(t, err)
		check(t, cl.ProduceSync(ctx, &kgo.Record{Topic: schemas.TopicCatalog, Key: e.Key(), Value: b}).FirstErr())
	}
	p, err := specifications.NewPublisher(4<<20, kgo.SeedBrokers(k.Brokers()...))
	check(t, err)
	defer p.Close()
	publish := func(text string) {
		t.Helper()
		_, err := p.Publish(ctx, &uploaded.Document{Tenant: "default", Name: "shop.yaml", Person: "ann", At: now, Bytes: []byte(text)})
		check(t, err)
	}
	publish(shopDocument)
	first := findings(t, ctx, cl, 1)[0]
	if first.Rule != "INV-01" || !strings.HasPrefix(first.Title, "Shadow") || first.Subject.Endpoint != "GET api.shop.example/internal/debug" || first.Evidence[0].Note != "shop.yaml" {
		t.Fatalf("the first finding is %+v", first)
	}
	// A newer version: the same difference, and one more; nothing else was said between.
	publish(shopDocument + "      deprecated: true\n")
	next := findings(t, ctx, cl, 2)
	byID := map[string]finding.Finding{}
	for _, f := range next {
		byID[f.ID] = f
	}
	if again, ok := byID[first.ID]; !ok || again.Versions.Catalog == first.Versions.Catalog {
		t.Errorf("of the next version: %+v", next)
	}
	delete(byID, first.ID)
	for _, f := range byID {
		if !strings.HasPrefix(f.Title, "Zombie") || f.Subject.Endpoint != "GET api.shop.example/orders" || !strings.HasPrefix(f.Evidence[0].Note, "shop.yaml:") {
			t.Errorf("the second difference is %+v", f)
		}
	}
}
