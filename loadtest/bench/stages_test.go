// Package bench measures the whole: what each stage costs an event, and how long
// a block takes.
package bench

import (
	"log/slog"
	"testing"
	"time"

	"github.com/miradorhq/mirador/loadtest/traffic"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/prometheus/client_golang/prometheus"
)

// BenchmarkStages runs each detector's stages, and all of them, over generated
// traffic in memory, decoding included, on one core: events/s a core without
// Kafka and ClickHouse.
func BenchmarkStages(b *testing.B) {
	list := traffic.Generate(traffic.Options{Seed: 1, Events: 5000, Start: time.Unix(1_760_000_000, 0), Span: 5 * time.Minute})
	wire := make([][]byte, len(list))
	for i := range list {
		wire[i] = event.Encode(nil, list[i].Event)
	}
	for _, name := range platform.Detectors() {
		b.Run(name, func(b *testing.B) { stages(b, wire, []string{name}) })
	}
	b.Run("all", func(b *testing.B) { stages(b, wire, platform.Detectors()) })
}

func stages(b *testing.B, wire [][]byte, names []string) {
	cfg := platform.Defaults()
	first, second, err := cfg.InspectStages(names, false)
	if err != nil {
		b.Fatal(err)
	}
	o := runner.DefaultOptions()
	o.Matcher, o.Logger, o.Registry, o.Workers = &catalog.Lexical{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), 1
	local, err := runner.NewLocal(runner.LocalOptions{Options: o, Partitions: 1, Detect: first, Merge: second})
	if err != nil {
		b.Fatal(err)
	}
	const batch = 250
	events := make([]*event.Event, batch)
	for i := range events {
		events[i] = new(event.Event)
	}
	begun, n, at := time.Now(), 0, 0
	b.ReportAllocs()
	for b.Loop() {
		for i := range events {
			if err := event.Decode(wire[(at+i)%len(wire)], events[i]); err != nil {
				b.Fatal(err)
			}
			events[i].Sequence = uint64(n + i + 1) // so that a second round is no repeat
		}
		local.FeedAll(events, nil)
		at, n = (at+batch)%len(wire), n+batch
	}
	b.ReportMetric(float64(n)/time.Since(begun).Seconds(), "events/s")
	b.ReportMetric(time.Since(begun).Seconds()*1e6/float64(n), "us/event")
}
