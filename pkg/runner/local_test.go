package runner

import (
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/dlq"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/schemas"
)

// windows says, for every ten seconds of event time, how many events a host
// had: a detector that lives by the watermark.
type windows struct {
	open map[string]uint64 // "start host" -> count
}

const windowLength = 10 * time.Second

func newWindows(int32) detect.Detector { return &windows{open: map[string]uint64{}} }

func (w *windows) key(t time.Time, host string) string {
	return fmt.Sprintf("%020d/%s", t.Truncate(windowLength).UnixNano(), host)
}

func (w *windows) Detect(tx *detect.Tx, out *detect.Out) {
	w.open[w.key(tx.Time, tx.Event.Host())]++
}

func (w *windows) Flush(out *detect.Out) {
	for _, k := range sortedKeys(w.open) {
		out.Partial("windows", "default", k, binary.AppendUvarint(nil, w.open[k]))
	}
	clear(w.open)
}

func (w *windows) Snapshot(wr io.Writer) error { return saveCounts(wr, w.open) }

func (w *windows) Restore(r io.Reader) error {
	var err error
	w.open, err = loadCounts(r)
	return err
}

// closer says a window's count once, when the watermark has passed its end.
type closer struct{ open map[string]uint64 }

func newCloser(int32) detect.Merger { return &closer{open: map[string]uint64{}} }

func (c *closer) Merge(p *detect.Partial, out *detect.Out) {
	n, _ := binary.Uvarint(p.Payload)
	c.open[p.Dimension] += n
}

func (c *closer) Advance(t time.Time, out *detect.Out) {
	for _, k := range sortedKeys(c.open) {
		start, _, _ := strings.Cut(k, "/")
		if ns, _ := strconv.ParseInt(start, 10, 64); time.Unix(0, ns).Add(windowLength).Before(t) {
			out.Record(schemas.TopicFields, []byte(k), strconv.AppendUint(nil, c.open[k], 10))
			delete(c.open, k)
		}
	}
}

func (c *closer) Snapshot(w io.Writer) error { return saveCounts(w, c.open) }

func (c *closer) Restore(r io.Reader) error {
	var err error
	c.open, err = loadCounts(r)
	return err
}

func quietOptions() Options {
	o := DefaultOptions()
	o.Logger = slog.New(slog.DiscardHandler)
	o.Matcher = plainMatcher{}
	return o
}

// TestSimulation: whatever the number of partitions, the cuts of batches and
// flushes, and restarts from snapshots, the results are the same.
func TestSimulation(t *testing.T) {
	const n = 5000
	run := func(seed uint64, partitions int) []string {
		r := rand.New(rand.NewPCG(seed, 9))
		var got []string
		l := must[*Local](t)(NewLocal(LocalOptions{
			Options: quietOptions(), Partitions: partitions, FlushEvery: 1 + r.IntN(700), FlushEach: r.IntN(50),
			Detect: []DetectStage{{Name: "count", New: newCounter, PartialKinds: []string{"hosts"}}, {Name: "windows", New: newWindows, PartialKinds: []string{"windows"}}},
			Merge:  []MergeStage{{Name: "closer", Kind: "windows", New: newCloser}},
			Record: func(stage string, rec detect.Record) {
				got = append(got, fmt.Sprintf("%s %s=%s", stage, rec.Key, rec.Value))
			},
		}))
		for i := 0; i < n; {
			k := min(1+r.IntN(300), n-i)
			es := make([]*event.Event, k)
			for j := range es {
				es[j] = makeEvent(i + j)
			}
			l.FeedAll(es, nil)
			i += k
			if r.IntN(5) == 0 {
				if err := l.Restart(); err != nil {
					t.Fatal(err)
				}
			}
			if r.IntN(9) == 0 && i > 20 { // sent again: must be dropped
				l.Feed(makeEvent(i-1-r.IntN(20)), time.Time{})
			}
		}
		l.Close()
		slices.Sort(got)
		return got
	}
	want := run(1, 1)
	if len(want) < n+10 {
		t.Fatalf("only %d results", len(want))
	}
	for seed := range uint64(12) {
		if got := run(seed, 1+int(seed%4)); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %d results that differ from the reference's %d", seed, len(got), len(want))
		}
	}
}

// telling is a merger that tells the mergers of another kind what it was told, and
// says it when it is asked to flush.
type telling struct {
	kind, to string
	told     []byte
	partials *[]detect.Partial
}

func (m *telling) Merge(p *detect.Partial, _ *detect.Out) {
	m.told = append(m.told, p.Payload...)
	*m.partials = append(*m.partials, *p)
}

func (m *telling) Flush(out *detect.Out) {
	if len(m.told) > 0 && m.to != "" {
		out.Partial(m.to, "default", "h", m.told)
	} else if len(m.told) > 0 {
		out.Record(schemas.TopicFields, []byte(m.kind), m.told)
	}
	m.told = nil
}

// A merger may tell another one, in whatever order they stand; it says nothing of
// how far event time has come, or a window would close before all of it was there.
func TestMergersTellEachOther(t *testing.T) {
	for _, order := range [][]string{{"windows", "heard", "last"}, {"last", "heard", "windows"}} {
		var partials []detect.Partial
		to := map[string]string{"windows": "heard", "heard": "last"}
		var merges []MergeStage
		for _, kind := range order {
			merges = append(merges, MergeStage{Name: kind, Kind: kind, New: func(int32) detect.Merger { return &telling{kind: kind, to: to[kind], partials: &partials} }})
		}
		said := 0
		l := must[*Local](t)(NewLocal(LocalOptions{
			Options: quietOptions(), Partitions: 2,
			Detect: []DetectStage{{Name: "windows", New: newWindows, PartialKinds: []string{"windows"}}}, Merge: merges,
			Record: func(stage string, _ detect.Record) {
				if said++; stage != "last" {
					t.Errorf("%s said something", stage)
				}
			},
		}))
		for i := range 50 {
			l.Feed(makeEvent(i), time.Time{})
		}
		l.Close()
		told := 0
		for _, p := range partials {
			if p.Kind != "windows" {
				if told++; p.Source != 0 || p.Watermark != 0 {
					t.Errorf("a partial of a merger has source %d and watermark %d", p.Source, p.Watermark)
				}
			}
		}
		if said == 0 || told < 2 {
			t.Errorf("%v: %d partials of mergers, %d records", order, told, said)
		}
	}
}

// eager says how many events each of its flushes had.
type eager struct {
	n     int
	sizes *[]int
}

func (e *eager) Detect(*detect.Tx, *detect.Out) { e.n++ }

func (e *eager) Flush(*detect.Out) {
	*e.sizes = append(*e.sizes, e.n)
	e.n = 0
}

func TestTheFirstEventsAreFlushedOneByOne(t *testing.T) {
	var sizes []int
	l := must[*Local](t)(NewLocal(LocalOptions{
		Options: quietOptions(), FlushEvery: 4, FlushEach: 3,
		Detect: []DetectStage{{Name: "eager", New: func(int32) detect.Detector { return &eager{sizes: &sizes} }}},
	}))
	var es []*event.Event
	for i := range 10 {
		es = append(es, makeEvent(i))
	}
	l.FeedAll(es, nil)
	l.Close()
	if want := []int{1, 1, 1, 4, 3}; len(sizes) < len(want) || !slices.Equal(sizes[:len(want)], want) {
		t.Errorf("flushed %v, want %v first", sizes, want)
	}
}

// fragile fails where it is told to.
type fragile struct{ at string }

func (f *fragile) Prepare(tx *detect.Tx) {
	if f.at == "Prepare" && tx.Event.Sequence == 3 {
		panic("secret of the traffic")
	}
}

func (f *fragile) Detect(tx *detect.Tx, out *detect.Out) {
	out.Record(schemas.TopicCatalog, tx.Event.Sensor, nil)
	if f.at == "Detect" && tx.Event.Sequence == 3 {
		var none []int
		_ = none[tx.Event.Sequence]
	}
}

func TestPanicBecomesAFindingAndDetectionGoesOn(t *testing.T) {
	for _, at := range []string{"Prepare", "Detect"} {
		var fs []finding.Finding
		var rejected []dlq.Entry
		records := 0
		l := must[*Local](t)(NewLocal(LocalOptions{
			Options: quietOptions(),
			Detect:  []DetectStage{{Name: "fragile", New: func(int32) detect.Detector { return &fragile{at} }}},
			Finding: func(_ string, f finding.Finding) { fs = append(fs, f) },
			Record:  func(string, detect.Record) { records++ },
			Reject:  func(_ string, e dlq.Entry) { rejected = append(rejected, e) },
		}))
		for i := range 5 {
			l.Feed(makeEvent(i), time.Time{})
		}
		l.Close()
		if len(fs) != 1 || fs[0].Rule != PanicRule || fs[0].Detector != "runner" || len(fs[0].Events) != 1 || fs[0].Subject.Principal != "sub:u2" {
			t.Fatalf("%s: findings %+v", at, fs)
		}
		if strings.Contains(fs[0].Summary, "secret") {
			t.Errorf("%s: the finding quotes the traffic: %s", at, fs[0].Summary)
		}
		if len(rejected) != 1 || rejected[0].Kind != dlq.Panic || rejected[0].Offset != 2 {
			t.Errorf("%s: rejected %+v", at, rejected)
		}
		if records != 4 {
			t.Errorf("%s: %d records, want those of the other 4", at, records)
		}
	}
}

// times records what Advance and Detect are told.
type times struct{ log *[]string }

func (d *times) Detect(tx *detect.Tx, out *detect.Out) {
	*d.log = append(*d.log, "tx "+tx.Time.Sub(base).String())
}

func (d *times) Advance(w time.Time, out *detect.Out) {
	*d.log = append(*d.log, "advance "+w.Sub(base).String())
}

func TestClampAndAdvance(t *testing.T) {
	var log []string
	o := quietOptions()
	o.Lateness = 2 * time.Second
	l := must[*Local](t)(NewLocal(LocalOptions{
		Options: o, CloseAdvance: time.Minute,
		Detect: []DetectStage{{Name: "times", New: func(int32) detect.Detector { return &times{&log} }}},
	}))
	feed := func(seq uint64, at, broker time.Duration) {
		e := makeEvent(int(seq))
		e.RequestTime = base.Add(at).UnixNano()
		l.Feed(e, base.Add(broker))
	}
	feed(1, 10*time.Second, 10*time.Second)
	feed(2, 10500*time.Millisecond, 11*time.Second) // no boundary passed
	feed(3, 3*time.Second, 11*time.Second)          // late: moves nothing
	feed(4, time.Hour, 12*time.Second)              // ahead: clamped to the broker's
	feed(5, 16*time.Second, 12*time.Second)         // ahead within the limit
	e := makeEvent(6)
	e.RequestTime = 0
	l.Feed(e, base.Add(17*time.Second)) // no stamp: the broker's
	l.Close()
	want := []string{
		"advance 8s", "tx 10s", "tx 10.5s", "tx 3s", "advance 10s", "tx 12s", "advance 14s", "tx 16s", "advance 15s", "tx 17s", "advance 1m17s",
	}
	if !slices.Equal(log, want) {
		t.Fatalf("\n got %q\nwant %q", log, want)
	}
}
