package runner

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// BenchmarkUrgent is the time from an acknowledged event to its urgent output
// in the hands of a reader of committed records, on kfake or on the brokers of
// MIRADOR_KAFKA_BROKERS.
func BenchmarkUrgent(b *testing.B) {
	brokers := strings.Split(os.Getenv("MIRADOR_KAFKA_BROKERS"), ",")
	if brokers[0] == "" {
		c, err := kfake.NewCluster(kfake.NumBrokers(1))
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		brokers = c.ListenAddrs()
	}
	o := quietOptions()
	o.Kafka, o.Service, o.Instance = []kgo.Opt{kgo.SeedBrokers(brokers...)}, "bench", "a"
	o.TopicPrefix = "bench" + time.Now().Format("150405.000000") + "."
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ProducerLinger(0), kgo.ConsumeTopics(o.Topic(schemas.TopicCatalog)),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.MetadataMinAge(20*time.Millisecond))
	if err != nil {
		b.Fatal(err)
	}
	defer cl.Close()
	if err := EnsureTopics(b.Context(), kadm.NewClient(cl), schemas.Topics, &o, TopicPlan{Partitions: 4, Replication: 1}); err != nil {
		b.Fatal(err)
	}
	s, err := NewDetect(o, DetectStage{Name: "urgent", New: func(id int32) detect.Detector {
		c := newCounter(id).(*counter)
		c.urgent = true
		return c
	}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	i := 0
	var took []time.Duration
	round := func() time.Duration {
		e := makeEvent(i)
		i++
		if err := cl.ProduceSync(ctx, &kgo.Record{Topic: o.Topic(schemas.TopicEvents), Key: e.Key(), Value: event.Encode(nil, e)}).FirstErr(); err != nil {
			b.Fatal(err)
		}
		begun := time.Now()
		for {
			if f := cl.PollFetches(ctx); f.NumRecords() > 0 {
				return time.Since(begun)
			}
		}
	}
	for range 20 {
		round()
	}
	for b.Loop() {
		took = append(took, round())
		time.Sleep(time.Duration(i%7) * time.Millisecond)
	}
	cancel()
	<-done
	slices.Sort(took)
	at := func(q float64) float64 { return took[int(q*float64(len(took)-1))].Seconds() * 1000 }
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
}
