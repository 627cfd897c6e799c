// Package ship carries events to Kafka without ever making their source wait:
// a ring bounded by bytes, one goroutine that builds and encodes, a producer that
// never blocks, and a spool on disk for the time that Kafka is away.
//
//	Offer -> ring -> build, mask, encode -> TryProduce -> acknowledged
//	                                     \-> spool -> drained when Kafka is back
//
// New events go ahead of spooled ones when Kafka is back: a block must not wait
// for a backlog. Spooled events carry event.Replayed. An event may be sent
// twice where the process dies between the broker's word and the cursor's
// write; readers know it again by sensor, boot and sequence.
//
// Lock order: ring, ledger; spool, ledger. Never two of ring and spool.
package ship

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/capture/spool"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/schemas"
)

// Config of a Shipper. Zero values mean the defaults.
type Config struct {
	// Sensor names this process among all sensors of the tenant. Required.
	Sensor string
	// RingBytes bounds what waits to be built (64 MiB), BufferBytes what the Kafka
	// client holds (32 MiB).
	RingBytes, BufferBytes int
	// EventBytes bounds an encoded event (capture.DefaultEventBytes).
	EventBytes int
	// Linger gathers a batch (5 ms). Negative is none: the least delay for the most
	// requests to the broker.
	Linger time.Duration
	// Zstd compresses batches with zstd instead of lz4: smaller, dearer.
	Zstd bool
	// DeliveryTimeout is how long a record waits for a broker before it is spooled
	// (10 s, at least 1 s). A record whose request was sent and not answered waits
	// longer, until its fate is known: else it might exist twice.
	DeliveryTimeout time.Duration
	// Heartbeat is the interval of the records on mirador.sensors (1 s).
	Heartbeat time.Duration
	// Spool is where events wait while Kafka is away. An empty folder means none:
	// they are dropped and counted. Its Lost is set by the shipper.
	Spool spool.Config
	// SpoolFlush is how often gathered records are written to disk (1 s): what a
	// crash can lose.
	SpoolFlush time.Duration
	// Kafka holds seed brokers, TLS and SASL. Required.
	Kafka []kgo.Opt
}

// Validate reports everything that is wrong at once.
func (c Config) Validate() error {
	var errs []error
	if c.Sensor == "" || strings.ContainsRune(c.Sensor, '|') {
		errs = append(errs, fmt.Errorf("ship: sensor %q must be a name without '|'", c.Sensor))
	}
	if len(c.Kafka) == 0 {
		errs = append(errs, errors.New("ship: no Kafka options: at least the seed brokers are needed"))
	}
	for name, v := range map[string]int{"ring": c.RingBytes, "buffer": c.BufferBytes, "event": c.EventBytes} {
		if v < 0 {
			errs = append(errs, fmt.Errorf("ship: %s bytes %d must not be negative", name, v))
		}
	}
	if c.DeliveryTimeout != 0 && c.DeliveryTimeout < time.Second {
		errs = append(errs, fmt.Errorf("ship: delivery timeout %v must be at least 1s", c.DeliveryTimeout))
	}
	if c.Heartbeat < 0 || c.SpoolFlush < 0 {
		errs = append(errs, fmt.Errorf("ship: heartbeat %v and spool flush %v must not be negative", c.Heartbeat, c.SpoolFlush))
	}
	if c.EventBytes > 1<<20-1<<10 {
		errs = append(errs, fmt.Errorf("ship: event bytes %d must stay below the broker's 1 MiB a message", c.EventBytes))
	}
	return errors.Join(errs...)
}

func (c *Config) defaults() {
	ints := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	durations := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	ints(&c.RingBytes, 64<<20)
	ints(&c.BufferBytes, 32<<20)
	ints(&c.EventBytes, capture.DefaultEventBytes)
	durations(&c.Linger, 5*time.Millisecond)
	durations(&c.DeliveryTimeout, 10*time.Second)
	durations(&c.Heartbeat, time.Second)
	durations(&c.SpoolFlush, time.Second)
	c.Linger = max(c.Linger, 0)
}

// Shipper is a capture.Sink. Safe for concurrent use.
type Shipper struct {
	cfg     Config
	builder *capture.Builder
	log     *slog.Logger
	client  *kgo.Client
	ring    *ring
	ledger  *ledger
	spool   *spool.Spool // nil where none is configured
	sensor  []byte
	boot    uint64
	parcels sync.Pool

	// down is set by a failed delivery and cleared by a good one: while it is set,
	// new events go to the spool at once instead of waiting out the timeout.
	down     atomic.Bool
	mu       sync.Mutex
	returned []*parcel // failed deliveries, for the worker to spool
	lastErr  error
	nagged   time.Time

	flight  sync.WaitGroup                  // parcels whose promise is open
	flying  atomic.Int64                    // their bytes
	space   chan struct{}                   // holds one token: some of them came back
	until   atomic.Pointer[<-chan struct{}] // the end of the time to close, once Close began
	stop    chan struct{}                   // closed when Close begins
	drained chan struct{}                   // closed when the worker is done
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	once    sync.Once
	closeE  error
}

var _ capture.Sink = (*Shipper)(nil)

// New starts a Shipper. It does not wait for a broker: while none answers,
// events are spooled. It registers its metrics with reg; nil registers nothing.
// Close must be called.
func New(cfg Config, b *capture.Builder, reg prometheus.Registerer, log *slog.Logger) (*Shipper, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if b == nil || log == nil {
		return nil, errors.New("ship: a shipper needs a builder and a logger")
	}
	cfg.defaults()
	s := &Shipper{cfg: cfg, builder: b, log: log, ring: newRing(cfg.RingBytes), ledger: newLedger(), sensor: []byte(cfg.Sensor),
		boot: uint64(time.Now().UnixNano()), stop: make(chan struct{}), drained: make(chan struct{}), space: make(chan struct{}, 1)}
	s.parcels.New = func() any {
		p := &parcel{shipper: s}
		p.done = p.delivered
		return p
	}
	if cfg.Spool.Dir != "" {
		cfg.Spool.Lost = func(n int, reason string) { s.ledger.drop(spooled, reason, n) }
		sp, err := spool.Open(cfg.Spool, log)
		if err != nil {
			return nil, err
		}
		s.spool = sp
		s.ledger.recover(sp.Stats().Records)
	}
	codec := kgo.Lz4Compression()
	if cfg.Zstd {
		codec = kgo.ZstdCompression()
	}
	opts := append(append([]kgo.Opt(nil), cfg.Kafka...),
		kgo.ClientID("mirador-shipper-"+cfg.Sensor),
		kgo.ProducerBatchCompression(codec, kgo.NoCompression()),
		kgo.ProducerLinger(cfg.Linger),
		// The worker keeps to BufferBytes; what is above is for heartbeats and the spool.
		kgo.MaxBufferedBytes(cfg.BufferBytes+headroom),
		kgo.MaxBufferedRecords(1<<20),
		kgo.RecordDeliveryTimeout(cfg.DeliveryTimeout+cfg.Linger),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
		kgo.RequiredAcks(kgo.AllISRAcks()),
	)
	client, err := kgo.NewClient(opts...)
	if err != nil {
		if s.spool != nil {
			err = errors.Join(err, s.spool.Close())
		}
		return nil, fmt.Errorf("ship: Kafka client: %w", err)
	}
	s.client = client
	if reg != nil {
		if err := reg.Register(collector{s}); err != nil {
			s.client.Close()
			if s.spool != nil {
				err = errors.Join(err, s.spool.Close())
			}
			return nil, fmt.Errorf("ship: metrics: %w", err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go s.work()
	s.wg.Go(func() { s.beat(ctx) })
	if s.spool != nil {
		s.wg.Go(func() { s.drain(ctx) })
	}
	return s, nil
}

// Offer takes over r. It never blocks. False: it was dropped and counted.
func (s *Shipper) Offer(r *capture.Raw) bool {
	return s.put(item{raw: r, size: r.Size()}, true) == ""
}

// ErrFull and ErrClosed say why TryOffer took nothing.
var (
	ErrFull   = errors.New("ship: the queue is full, try again in a second")
	ErrClosed = errors.New("ship: closing down")
)

// TryOffer is Offer for a source that can wait: a refused event is its own
// still, and not counted at all.
func (s *Shipper) TryOffer(r *capture.Raw) error {
	return refusal(s.put(item{raw: r, size: r.Size()}, false))
}

// TryOfferEvent is TryOffer for an event that a Builder made already. Its sensor,
// boot and sequence become this shipper's; an ID that is set stays.
func (s *Shipper) TryOfferEvent(e *event.Event) error {
	return refusal(s.put(item{sealed: e, size: 512 + event.Size(e)}, false))
}

func refusal(reason string) error {
	switch reason {
	case "":
		return nil
	case DropClosed:
		return ErrClosed
	}
	return ErrFull
}

func (s *Shipper) put(it item, count bool) string {
	reason := s.ring.put(it, count, s.ledger.see)
	if reason != "" && count {
		s.ledger.refuse(reason)
	}
	return reason
}

// Counters is a consistent moment.
func (s *Shipper) Counters() Counters { return s.ledger.snapshot() }

// Boot is the start of this shipper in ns, which marks its events.
func (s *Shipper) Boot() uint64 { return s.boot }

// Healthy is nil while Kafka takes events.
func (s *Shipper) Healthy() error {
	if !s.down.Load() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Errorf("ship: Kafka does not take events: %w", s.lastErr)
}

// Close stops taking events, and sends what it has until ctx ends; the rest
// goes to the spool for the next run, or is dropped and counted where there is
// none. It may be called twice.
func (s *Shipper) Close(ctx context.Context) error {
	s.once.Do(func() { s.closeE = s.close(ctx) })
	return s.closeE
}

func (s *Shipper) close(ctx context.Context) error {
	done := ctx.Done()
	s.until.Store(&done)
	s.ring.close()
	close(s.stop)
	<-s.drained // at ctx's end at the latest
	if !s.down.Load() {
		if err := s.client.Flush(ctx); err != nil {
			s.log.Warn("ship: not everything could be sent before the deadline", "error", err, "in_flight", s.ledger.snapshot().InFlight)
		}
	}
	s.cancel()
	s.wg.Wait()
	s.heartbeat(ctx, true)
	s.client.Close() // fails what is left,
	s.flight.Wait()  // which then returns
	s.settle()
	if s.spool == nil {
		return nil
	}
	return s.spool.Close()
}

// headroom holds a block of the spool and some heartbeats.
const headroom = 8 << 20

const topic = schemas.TopicEvents
