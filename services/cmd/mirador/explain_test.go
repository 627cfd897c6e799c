package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/explain"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestExplainReplaysTheTransaction: the detector finds an attack, and the command reads
// finding and transaction from Kafka, with ClickHouse away, and comes to the same score.
// Once the transaction is gone it says so, and what to do.
func TestExplainReplaysTheTransaction(t *testing.T) {
	k, err := stack.StartKafka(t.Context(), stack.KafkaOptions{Kind: stack.TookKFake})
	must(t, err)
	t.Cleanup(func() { must(t, k.Close(context.Background())) })
	cfg := platform.Defaults()
	cfg.DataDir, cfg.Kafka.Brokers, cfg.Kafka.Partitions, cfg.Kafka.Replication = t.TempDir(), k.Brokers(), 2, 1
	cfg.Telemetry.Listen, cfg.ClickHouse.Addr = "", []string{"127.0.0.1:1"}
	p, err := platform.New(cfg, []string{"signature"}, slog.New(slog.DiscardHandler))
	must(t, err)
	running, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(running) }()
	t.Cleanup(func() { stop(); must(t, <-done) })

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(k.Brokers()...), kgo.ConsumeTopics(schemas.TopicFindings), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.UnknownTopicRetries(-1), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	must(t, err)
	defer cl.Close()
	for i, query := range []string{"q=shoes", "id=1%27%20UNION%20SELECT%20password%20FROM%20users--%20"} {
		e := &event.Event{Tenant: []byte("default"), ID: [16]byte{15: byte(i + 1)}, Method: []byte("GET"), Authority: []byte("h.example"), Path: []byte("/items"), Query: []byte(query), Status: 200,
			RequestTime: time.Now().UnixNano(), Sensor: []byte("s"), Boot: 1, Sequence: uint64(i) + 1, Client: event.Client{Address: []byte("192.0.2.7")}}
		must(t, cl.ProduceSync(ctx, &kgo.Record{Topic: schemas.TopicEvents, Key: e.Key(), Value: event.Encode(nil, e)}).FirstErr())
	}
	var f finding.Finding
	for f.ID == "" {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatal("nothing was found")
		}
		fetches.EachRecord(func(r *kgo.Record) {
			f, err = finding.Decode(r.Value)
			must(t, err)
		})
	}
	if f.Source == nil || f.Source.Offset != 1 {
		t.Fatalf("the finding is from %+v", f.Source)
	}
	ask := func(id, in string) (string, error) {
		var out bytes.Buffer
		err := explainFinding(ctx, &cfg, id, 5*time.Second, strings.NewReader(in), &out)
		return out.String(), err
	}
	out, err := ask(f.ID, "")
	must(t, err)
	for _, want := range []string{f.Rule, "from the topic mirador.findings", f.Summary, "offset 1", "bias", "score is the same as stored", "pack.strong@"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	b, err := finding.Encode(&f)
	must(t, err)
	again, err := ask("-", string(b))
	must(t, err)
	if !strings.Contains(again, "score is the same as stored") {
		t.Errorf("from standard input: %s", again)
	}
	// A record that was tampered with does not pass.
	for i := range f.Features {
		if f.Features[i].Name == "score" {
			f.Features[i].Value = 0.5
		}
	}
	b, err = finding.Encode(&f)
	must(t, err)
	if _, err := ask("-", string(b)); err == nil || !strings.Contains(err.Error(), "stored is 0.5000") {
		t.Errorf("another score than was computed: %v", err)
	}
	if _, err := ask("none", ""); err == nil || !strings.Contains(err.Error(), "--clickhouse.addr") {
		t.Errorf("an id that is nowhere, with ClickHouse away: %v", err)
	}
	var gone kadm.Offsets
	gone.Add(kadm.Offset{Topic: schemas.TopicEvents, Partition: f.Source.Partition, At: 2})
	_, err = kadm.NewClient(cl).DeleteRecords(ctx, gone)
	must(t, err)
	if out, err := ask(f.ID, ""); !errors.Is(err, explain.ErrNotFound) || !strings.Contains(err.Error(), "raise retention.ms") || !strings.Contains(out, f.Summary) {
		t.Errorf("a transaction past retention: %v", err)
	}
}
