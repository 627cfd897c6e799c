package ship

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/schemas"
)

func builder(t testing.TB) *capture.Builder {
	t.Helper()
	key, err := capture.NewKey("k1", []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := capture.NewBuilder(capture.Config{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func raw(i int) *capture.Raw {
	r := &capture.Raw{}
	e := &r.Event
	e.RequestTime = time.Now().UnixNano()
	e.Method, e.Path, e.Authority = []byte("GET"), fmt.Appendf(nil, "/accounts/%d", i), []byte("bank.test")
	e.RequestHeaders = []event.Header{{Name: []byte("Authorization"), Value: fmt.Appendf(nil, "Bearer token-%d", i%50)}}
	e.ResponseBody.Data = []byte(`{"ok":true}`)
	e.Status = 200
	return r
}

// broker is a kfake that can be stopped and started on the same port, its data kept.
type broker struct {
	t    *testing.T
	dir  string
	port int
	c    *kfake.Cluster
}

func newBroker(t *testing.T) *broker {
	t.Helper()
	address, err := stack.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := net.SplitHostPort(address)
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	b := &broker{t: t, dir: t.TempDir(), port: port}
	t.Cleanup(b.stop)
	return b
}

func (b *broker) start() {
	b.t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(b.port), kfake.DataDir(b.dir), kfake.SeedTopics(4, schemas.TopicEvents), kfake.SeedTopics(1, schemas.TopicSensors))
	if err != nil {
		b.t.Fatal(err)
	}
	b.c = c
}

func (b *broker) stop() {
	if b.c != nil {
		b.c.Close()
		b.c = nil
	}
}

func (b *broker) seeds() []kgo.Opt {
	return []kgo.Opt{kgo.SeedBrokers(fmt.Sprintf("127.0.0.1:%d", b.port)), kgo.RetryBackoffFn(func(int) time.Duration { return 50 * time.Millisecond }),
		kgo.MetadataMinAge(50 * time.Millisecond), kgo.DialTimeout(time.Second)}
}

type got struct {
	event.Event
	key string
}

// consume reads topic to its present end.
func (b *broker) consume(topic string) (records []*kgo.Record) {
	b.t.Helper()
	var end int64
	for _, p := range b.c.PartitionInfos(topic) {
		end += p.HighWatermark
	}
	cl, err := kgo.NewClient(append(b.seeds(), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	if err != nil {
		b.t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for int64(len(records)) < end {
		f := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			b.t.Fatalf("%d of %d records before the deadline", len(records), end)
		}
		records = append(records, f.Records()...)
	}
	return records
}

func (b *broker) events() (out []got) {
	for _, r := range b.consume(schemas.TopicEvents) {
		g := got{key: string(r.Key)}
		if err := event.Decode(r.Value, &g.Event); err != nil {
			b.t.Fatal(err)
		}
		out = append(out, g)
	}
	return out
}

func start(t *testing.T, cfg Config) (*Shipper, *logged) {
	t.Helper()
	if cfg.Sensor == "" {
		cfg.Sensor = "edge-1"
	}
	log := &logged{}
	s, err := New(cfg, builder(t), prometheus.NewRegistry(), slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s, log
}

type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }
func (l *logged) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain for " + what)
		}
	}
}

func stop(t *testing.T, s *Shipper, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Fatal(err)
	}
}
