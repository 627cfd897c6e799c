package explain_test

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/explain"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestMain(m *testing.M) {
	stack.MaybeRunChild()
	m.Run()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestPlaces: the finding is read from its table, and where it does not say where its
// transaction stands, the audit log does; a topic made anew is told from the one of then.
func TestPlaces(t *testing.T) {
	ch, err := stack.StartClickHouse(t.Context(), stack.ClickHouseOptions{})
	must(t, err)
	t.Cleanup(func() { must(t, ch.Close(context.Background())) })
	k, err := stack.StartKafka(t.Context(), stack.KafkaOptions{Kind: stack.TookKFake})
	must(t, err)
	t.Cleanup(func() { must(t, k.Close(context.Background())) })
	cfg := chsink.DefaultConfig()
	cfg.Addr, cfg.Database = []string{ch.Addr()}, "explain_test"
	must(t, chsink.Migrate(t.Context(), cfg, chsink.Retention{}, slog.New(slog.DiscardHandler)))
	conn, err := chsink.Open(t.Context(), cfg)
	must(t, err)
	defer conn.Close()
	cl, err := kgo.NewClient(kgo.SeedBrokers(k.Brokers()...))
	must(t, err)
	defer cl.Close()
	adm := kadm.NewClient(cl)
	for _, topic := range []string{schemas.TopicEvents, schemas.TopicFindings} {
		_, err := adm.CreateTopic(t.Context(), 1, 1, nil, topic)
		must(t, err)
	}
	topics, err := adm.ListTopics(t.Context(), schemas.TopicEvents)
	must(t, err)
	topicID := [16]byte(topics[schemas.TopicEvents].ID)

	now := time.Now().UTC()
	e := &event.Event{ID: uuid.New(), Tenant: []byte("default"), Method: []byte("GET"), Authority: []byte("h"), Path: []byte("/x"), Status: 200, RequestTime: now.UnixNano(), Sensor: []byte("s")}
	r := &kgo.Record{Topic: schemas.TopicEvents, Key: e.Key(), Value: event.Encode(nil, e)}
	must(t, cl.ProduceSync(t.Context(), r).FirstErr())
	f := finding.Finding{ID: "f1", Tenant: "default", Detector: "signature", Rule: "SIG-XSS", Severity: finding.High, Time: now, FirstSeen: now, LastSeen: now, Events: []string{uuid.UUID(e.ID).String()}}
	b, err := finding.Encode(&f)
	must(t, err)
	events, err := chsink.NewEvents(cfg, &catalog.Lexical{}, chsink.DefaultEventSettings(), nil)
	must(t, err)
	findings, err := chsink.NewFindings(cfg, nil)
	must(t, err)
	must(t, errors.Join(events.Append(r, topicID), findings.Append(&kgo.Record{Key: []byte("f1"), Value: b, Timestamp: now}, [16]byte{2})))
	must(t, errors.Join(events.Flush(t.Context()), findings.Flush(t.Context()), events.Close(), findings.Close()))

	p := explain.Places{Tenant: "default", Tables: conn, Kafka: []kgo.Opt{kgo.SeedBrokers(k.Brokers()...)}, Timeout: 10 * time.Second}
	got, where, err := p.Finding(t.Context(), "f1")
	must(t, err)
	if where != "table findings" || got.Rule != "SIG-XSS" {
		t.Errorf("%+v from %s", got, where)
	}
	read, src, err := p.Event(t.Context(), &got)
	must(t, err)
	if read.ID != e.ID || src.Offset != 0 || src.Topic != schemas.TopicEvents {
		t.Errorf("%v from %+v", read.IDString(), src)
	}
	if _, _, err := p.Finding(t.Context(), "none"); !errors.Is(err, explain.ErrNotFound) || !strings.Contains(err.Error(), "retention.findings_days") {
		t.Errorf("a finding that is nowhere: %v", err)
	}
	other := p
	other.Tenant = "acme"
	if _, _, err := other.Finding(t.Context(), "f1"); !errors.Is(err, explain.ErrNotFound) {
		t.Errorf("another tenant's finding: %v", err)
	}
	got.Source = &finding.Source{Topic: schemas.TopicEvents, TopicID: hex.EncodeToString(make([]byte, 16)), Offset: 0}
	if _, _, err := p.Event(t.Context(), &got); !errors.Is(err, explain.ErrNotFound) || !strings.Contains(err.Error(), "created anew") {
		t.Errorf("a transaction of an earlier topic: %v", err)
	}
	got.Source, got.Events = nil, []string{uuid.NewString()}
	if _, _, err := p.Event(t.Context(), &got); !errors.Is(err, explain.ErrNotFound) || !strings.Contains(err.Error(), "retention.events_days") {
		t.Errorf("a transaction that the audit log does not have: %v", err)
	}
}
