package ship

import (
	"bytes"
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/schemas"
)

func sample() *event.Event {
	item := `{"sku":"SKU-000123","name":"compact wireless keyboard","quantity":2,"unit_price":19.99,"tags":["black"]},`
	r := raw(1)
	for i := range 10 {
		r.Event.RequestHeaders = append(r.Event.RequestHeaders, event.Header{Name: []byte("X-Header-Name"), Value: bytes.Repeat([]byte{'a' + byte(i)}, 40)})
	}
	r.Event.RequestBody.Data = []byte(`{"items":[` + strings.Repeat(item, 9) + `{}]}`)
	r.Event.ResponseBody.Data = []byte(`{"items":[` + strings.Repeat(item, 9) + `{}]}`)
	return &r.Event
}

// The budget's "encode and produce": a sealed event of 3 KB from the ring to the
// broker's acknowledgement, an embedded broker on the same cores included.
func BenchmarkEncodeProduce(b *testing.B) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(6, schemas.TopicEvents), kfake.SeedTopics(1, schemas.TopicSensors), kfake.BlackholeProduce())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	s, err := New(Config{Sensor: "bench", Kafka: []kgo.Opt{kgo.SeedBrokers(c.ListenAddrs()...)}}, builder(b), nil, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	e := builder(b).Build(&capture.Raw{Event: *sample()})
	b.SetBytes(int64(event.Size(e)))
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		copied := *e
		for s.TryOfferEvent(&copied) != nil {
			runtime.Gosched()
		}
		n++
	}
	for c := s.Counters(); c.Shipped < n; c = s.Counters() {
		if c.Lost() > 0 {
			b.Fatalf("%+v", c)
		}
		runtime.Gosched()
	}
	b.StopTimer()
	s.Close(b.Context())
	if c := s.Counters(); c.Shipped != n {
		b.Fatalf("%+v", c)
	}
}

// What the caller waits for.
func BenchmarkOffer(b *testing.B) {
	r := newRing(1 << 40)
	l := newLedger()
	raw := &capture.Raw{Event: *sample()}
	var spare []item
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		r.put(item{raw: raw, size: raw.Size()}, true, l.see)
		if i++; i%256 == 0 {
			spare = r.take(spare)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	e := sample()
	e.Tenant = []byte("default")
	s := &Shipper{cfg: Config{EventBytes: 900 << 10}, sensor: []byte("bench"), boot: 1, builder: builder(b)}
	p := &parcel{}
	b.ReportAllocs()
	for b.Loop() {
		if ok, _ := s.encode(&item{sealed: e, seq: 1}, p); !ok {
			b.Fatal("dropped")
		}
	}
}
