package ship

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/encoding/json"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/schemas"
)

// Heartbeat is the record on mirador.sensors: what this sensor counted since it
// started. Key tenant|sensor.
type Heartbeat struct {
	Tenant string `json:"tenant"`
	Sensor string `json:"sensor"`
	// Boot is the start of the process and At this moment, ns since the epoch.
	Boot uint64 `json:"boot"`
	At   int64  `json:"at"`
	// Sequence is the newest number given: readers find gaps by it.
	Sequence uint64 `json:"sequence"`
	Counters
	RingBytes   int    `json:"ring_bytes"`
	SpoolBytes  int64  `json:"spool_bytes"`
	CutBodies   uint64 `json:"cut_bodies"`
	CutHeaders  uint64 `json:"cut_headers"`
	HeadersOnly uint64 `json:"headers_only"`
	// Last is set on the heartbeat of a shipper that closes.
	Last bool `json:"last,omitempty"`
}

func (s *Shipper) beat(ctx context.Context) {
	t := time.NewTicker(s.cfg.Heartbeat)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			s.heartbeat(ctx, false)
		}
	}
}

// State is the heartbeat of this moment.
func (s *Shipper) State() Heartbeat {
	h := Heartbeat{Tenant: s.builder.Tenant(), Sensor: s.cfg.Sensor, Boot: s.boot, At: time.Now().UnixNano(), Counters: s.ledger.snapshot()}
	h.RingBytes, _ = s.ring.fill()
	s.ring.mu.Lock()
	h.Sequence = s.ring.seq
	s.ring.mu.Unlock()
	l := s.builder.Limits()
	h.CutBodies, h.CutHeaders, h.HeadersOnly = l.Bodies.Load(), l.Headers.Load(), l.Oversize.Load()
	if s.spool != nil {
		h.SpoolBytes = s.spool.Stats().Bytes
	}
	return h
}

// heartbeat sends one. While Kafka is away none is queued up: a late heartbeat
// says nothing.
func (s *Shipper) heartbeat(ctx context.Context, last bool) {
	if s.down.Load() && s.spool != nil {
		if st := s.spool.Stats(); st.Records > 0 {
			return // the spool's own attempts find out when Kafka is back
		}
	}
	h := s.State()
	h.Last = last
	value, err := json.Marshal(h)
	if err != nil {
		s.complain("ship: heartbeat", err)
		return
	}
	r := &kgo.Record{Topic: schemas.TopicSensors, Key: event.RecordKey(h.Tenant, h.Sensor), Value: value}
	if last {
		if !s.down.Load() {
			if err := s.client.ProduceSync(ctx, r).FirstErr(); err != nil {
				s.complain("ship: the last heartbeat was not sent", err)
			}
		}
		return
	}
	// Not ctx: a record that is cancelled takes those behind it in its partition
	// along, and the last heartbeat is one of these.
	s.client.TryProduce(context.Background(), r, func(_ *kgo.Record, err error) {
		if err == nil {
			s.up()
		} else if ctx.Err() == nil {
			s.complain("ship: a heartbeat was not sent", err)
		}
	})
}

// collector gives the ledger to Prometheus as one consistent moment.
type collector struct{ s *Shipper }

var (
	descEvents = prometheus.NewDesc("mirador_shipper_events_total", "Events by where they went: seen, recovered, shipped.", []string{"state"}, nil)
	descNow    = prometheus.NewDesc("mirador_shipper_events", "Events by where they are: queued, in_flight, spooled.", []string{"state"}, nil)
	descDrop   = prometheus.NewDesc("mirador_shipper_dropped_total", "Events dropped, by reason.", []string{"reason"}, nil)
	descCut    = prometheus.NewDesc("mirador_shipper_cut_total", "What was cut to keep the caps: bodies, headers, or all bodies of an oversize event.", []string{"part"}, nil)
	descBytes  = prometheus.NewDesc("mirador_shipper_bytes", "Bytes held, in the ring and in the spool.", []string{"place"}, nil)
	descUp     = prometheus.NewDesc("mirador_shipper_kafka_up", "1 while Kafka takes events.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descEvents, descNow, descDrop, descCut, descBytes, descUp} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	h := c.s.State()
	counter := func(d *prometheus.Desc, v uint64, label string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), label)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter(descEvents, h.Seen, "seen")
	counter(descEvents, h.Recovered, "recovered")
	counter(descEvents, h.Shipped, "shipped")
	gauge(descNow, float64(h.Queued), "queued")
	gauge(descNow, float64(h.InFlight), "in_flight")
	gauge(descNow, float64(h.Spooled), "spooled")
	for reason, n := range h.Dropped {
		counter(descDrop, n, reason)
	}
	counter(descCut, h.CutBodies, "body")
	counter(descCut, h.CutHeaders, "header")
	counter(descCut, h.HeadersOnly, "event")
	gauge(descBytes, float64(h.RingBytes), "ring")
	gauge(descBytes, float64(h.SpoolBytes), "spool")
	up := 1.0
	if c.s.down.Load() {
		up = 0
	}
	gauge(descUp, up)
}
