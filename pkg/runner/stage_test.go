package runner

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/dlq"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/schemas"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func value(t *testing.T, c prometheus.Counter) float64 {
	t.Helper()
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

// buffer is a log that can be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestAbortsKeepStateAndOutputs(t *testing.T) {
	b := newBed(t, 2)
	n := 0
	s := b.detectStage(b.options("a"), func() bool { n++; return n%3 != 0 })
	r := b.start(s)
	for i := range 20 {
		b.send(i*50, (i+1)*50)
	}
	checkOnce(t, b.read("catalog", atLeast(1000)), 1000)
	r.stop()
	if value(t, s.metrics.aborts) == 0 || value(t, s.metrics.sessions) != 1 {
		t.Errorf("%v aborts in %v sessions: there must be some, in one", value(t, s.metrics.aborts), value(t, s.metrics.sessions))
	}
}

func TestRestoreFromASnapshotAndReplay(t *testing.T) {
	b := newBed(t, 2)
	o := b.options("a")
	o.SnapshotInterval = 30 * time.Millisecond
	s := b.detectStage(o, nil)
	r := b.start(s)
	b.send(0, 400)
	b.read("catalog", atLeast(400))
	eventually(t, "snapshots", func() bool { return value(t, s.metrics.snapshots) >= 2 })
	b.send(400, 600)
	b.read("catalog", atLeast(600))
	r.kill()
	// Everything below the snapshots goes: only they can have it now.
	s = b.detectStage(b.options("a"), nil)
	r = b.start(s)
	b.send(600, 700)
	checkOnce(t, b.read("catalog", atLeast(700)), 700)
	r.stop()
	if got := value(t, s.metrics.restores); got != 2 {
		t.Errorf("%v partitions restored, want 2", got)
	}
	if got := value(t, s.metrics.replayed); got >= 600 {
		t.Errorf("%v records replayed: the snapshots were not used", got)
	}
	if got := value(t, s.metrics.dataLoss); got != 0 {
		t.Errorf("%v alarms of data loss", got)
	}
}

func TestDrainLeavesNothingToReplay(t *testing.T) {
	b := newBed(t, 1)
	r := b.start(b.detectStage(b.options("a"), nil))
	b.send(0, 100)
	b.read("catalog", atLeast(100))
	r.stop()
	s := b.detectStage(b.options("b"), nil)
	b.start(s)
	b.send(100, 150)
	checkOnce(t, b.read("catalog", atLeast(150)), 150)
	if got := value(t, s.metrics.replayed); got != 0 {
		t.Errorf("%v records replayed after a drain", got)
	}
}

// TestTornSnapshotGivesWayToTheOlder spoils the newest chunks by hand.
func TestTornSnapshotGivesWayToTheOlder(t *testing.T) {
	b := newBed(t, 1)
	o := b.options("a")
	o.SnapshotInterval = 30 * time.Millisecond
	s := b.detectStage(o, nil)
	r := b.start(s)
	for i := range 4 {
		b.send(i*50, (i+1)*50)
		want := float64(i + 1)
		eventually(t, "a snapshot", func() bool { return value(t, s.metrics.snapshots) >= want })
	}
	b.read("catalog", atLeast(200))
	r.kill()
	var last *kgo.Record
	for _, rec := range b.read("snapshots", atLeast(4)) {
		if strings.HasSuffix(string(rec.Key), "|manifest") {
			last = rec
		}
	}
	// A second manifest of the same slot whose chunks are another's.
	b.produce(&kgo.Record{Topic: last.Topic, Key: last.Key, Value: bytes.Replace(last.Value, []byte(`"number":`), []byte(`"number":9`), 1)})
	b.flush()
	slot := strings.TrimSuffix(string(last.Key), "manifest")
	b.produce(&kgo.Record{Topic: last.Topic, Key: []byte(slot + "0"), Value: []byte("no chunk at all")})
	b.produce(&kgo.Record{Topic: last.Topic, Key: last.Key, Value: last.Value})
	b.flush()
	s = b.detectStage(b.options("a"), nil)
	b.start(s)
	b.send(200, 250)
	checkOnce(t, b.read("catalog", atLeast(250)), 250)
	if value(t, s.metrics.snapshotFailures) == 0 {
		t.Error("the torn snapshot was not noticed")
	}
}

func TestLostRecordsAreAlarmed(t *testing.T) {
	b := newBed(t, 1)
	r := b.start(b.detectStage(b.options("a"), nil))
	b.send(0, 100)
	b.read("catalog", atLeast(100))
	r.kill() // without a snapshot
	adm := kadm.NewClient(b.cl)
	var off kadm.Offsets
	off.Add(kadm.Offset{Topic: b.prefix + "events", Partition: 0, At: 50, LeaderEpoch: -1})
	if resp, err := adm.DeleteRecords(t.Context(), off); err != nil || resp.Error() != nil {
		t.Fatal(err, resp.Error())
	}
	s := b.detectStage(b.options("a"), nil)
	b.start(s)
	b.send(100, 120)
	b.read("catalog", atLeast(120))
	if value(t, s.metrics.dataLoss) != 1 || value(t, s.metrics.replayed) != 50 {
		t.Errorf("alarms %v, replayed %v; want 1 and the 50 that retention holds", value(t, s.metrics.dataLoss), value(t, s.metrics.replayed))
	}
}

func TestPoisonGoesToTheDeadLetters(t *testing.T) {
	b := newBed(t, 1)
	o := b.options("a")
	o.Sealer = must[*dlq.Sealer](t)(dlq.NewSealer("k1", make([]byte, 32), 1000))
	s := b.detectStage(o, nil)
	b.start(s)
	b.send(0, 10)
	b.produce(&kgo.Record{Topic: b.prefix + "events", Key: []byte("k"), Value: []byte("password=x")})
	b.flush()
	b.send(10, 20)
	checkOnce(t, b.read("catalog", atLeast(20)), 20)
	letters := b.read("dlq", atLeast(1))
	e := must[dlq.Entry](t)(dlq.Decode(letters[0].Value))
	if len(letters) != 1 || e.Offset != 10 || e.Kind != dlq.Poison || e.Stage != "count" || e.KeyHash == "" {
		t.Errorf("%d letters, %+v", len(letters), e)
	}
	if bytes.Contains(letters[0].Value, []byte("password")) {
		t.Error("the payload is there raw")
	}
	if raw, err := o.Sealer.Open(&e); err != nil || string(raw) != "password=x" {
		t.Errorf("opened %q, %v", raw, err)
	}
}

func TestTooMuchPoisonStopsTheStageAndSaysSo(t *testing.T) {
	b := newBed(t, 1)
	o := b.options("a")
	o.PoisonSample = 20
	s := b.detectStage(o, nil)
	b.start(s)
	for range 100 {
		b.produce(&kgo.Record{Topic: b.prefix + "events", Value: []byte("junk")})
	}
	b.flush()
	eventually(t, "health red for poison", func() bool {
		h := s.Health()
		return !h.OK && strings.Contains(h.Reason, "do not decode")
	})
	eventually(t, "another try", func() bool { return value(t, s.metrics.sessions) >= 2 })
}

func TestPanicOverKafka(t *testing.T) {
	b := newBed(t, 1)
	s := must[*Stage](t)(NewDetect(b.options("a"), DetectStage{Name: "fragile", New: func(int32) detect.Detector { return &fragile{"Detect"} }}))
	b.start(s)
	b.send(0, 10)
	if got := b.read("catalog", atLeast(9)); len(got) != 9 {
		t.Errorf("%d records, want those of the other 9", len(got))
	}
	fs := b.read("findings", atLeast(1))
	f := must[finding.Finding](t)(finding.Decode(fs[0].Value))
	if f.Rule != PanicRule || string(fs[0].Key) != f.ID {
		t.Errorf("finding %+v", f)
	}
	if e := must[dlq.Entry](t)(dlq.Decode(b.read("dlq", atLeast(1))[0].Value)); e.Kind != dlq.Panic || e.Offset != 2 {
		t.Errorf("letter %+v", e)
	}
}

func TestRepeatedEventsAreDropped(t *testing.T) {
	b := newBed(t, 1)
	s := b.detectStage(b.options("a"), nil)
	r := b.start(s)
	b.send(0, 50)
	b.send(0, 50)
	b.read("catalog", atLeast(50))
	eventually(t, "duplicates", func() bool { return value(t, s.metrics.duplicates) == 50 })
	r.stop()
	// Also across a restart.
	s = b.detectStage(b.options("a"), nil)
	b.start(s)
	b.send(0, 60)
	checkOnce(t, b.read("catalog", atLeast(60)), 60)
}

// giant puts out what no broker takes.
type giant struct{}

func (giant) Detect(tx *detect.Tx, out *detect.Out) {
	out.Record(schemas.TopicCatalog, []byte("k"), make([]byte, 2<<20*int(tx.Event.Sequence%2)))
}

func TestAnOutputThatIsTooLargeDoesNotBlock(t *testing.T) {
	b := newBed(t, 1)
	s := must[*Stage](t)(NewDetect(b.options("a"), DetectStage{Name: "giant", New: func(int32) detect.Detector { return giant{} }}))
	b.start(s)
	b.send(0, 4)
	b.read("catalog", atLeast(2))
	letters := b.read("dlq", atLeast(2))
	if e := must[dlq.Entry](t)(dlq.Decode(letters[0].Value)); e.Kind != dlq.Oversize || value(t, s.metrics.oversize) != 2 {
		t.Errorf("%+v, counted %v", e, value(t, s.metrics.oversize))
	}
}

func TestTopicsThatCannotWorkAreReported(t *testing.T) {
	b := newBed(t, 2)
	o := b.options("a")
	adm := kadm.NewClient(b.cl)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := EnsureTopics(ctx, adm, schemas.Topics, &o, TopicPlan{Partitions: 2, Replication: 1}); err != nil {
		t.Fatalf("the second time: %v", err)
	}
	err := EnsureTopics(ctx, adm, schemas.Topics, &o, TopicPlan{Partitions: 5, Replication: 1})
	if err == nil || !strings.Contains(err.Error(), "has 2 partitions, configured are 5") {
		t.Errorf("partitions: %v", err)
	}
	o.SnapshotInterval = 100 * 24 * time.Hour
	err = EnsureTopics(ctx, adm, schemas.Topics, &o, TopicPlan{Partitions: 2, Replication: 1})
	if err == nil || !strings.Contains(err.Error(), "raise retention.ms") {
		t.Errorf("retention: %v", err)
	}
}

func TestValidateReportsAllAtOnce(t *testing.T) {
	o := DefaultOptions()
	o.CommitInterval, o.Workers, o.PoisonShare = 0, -1, 2
	err := o.Validate()
	for _, want := range []string{"brokers", "service", "instance", "commit_interval", "workers", "poison_share"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not reported by %v", want, err)
		}
	}
}
