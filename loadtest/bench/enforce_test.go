package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/miradorhq/mirador/loadtest/traffic"
	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/capture/ship"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/services/onehost"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestMain(m *testing.M) {
	stack.MaybeRunChild()
	os.Exit(m.Run())
}

// BenchmarkTimeToEnforce is the time from a mirrored request with an attack in it
// to the decision endpoint refusing its sender, all services in this process and
// background traffic on top.
func BenchmarkTimeToEnforce(b *testing.B) {
	for _, kafka := range []stack.Took{stack.TookKFake, stack.TookJava} {
		b.Run(string(kafka), func(b *testing.B) { timeToEnforce(b, kafka) })
	}
}

// attacks of a run, and the ordinary events a second meanwhile.
const (
	attacks    = 60
	background = 100
)

func timeToEnforce(b *testing.B, kafka stack.Took) {
	cfg := onehost.Defaults()
	cfg.DataDir = b.TempDir()
	cfg.Policy.Mode, cfg.Policy.Caps.NewPerMinute, cfg.Enforcer.Guards.Caps.NewPerMinute = action.Enforce, 10_000, 10_000
	cfg.Telemetry.Listen, cfg.Enforcer.HTTP.Listen, cfg.Shipper.Listen, cfg.Console.Listen = "", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	log := slog.New(slog.DiscardHandler)
	ctx, stop := context.WithCancel(b.Context())
	host, err := onehost.Start(ctx, cfg, onehost.Options{Kafka: kafka, Throwaway: true, Log: log})
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- host.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
		if err := host.Close(); err != nil {
			b.Error(err)
		}
	}()
	for begun := time.Now(); !host.Process.Health.Ready(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			_, parts := host.Process.Health.Results()
			b.Fatalf("not ready: %+v", parts)
		}
	}
	builder, err := capture.NewBuilder(capture.Config{Key: host.Process.IdentityKey(), Tenant: cfg.Tenant})
	if err != nil {
		b.Fatal(err)
	}
	s, err := ship.New(ship.Config{Sensor: "bench", Linger: time.Millisecond, Kafka: []kgo.Opt{kgo.SeedBrokers(host.Kafka.Brokers()...)}}, builder, prometheus.NewRegistry(), log)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close(context.WithoutCancel(ctx))
	go ordinary(ctx, s)
	time.Sleep(2 * time.Second) // consumers have settled and the rule engine is warm

	var ms []float64
	for b.Loop() {
		ms = ms[:0]
		for i := range attacks {
			ms = append(ms, attackOnce(b, s, host.Process.DecideURL(), i)...)
			time.Sleep(50 * time.Millisecond)
		}
	}
	slices.Sort(ms)
	quantile := func(q float64) float64 { return ms[int(q*float64(len(ms)-1)+0.5)] }
	b.ReportMetric(quantile(0.5), "p50-ms")
	b.ReportMetric(quantile(0.99), "p99-ms")
	b.ReportMetric(ms[len(ms)-1], "max-ms")
	b.ReportMetric(0, "ns/op") // a run of all attacks: its duration says nothing
}

// attackOnce ships one attack from an address of its own and polls the edge.
func attackOnce(b *testing.B, s *ship.Shipper, decide string, i int) []float64 {
	var random [2]byte
	_, _ = rand.Read(random[:]) // never fails
	address := fmt.Sprintf("203.%d.%d.%d", 1+random[0]%110, random[1], 1+i%250)
	begun := time.Now()
	body := `{"from":4100201,"note":"x' UNION SELECT username, password FROM users -- "}`
	e := &event.Event{
		Tenant: []byte(event.DefaultTenant), ID: capture.NewID(begun), RequestTime: begun.UnixNano(), ResponseTime: begun.UnixNano(), Method: []byte("POST"),
		Scheme: []byte("http"), Protocol: []byte("HTTP/1.1"), Authority: []byte(traffic.Host), Path: []byte("/v1/transfers"), Client: event.Client{Address: []byte(address)},
		RequestHeaders: []event.Header{{Name: []byte("Content-Type"), Value: []byte("application/json")}, {Name: []byte("Host"), Value: []byte(traffic.Host)},
			{Name: []byte("User-Agent"), Value: []byte("bench")}, {Name: []byte("Accept"), Value: []byte("*/*")}},
		RequestBody: event.Body{Data: []byte(body), WireLength: uint64(len(body)), SeenLength: uint64(len(body)), ContentType: []byte("application/json")}, Status: 200,
	}
	if err := s.TryOfferEvent(e); err != nil {
		b.Fatal(err)
	}
	for time.Since(begun) < 10*time.Second {
		req, err := http.NewRequest(http.MethodGet, decide, nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("X-Mirador-Client-Ip", address)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode == http.StatusForbidden {
			return []float64{float64(time.Since(begun).Microseconds()) / 1000}
		}
		time.Sleep(time.Millisecond)
	}
	b.Fatalf("attack %d from %s was not refused within 10 s", i, address)
	return nil
}

// ordinary ships everyday traffic until ctx ends.
func ordinary(ctx context.Context, s *ship.Shipper) {
	list := traffic.Generate(traffic.Options{Seed: 3, Events: 20_000, Start: time.Now(), Span: time.Minute})
	tick := time.NewTicker(time.Second / background)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if t := list[i%len(list)]; t.Kind == traffic.Ordinary {
			now := time.Now()
			t.Event.ID, t.Event.RequestTime, t.Event.ResponseTime = capture.NewID(now), now.UnixNano(), now.UnixNano()
			_ = s.TryOfferEvent(t.Event) // a full queue is the shipper's to count
		}
	}
}
