package runner

import (
	"context"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/schemas"
	dto "github.com/prometheus/client_model/go"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

func BenchmarkStage(b *testing.B) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		b.Fatal(err)
	}
	defer cl.Close()
	o := quietOptions()
	o.Kafka, o.Service, o.Instance = []kgo.Opt{kgo.SeedBrokers(c.ListenAddrs()...)}, "bench", "a"
	if err := EnsureTopics(b.Context(), kadm.NewClient(cl), schemas.Topics, &o, TopicPlan{Partitions: 4, Replication: 1}); err != nil {
		b.Fatal(err)
	}
	const n = 20000
	for i := range n {
		e := makeEvent(i)
		e.RequestBody.Data = make([]byte, 2000)
		cl.Produce(b.Context(), &kgo.Record{Topic: schemas.TopicEvents, Key: e.Key(), Value: event.Encode(nil, e)}, nil)
	}
	if err := cl.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	run := 0
	for b.Loop() {
		run++
		s, err := NewDetect(o, DetectStage{Name: "trivial" + string(rune('a'+run%26)) + time.Now().Format("150405.000000"), New: func(int32) detect.Detector { return trivial{} }})
		if err != nil {
			b.Fatal(err)
		}
		var m dto.Metric
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = s.Run(ctx) }()
		for m.GetCounter().GetValue() < n {
			time.Sleep(time.Millisecond)
			_ = s.metrics.records.Write(&m)
		}
		cancel()
		<-done
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

type trivial struct{}

func (trivial) Detect(*detect.Tx, *detect.Out) {}
