package platform

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestRiskTravels: findings that lie in different partitions become one risk and one
// signed action under the responder's issuer; a restart between them loses nothing, and
// what a person says reaches whoever holds the principal.
func TestRiskTravels(t *testing.T) {
	k, err := stack.StartKafka(t.Context(), stack.KafkaOptions{Kind: stack.TookKFake})
	check(t, err)
	t.Cleanup(func() { check(t, k.Close(context.Background())) })
	cfg := Defaults()
	cfg.DataDir, cfg.Kafka.Brokers, cfg.Kafka.Partitions, cfg.Kafka.Replication = t.TempDir(), k.Brokers(), 3, 1
	cfg.Telemetry.Listen, cfg.ClickHouse.Addr = "", []string{"127.0.0.1:1"}
	cfg.Stages.IdleAdvance = 300 * time.Millisecond
	start := func() (stop func()) {
		p, err := New(cfg, []string{"responder"}, slog.New(slog.DiscardHandler))
		check(t, err)
		running, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Run(running) }()
		return func() { cancel(); check(t, <-done) }
	}
	stop := start()
	defer func() { stop() }()

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(k.Brokers()...), kgo.ConsumeTopics(schemas.TopicPrincipals, schemas.TopicActions),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.UnknownTopicRetries(-1), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	check(t, err)
	defer cl.Close()
	say := func(id, rule string) {
		now := time.Now().UTC()
		f := finding.Finding{ID: id, Tenant: "default", Detector: "behavior", Rule: rule, Title: rule, Severity: finding.High, Confidence: 0.9, Count: 3,
			Time: now, FirstSeen: now, LastSeen: now, Subject: finding.Subject{Principal: "sub:a", Credential: "c1", KeyID: "k1"}}
		b, err := finding.Encode(&f)
		check(t, err)
		check(t, cl.ProduceSync(ctx, &kgo.Record{Topic: schemas.TopicFindings, Key: []byte(id), Value: b}).FirstErr())
	}
	var ops []string
	var last risk.Principal
	until := func(what string, ok func() bool) {
		t.Helper()
		for !ok() {
			fetches := cl.PollFetches(ctx)
			if ctx.Err() != nil {
				t.Fatalf("%s: never; risk %v, actions %v", what, last, ops)
			}
			fetches.EachRecord(func(r *kgo.Record) {
				if r.Value == nil {
					return
				}
				if r.Topic == schemas.TopicPrincipals {
					last, err = risk.DecodePrincipal(r.Value)
					check(t, err)
					return
				}
				a, err := action.Decode(r.Value)
				check(t, err)
				ops = append(ops, fmt.Sprintf("%s %s %s", a.Op, a.Target.Type, a.Target.Value))
			})
		}
	}
	say("f1", "BOLA-01")
	until("a challenge", func() bool { return len(ops) == 1 && last.Level == risk.Challenge })
	stop()
	stop = start()
	say("f2", "TOK-01")
	until("a block", func() bool { return len(ops) == 2 && last.Level == risk.Block })
	if ops[0] != "challenge credential c1" || ops[1] != "block credential c1" || last.Findings != 2 {
		t.Errorf("%v; %s", ops, last.Summary)
	}
	v := risk.Verdict{Tenant: "default", Finding: "f2", Rule: "TOK-01", Principal: "sub:a", Verdict: risk.False, Person: "ann", At: time.Now()}
	b, err := risk.EncodeVerdict(&v)
	check(t, err)
	check(t, cl.ProduceSync(ctx, &kgo.Record{Topic: schemas.TopicVerdicts, Key: v.Key(), Value: b}).FirstErr())
	until("the verdict counts", func() bool { return last.Level == risk.Challenge && last.Risk < 73 })
}
