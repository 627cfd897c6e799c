package platform

import (
	"context"
	"log/slog"
	"testing"

	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/twmb/franz-go/pkg/kgo"
)

// onKFake are settings of a platform on a Kafka of the test's own, with that many
// partitions and nothing that listens.
func onKFake(t *testing.T, partitions int) Config {
	t.Helper()
	k, err := stack.StartKafka(t.Context(), stack.KafkaOptions{Kind: stack.TookKFake})
	check(t, err)
	t.Cleanup(func() { check(t, k.Close(context.Background())) })
	cfg := Defaults()
	cfg.DataDir, cfg.Kafka.Brokers, cfg.Kafka.Partitions, cfg.Kafka.Replication = t.TempDir(), k.Brokers(), partitions, 1
	cfg.Telemetry.Listen, cfg.ClickHouse.Addr = "", []string{"127.0.0.1:1"}
	return cfg
}

// serve runs services until stop is called, which it must be.
func serve(t *testing.T, cfg Config, services ...string) (stop func()) {
	t.Helper()
	p, err := New(cfg, services, slog.New(slog.DiscardHandler))
	check(t, err)
	running, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(running) }()
	return func() { cancel(); check(t, <-done) }
}

// follow reads topics from their beginning, what is committed alone; it can write too.
func follow(t *testing.T, cfg Config, topics ...string) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(cfg.Kafka.Brokers...), kgo.ConsumeTopics(topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.UnknownTopicRetries(-1), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	check(t, err)
	t.Cleanup(cl.Close)
	return cl
}
