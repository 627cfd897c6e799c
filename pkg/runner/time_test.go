package runner

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/schemas"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestUnreachableBroker: one clear line, and work when the broker comes.
func TestUnreachableBroker(t *testing.T) {
	addr := must[string](t)(stack.FreeAddress())
	_, port, _ := net.SplitHostPort(addr)
	log := &buffer{}
	b := &bed{t: t, brokers: []string{addr}, prefix: "late.", parts: 1, log: slog.New(slog.NewTextHandler(log, nil))}
	s := b.detectStage(b.options("a"), nil)
	b.start(s)
	eventually(t, "an error that names the broker", func() bool {
		return strings.Contains(log.String(), addr) && strings.Contains(s.Health().Reason, "does not answer")
	})
	if s.Health().OK {
		t.Error("healthy without a broker")
	}
	p := must[int](t)(net.LookupPort("tcp", port))
	c := must[*kfake.Cluster](t)(kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(p)))
	defer c.Close()
	b.cl = must[*kgo.Client](t)(kgo.NewClient(kgo.SeedBrokers(addr)))
	defer b.cl.Close()
	o := b.options("ensure")
	if err := EnsureTopics(t.Context(), kadm.NewClient(b.cl), schemas.Topics, &o, TopicPlan{Partitions: 1, Replication: 1}); err != nil {
		t.Fatal(err)
	}
	b.send(0, 10)
	checkOnce(t, b.read("catalog", atLeast(10)), 10)
	eventually(t, "health", func() bool { return s.Health().OK })
}

// stuck never returns from the first event until it is let go.
type stuck struct{ gate chan struct{} }

func (s stuck) Detect(*detect.Tx, *detect.Out) { <-s.gate }

func TestHealthTurnsRedOnLagWithoutProgress(t *testing.T) {
	b := newBed(t, 1)
	o := b.options("a")
	o.StallAfter = 200 * time.Millisecond
	gate := make(chan struct{})
	s := must[*Stage](t)(NewDetect(o, DetectStage{Name: "stuck", New: func(int32) detect.Detector { return stuck{gate} }}))
	b.start(s)
	eventually(t, "health", func() bool { return s.Health().OK })
	b.send(0, 5)
	eventually(t, "red", func() bool { h := s.Health(); return !h.OK && strings.Contains(h.Reason, "5 records are waiting") })
	close(gate)
	eventually(t, "green again", func() bool { return s.Health().OK })
}

// advances says every watermark, and keeps the last.
type advances struct{ last time.Time }

func (a *advances) Detect(*detect.Tx, *detect.Out) {}
func (a *advances) Advance(w time.Time, out *detect.Out) {
	if !w.After(a.last) {
		panic("the watermark went back")
	}
	a.last = w
	out.Record(schemas.TopicCatalog, []byte("w"), w.AppendFormat(nil, time.RFC3339Nano))
}
func (a *advances) Snapshot(w io.Writer) error {
	_, err := io.WriteString(w, a.last.Format(time.RFC3339Nano))
	return err
}
func (a *advances) Restore(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err == nil {
		a.last, err = time.Parse(time.RFC3339Nano, string(b))
	}
	return err
}

func TestIdlePartitionFollowsTheClockAlsoAfterAKill(t *testing.T) {
	b := newBed(t, 1)
	o := b.options("a")
	o.IdleAdvance, o.AdvanceStep, o.IdleSnapshots = 60*time.Millisecond, time.Millisecond, 3
	stage := func() *Stage {
		return must[*Stage](t)(NewDetect(o, DetectStage{Name: "adv", PartialKinds: []string{"x"}, New: func(int32) detect.Detector { return &advances{} }}))
	}
	s := stage()
	r := b.start(s)
	b.send(0, 5)
	got := b.read("catalog", atLeast(12)) // idle several times, past IdleSnapshots
	if last := must[time.Time](t)(time.Parse(time.RFC3339Nano, string(got[len(got)-1].Value))); time.Since(last) > 30*time.Second {
		t.Errorf("the watermark is %v behind the clock", time.Since(last))
	}
	r.kill()
	before := len(b.read("catalog", atLeast(12)))
	o.Registry = prometheus.NewRegistry()
	s = stage()
	b.start(s)
	got = b.read("catalog", atLeast(before+3))
	for i := 1; i < len(got); i++ {
		a, c := must[time.Time](t)(time.Parse(time.RFC3339Nano, string(got[i-1].Value))), must[time.Time](t)(time.Parse(time.RFC3339Nano, string(got[i].Value)))
		if !c.After(a) {
			t.Fatalf("watermark %d is %v after %v: an idle move was lost or repeated", i, c, a)
		}
	}
	if value(t, s.metrics.panics) != 0 {
		t.Error("the watermark went back")
	}
	// The second stages are told.
	ps := b.read("partials", atLeast(3))
	for _, p := range ps {
		if q := must[detect.Partial](t)(detect.DecodePartial(p.Value)); q.Kind != "x" || q.Dimension != "" || q.Watermark == 0 {
			t.Fatalf("partial %+v", q)
		}
	}
}

// TestWindowsAcrossSources: a second stage closes windows by the minimum over
// all sources, also while one of them is idle.
func TestWindowsAcrossSources(t *testing.T) {
	b := newBed(t, 3)
	o := b.options("a")
	o.IdleAdvance = 300 * time.Millisecond
	o.SnapshotInterval = 50 * time.Millisecond
	b.start(must[*Stage](t)(NewDetect(o, DetectStage{Name: "windows", New: newWindows, PartialKinds: []string{"windows"}})))
	o.Registry = prometheus.NewRegistry()
	b.start(must[*Stage](t)(NewMerge(o, MergeStage{Name: "closer", Kind: "windows", New: newCloser})))
	const n = 3000
	for i := range 10 {
		b.send(i*n/10, (i+1)*n/10)
		time.Sleep(5 * time.Millisecond)
	}
	got := b.read("fields", atLeast(9)) // three windows, three hosts
	if len(got) != 9 {
		t.Fatalf("%d windows, want 9", len(got))
	}
	sum := map[string]string{}
	for _, r := range got {
		sum[string(r.Key)] = string(r.Value)
	}
	if len(sum) != 9 {
		t.Errorf("%d different windows", len(sum))
	}
	for k, v := range sum {
		if v != "333" && v != "334" {
			t.Errorf("window %s has %s events", k, v)
		}
	}
}
