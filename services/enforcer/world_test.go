package enforcer

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/enforcer/decide"
	"github.com/miradorhq/mirador/services/enforcer/edge"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// world is a Kafka, a signer and a producer that stands for a detector.
type world struct {
	t        testing.TB
	cluster  *kfake.Cluster
	signer   *action.Signer
	producer *kgo.Client
	revision int64
}

func newWorld(t testing.TB) *world {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, schemas.TopicActions, schemas.TopicStatus))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	signer, err := action.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, cluster: cluster, signer: signer}
	w.producer, err = kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ProducerLinger(0), kgo.TransactionalID("detector"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.producer.Close)
	return w
}

// act is an action to enforce: "op type value issuer".
func (w *world) act(text string, d time.Duration) *action.Action {
	f := strings.Fields(text)
	w.revision++
	now := time.Now().UTC()
	a := &action.Action{
		Tenant: "default", Op: action.Op(f[0]), Target: action.Target{Type: action.TargetType(f[1]), Value: f[2]}, Scope: "*", Issuer: f[3],
		Mode: action.Enforce, NotBefore: now, NotAfter: now.Add(d), Revision: w.revision, EventTime: now, Rule: "R",
	}
	a.ID = action.NewID(a.Key(), fmt.Sprint(w.revision), now)
	return a
}

// send produces in a transaction, as detectors do.
func (w *world) send(records ...action.Record) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := w.producer.BeginTransaction(); err != nil {
		w.t.Fatal(err)
	}
	for _, r := range records {
		rec := &kgo.Record{Topic: schemas.TopicActions, Key: r.Key, Value: r.Value}
		for _, h := range r.Headers {
			rec.Headers = append(rec.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
		}
		if err := w.producer.ProduceSync(ctx, rec).FirstErr(); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := w.producer.EndTransaction(ctx, kgo.TryCommit); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) seal(a *action.Action) action.Record {
	w.t.Helper()
	r, err := w.signer.Seal(a)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// running is an enforcer with the decision endpoint, both real.
type running struct {
	*Enforcer
	decider *decide.Decider
	reg     *prometheus.Registry
	key     capture.Key
	stop    func()
}

func (w *world) start(change func(*Config)) *running {
	w.t.Helper()
	key, err := capture.NewKey("k1", []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		w.t.Fatal(err)
	}
	builder, err := capture.NewBuilder(capture.Config{Key: key})
	if err != nil {
		w.t.Fatal(err)
	}
	reg, log := prometheus.NewRegistry(), slog.New(slog.DiscardHandler)
	decider, err := decide.New("test", decide.Defaults(), builder, log, reg)
	if err != nil {
		w.t.Fatal(err)
	}
	cfg := Defaults()
	if change != nil {
		change(&cfg)
	}
	verifier, err := action.NewVerifier(w.signer.Public())
	if err != nil {
		w.t.Fatal(err)
	}
	e, err := New(Options{Config: cfg, Verifier: verifier, Edges: []edge.Edge{decider}, Log: log, Registry: reg,
		Kafka: []kgo.Opt{kgo.SeedBrokers(w.cluster.ListenAddrs()...)}})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	stopped := false
	r := &running{Enforcer: e, decider: decider, reg: reg, key: key, stop: func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			if err != nil {
				w.t.Error(err)
			}
		case <-time.After(20 * time.Second):
			w.t.Error("the enforcer does not stop")
		}
	}}
	w.t.Cleanup(r.stop)
	eventually(w.t, "ready", r.Ready)
	return r
}

func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !f(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never came: %s", what)
		}
	}
}

// status is what a client of the address gets.
func (r *running) status(address string, headers ...string) int {
	q := httptest.NewRequest("GET", "/", nil)
	for i := 0; i < len(headers); i += 2 {
		q.Header.Add(headers[i], headers[i+1])
	}
	return r.decider.DecideRequest(q, netip.MustParseAddr(address)).Status
}

func (r *running) counter(t *testing.T, name, label string) float64 {
	t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				if label == "" || has(m, label) {
					return m.GetCounter().GetValue()
				}
			}
		}
	}
	return 0
}

func has(m *dto.Metric, value string) bool {
	for _, l := range m.GetLabel() {
		if l.GetValue() == value {
			return true
		}
	}
	return false
}

// statuses reads the status topic until f is satisfied.
func (w *world) statuses(f func(action.Status) bool) action.Status {
	w.t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(w.cluster.ListenAddrs()...), kgo.ConsumeTopics(schemas.TopicStatus),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		fetches := c.PollFetches(ctx)
		if ctx.Err() != nil {
			w.t.Fatal("the status never came")
		}
		for _, r := range fetches.Records() {
			s, err := action.DecodeStatus(r.Value)
			if err != nil {
				w.t.Fatal(err)
			}
			if f(s) {
				return s
			}
		}
	}
}
