package runner

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/schemas"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// plainMatcher makes of every path its own endpoint.
type plainMatcher struct{}

func (plainMatcher) Match(tenant, host, method string, path []byte) catalog.Match {
	return catalog.Match{ID: host, Label: method + " " + host + string(path), Host: host, Method: method, Template: string(path)}
}

// bed is a broker with topics of a test's own.
type bed struct {
	t       *testing.T
	brokers []string
	prefix  string
	parts   int32
	cl      *kgo.Client
	cluster *kfake.Cluster // nil on a real broker
	log     *slog.Logger
	sent    int
}

var bedNumber atomic.Int64

func newBed(t *testing.T, parts int32) *bed {
	t.Helper()
	b := &bed{t: t, parts: parts, prefix: fmt.Sprintf("t%d-%d.", time.Now().UnixNano(), bedNumber.Add(1))}
	if addr := os.Getenv("MIRADOR_KAFKA_BROKERS"); addr != "" {
		b.brokers = strings.Split(addr, ",")
	} else {
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{
			"group.min.session.timeout.ms": "100", "group.initial.rebalance.delay.ms": "0",
		}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		b.cluster, b.brokers = c, c.ListenAddrs()
	}
	level := slog.LevelError + 1
	if os.Getenv("MIRADOR_TEST_LOG") != "" {
		level = slog.LevelDebug
	}
	b.log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	var err error
	if b.cl, err = kgo.NewClient(kgo.SeedBrokers(b.brokers...), kgo.MetadataMinAge(20*time.Millisecond), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.cl.Close)
	o := b.options("ensure")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	adm := kadm.NewClient(b.cl)
	if err := EnsureTopics(ctx, adm, schemas.Topics, &o, TopicPlan{Partitions: parts, Replication: 1}); err != nil {
		t.Fatal(err)
	}
	if b.cluster == nil {
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			topics, _ := ParseTopics(schemas.Topics)
			for _, tp := range topics {
				_, _ = adm.DeleteTopic(ctx, o.Topic(tp.Name))
			}
		})
	}
	return b
}

func (b *bed) options(instance string) Options {
	o := DefaultOptions()
	o.Kafka = []kgo.Opt{kgo.SeedBrokers(b.brokers...)}
	o.Service, o.Instance, o.TopicPrefix = "test", instance, b.prefix
	o.Logger = cmp.Or(b.log, slog.Default())
	o.Matcher = plainMatcher{}
	o.Registry = prometheus.NewRegistry()
	o.CommitInterval, o.HeartbeatInterval = 20*time.Millisecond, 50*time.Millisecond
	o.FetchMaxWait = 50 * time.Millisecond
	o.BackoffMin, o.BackoffMax = 20*time.Millisecond, 500*time.Millisecond
	o.DrainTimeout = 5 * time.Second
	o.IdleAdvance = time.Hour
	if b.cluster == nil {
		o.SessionTimeout = 6 * time.Second
	} else {
		o.SessionTimeout = time.Second
	}
	return o
}

// base is when the test traffic begins.
var base = time.Now().Add(-time.Hour).Truncate(windowLength)

// makeEvent is the i-th event: principals and hosts repeat.
func makeEvent(i int) *event.Event {
	e := &event.Event{
		Tenant: []byte("default"), Sensor: []byte("sensor-1"), Boot: 7, Sequence: uint64(i + 1),
		RequestTime: base.Add(time.Duration(i) * 10 * time.Millisecond).UnixNano(),
		Method:      []byte("GET"), Authority: fmt.Appendf(nil, "h%d.example", i%3), Path: []byte("/p"),
	}
	binary.BigEndian.PutUint64(e.ID[8:], uint64(i+1))
	e.Identity.Subject = fmt.Appendf(nil, "u%d", i%17)
	return e
}

// send produces events [from, to) and waits for the acknowledgements.
func (b *bed) send(from, to int) {
	b.t.Helper()
	for i := from; i < to; i++ {
		e := makeEvent(i)
		b.produce(&kgo.Record{Topic: b.prefix + "events", Key: e.Key(), Value: event.Encode(nil, e)})
	}
	b.flush()
	b.sent = max(b.sent, to)
}

func (b *bed) produce(r *kgo.Record) {
	b.cl.Produce(context.Background(), r, func(_ *kgo.Record, err error) {
		if err != nil {
			b.t.Error(err)
		}
	})
}

func (b *bed) flush() {
	b.t.Helper()
	if err := b.cl.Flush(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// running is a stage at work.
type running struct {
	*Stage
	stop func() // gracefully
	kill func() // without a word
}

func (b *bed) start(s *Stage) *running {
	ctx, cancel := context.WithCancel(context.Background())
	killed, done := make(chan struct{}), make(chan struct{})
	s.hooks.kill = killed
	go func() {
		defer close(done)
		if err := s.Run(ctx); err != nil {
			b.t.Error(err)
		}
	}()
	var once, kill sync.Once
	r := &running{Stage: s}
	r.stop = func() { once.Do(cancel); <-done }
	r.kill = func() { kill.Do(func() { close(killed) }); <-done; once.Do(cancel) }
	b.t.Cleanup(r.stop)
	return r
}

// read gives the committed records of topic until enough says so; it fails the
// test after a minute.
func (b *bed) read(topic string, enough func([]*kgo.Record) bool) []*kgo.Record {
	b.t.Helper()
	return b.readFor(topic, time.Minute, enough)
}

func (b *bed) readFor(topic string, limit time.Duration, enough func([]*kgo.Record) bool) []*kgo.Record {
	b.t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.brokers...), kgo.ConsumeTopics(b.prefix+topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(50*time.Millisecond))
	if err != nil {
		b.t.Fatal(err)
	}
	defer cl.Close()
	var out []*kgo.Record
	for until := time.Now().Add(limit); !enough(out); {
		if time.Now().After(until) {
			b.t.Fatalf("topic %s: %d records after %v, and not enough", topic, len(out), limit)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) { out = append(out, r) })
		cancel()
	}
	return out
}

func atLeast(n int) func([]*kgo.Record) bool {
	return func(r []*kgo.Record) bool { return len(r) >= n }
}

// eventually waits for a condition, at most half a minute.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("not within half a minute: %s", what)
		}
	}
}

// counter counts events a principal: one record an event with the count so far,
// and the differences a host as partials.
type counter struct {
	counts map[string]uint64
	hosts  map[string]uint64
	urgent bool
}

func newCounter(int32) detect.Detector {
	return &counter{counts: map[string]uint64{}, hosts: map[string]uint64{}}
}

func (c *counter) Prepare(tx *detect.Tx) { tx.Prepared = tx.Event.Host() }

func (c *counter) Detect(tx *detect.Tx, out *detect.Out) {
	c.counts[tx.Principal]++
	c.hosts[tx.Prepared.(string)]++
	out.Records = append(out.Records, detect.Record{
		Topic: schemas.TopicCatalog, Key: []byte(strconv.FormatUint(tx.Event.Sequence, 10)),
		Value: []byte(strconv.FormatUint(c.counts[tx.Principal], 10)), Urgent: c.urgent,
	})
}

func (c *counter) Flush(out *detect.Out) {
	for _, h := range sortedKeys(c.hosts) {
		out.Partial("hosts", "default", h, binary.AppendUvarint(nil, c.hosts[h]))
	}
	clear(c.hosts)
}

func (c *counter) Snapshot(w io.Writer) error { return saveCounts(w, c.counts) }

func (c *counter) Restore(r io.Reader) error {
	var err error
	c.counts, err = loadCounts(r)
	return err
}

func sortedKeys(m map[string]uint64) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func saveCounts(w io.Writer, m map[string]uint64) error {
	for _, k := range sortedKeys(m) {
		if _, err := fmt.Fprintf(w, "%s %d\n", k, m[k]); err != nil {
			return err
		}
	}
	return nil
}

func loadCounts(r io.Reader) (map[string]uint64, error) {
	b, err := io.ReadAll(r)
	m := map[string]uint64{}
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		k, v, ok := strings.Cut(line, " ")
		if ok {
			m[k], _ = strconv.ParseUint(v, 10, 64)
		}
	}
	return m, err
}

// summer adds the partials of a host up: a record a partial with the total.
type summer struct{ totals map[string]uint64 }

func newSummer(int32) detect.Merger { return &summer{totals: map[string]uint64{}} }

func (s *summer) Merge(p *detect.Partial, out *detect.Out) {
	n, _ := binary.Uvarint(p.Payload)
	s.totals[p.Dimension] += n
	out.Record(schemas.TopicFields, []byte(p.Dimension), []byte(strconv.FormatUint(s.totals[p.Dimension], 10)))
}

func (s *summer) Snapshot(w io.Writer) error { return saveCounts(w, s.totals) }

func (s *summer) Restore(r io.Reader) error {
	var err error
	s.totals, err = loadCounts(r)
	return err
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// checkOnce compares the counter's records with what n events must give: one
// each, with the count of its principal so far.
func checkOnce(t *testing.T, got []*kgo.Record, n int) {
	t.Helper()
	want, counts := map[string]string{}, map[int]int{}
	for i := range n {
		counts[i%17]++
		want[strconv.Itoa(i+1)] = strconv.Itoa(counts[i%17])
	}
	seen := map[string]int{}
	wrong := 0
	for _, r := range got {
		seen[string(r.Key)]++
		if string(r.Value) != want[string(r.Key)] {
			wrong++
			if wrong < 5 {
				t.Errorf("event %s: count %s, want %s", r.Key, r.Value, want[string(r.Key)])
			}
		}
	}
	missing, double := 0, 0
	for k := range want {
		switch {
		case seen[k] == 0:
			missing++
		case seen[k] > 1:
			double++
		}
	}
	if missing+double+wrong > 0 || len(got) != n {
		t.Errorf("%d records for %d events: %d missing, %d double, %d with a wrong count", len(got), n, missing, double, wrong)
	}
}

// hostTotals are what the merger must end with.
func hostTotals(n int) map[string]string {
	want := map[string]string{}
	for h := range 3 {
		k := 0
		for i := range n {
			if i%3 == h {
				k++
			}
		}
		want[fmt.Sprintf("h%d.example", h)] = strconv.Itoa(k)
	}
	return want
}

// totalsReached says whether the last record of every host has its total.
func totalsReached(n int) func([]*kgo.Record) bool {
	want := hostTotals(n)
	return func(rs []*kgo.Record) bool {
		last := map[string]string{}
		for _, r := range rs {
			last[string(r.Key)] = string(r.Value)
		}
		for k, v := range want {
			if last[k] != v {
				return false
			}
		}
		return true
	}
}

type kgoRecord = kgo.Record
