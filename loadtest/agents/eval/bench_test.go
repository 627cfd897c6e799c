package main

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/miradorhq/mirador/loadtest/agents"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/behavior"
	"golang.org/x/sys/unix"
)

func detector(tb testing.TB, cfg behavior.Config) detect.Detector {
	tb.Helper()
	cfg.HashKey = "traffic of our own names nobody"
	m, err := behavior.NewMetrics(nil)
	if err != nil {
		tb.Fatal(err)
	}
	f, err := behavior.Factory(cfg, m)
	if err != nil {
		tb.Fatal(err)
	}
	return f(0)
}

// BenchmarkEvent is what all detections together take for an event of a day of the bank
// and the shop, parsing apart: of more than 20,000 actors that come to one partition, none
// of whom is known when the day begins, which costs the most. With -benchtime 240000x it
// is the whole day, once.
func BenchmarkEvent(b *testing.B) {
	events := encodedDay(b)
	txs, es := make([]detect.Tx, 1000), make([]event.Event, 1000)
	var d detect.Detector
	var out detect.Out
	// Processor time, since others may be at work; it is read once for all of txs.
	var begun, sum time.Duration
	next, i, ready := len(events), 0, 0
	b.ReportAllocs()
	for b.Loop() {
		if i == ready {
			b.StopTimer()
			if begun > 0 {
				sum += processor(b) - begun
			}
			if next == len(events) {
				d, next = detector(b, behavior.Defaults()), 0
			}
			for ready = 0; ready < len(txs) && next < len(events); ready++ {
				prepared(b, d, &txs[ready], &es[ready], events[next])
				next++
			}
			i = 0
			b.StartTimer()
			begun = processor(b)
		}
		d.Detect(&txs[i], &out)
		if i++; i == ready {
			d.(detect.Flusher).Flush(&out)
			out.Reset()
		}
	}
	sum += processor(b) - begun
	b.ReportMetric(float64(sum.Nanoseconds())/float64(b.N), "cpu_ns/event")
}

// encodedDay are the events of a day as they come from Kafka: they hold no pointers, so
// that they are nothing to the collector.
func encodedDay(tb testing.TB) (events [][]byte) {
	tb.Helper()
	o := agents.Defaults()
	o.Customers, o.Days, o.Sales, o.Deploys, o.Holidays = 11_000, 1, nil, nil, nil
	w, err := agents.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	actors := map[string]bool{}
	if err := w.Day(0, nil, func(t *agents.Transaction) error {
		events = append(events, event.Encode(nil, t.Event))
		actors[t.Event.Principal()] = true
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	if len(actors) < 20_000 {
		tb.Fatalf("%d actors", len(actors))
	}
	return events
}

// prepared does what comes before Detect: decoding, matching and parsing.
func prepared(tb testing.TB, d detect.Detector, tx *detect.Tx, e *event.Event, record []byte) {
	tb.Helper()
	if err := event.Decode(record, e); err != nil {
		tb.Fatal(err)
	}
	tx.Reset(e, detect.Source{}, e.Time(), &catalog.Lexical{}, content.Limits{})
	d.(detect.Preparer).Prepare(tx)
	tx.Request()
	tx.Response()
}

// processor is the time that the process has used.
func processor(tb testing.TB) time.Duration {
	tb.Helper()
	return used(tb, unix.CLOCK_PROCESS_CPUTIME_ID)
}

var million = flag.Int("actors", 50_000, "actors that BenchmarkActors makes; its figures are for a million")

// BenchmarkActors is the state of a million actors, of whom 80 in 100 make 5 requests
// and one 2,000; as many are made as -actors says, and all bounds are in proportion.
// Times are of the processor: capture_ms of what the partition waits for, gap_ms of the
// slowest event while the snapshot is written beside, away_us of an event of who was away.
func BenchmarkActors(b *testing.B) {
	n := *million
	cfg := behavior.Defaults()
	cfg.MaxKeys, cfg.MaxObjects, cfg.MaxUnpacked = 11*n/10, 8*n, max(1, cfg.MaxUnpacked*n/1_000_000)
	runtime.LockOSThread() // the time of this thread is that of the detector
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		d := detector(b, cfg)
		v := newVisitor(d)
		for i := range n {
			v.visit(i)
		}
		start := processor(b)
		runtime.GC()
		b.ReportMetric((processor(b)-start).Seconds()*1e3, "gc_cpu_ms")
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "MB_a_million")
		b.ReportMetric(float64(pause().Microseconds())/1e3, "gc_pause_ms")

		start = thread(b)
		write := d.(detect.Capturer).Capture()
		b.ReportMetric((thread(b)-start).Seconds()*1e3, "capture_ms")
		var state bytes.Buffer
		written := make(chan error, 1)
		go func() { written <- write(&state) }()
		longest, sum, events := time.Duration(0), time.Duration(0), 0
		for k := 0; len(written) == 0; k++ {
			start = thread(b)
			v.request(k*7919%n, 5000)
			took := thread(b) - start
			longest, sum, events = max(longest, took), sum+took, events+1
		}
		if err := <-written; err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(longest.Seconds()*1e3, "gap_ms")
		start = thread(b)
		for k := range 100_000 {
			v.request(k*7919%n, 6000)
		}
		b.ReportMetric((thread(b)-start).Seconds()*1e6/100_000, "away_us")
		b.ReportMetric(float64(state.Len())/float64(n), "snapshot_MB_a_million")
		start = processor(b)
		if err := detector(b, cfg).(detect.Stateful).Restore(&state); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric((processor(b)-start).Seconds()*1e6/float64(n), "restore_s_a_million")
	}
}

// visitor makes the requests of customers of a bank.
type visitor struct {
	d   detect.Detector
	tx  detect.Tx
	out detect.Out
	e   event.Event
}

func newVisitor(d detect.Detector) *visitor {
	v := &visitor{d: d}
	v.e = event.Event{Tenant: []byte("default"), Method: []byte("GET"), Authority: []byte("api.bank.example"), Status: 200,
		RequestHeaders: []event.Header{{Name: []byte("User-Agent"), Value: []byte("bank-app/4.2")}}}
	v.e.Identity.Scheme, v.e.TLS.JA4 = []byte("jwt"), []byte("t13d1516h2_8daaf6152771_02713d6af862")
	return v
}

// visit makes all requests of customer i.
func (v *visitor) visit(i int) {
	n := 5
	switch {
	case i%100 == 0:
		n = 2000
	case i%5 == 0:
		n = 30
	}
	for k := range n {
		v.request(i, k)
	}
}

// request makes request k of customer i.
func (v *visitor) request(i, k int) {
	e := &v.e
	e.Identity.Subject, e.Identity.Credential = fmt.Appendf(e.Identity.Subject[:0], "customer%d", i), fmt.Appendf(e.Identity.Credential[:0], "token%d", i)
	e.Client.Address = fmt.Appendf(e.Client.Address[:0], "198.%d.%d.1", i>>8&255, i&255)
	id := 5_000_000 + 3*i + k%3
	at := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).UnixNano()
	e.RequestTime = at + int64(i)*int64(time.Second) + int64(k)*int64(20*time.Second)
	binary.BigEndian.PutUint64(e.ID[8:], uint64(i)<<20|uint64(k))
	e.Path, e.ResponseBody, e.ResponseHeaders = []byte("/v1/accounts"), event.Body{}, nil
	switch k % 5 {
	case 0:
		e.ResponseBody.Data = fmt.Appendf(nil, `{"accounts":[{"id":%d},{"id":%d},{"id":%d}]}`, id, id+1, id+2)
		e.ResponseBody.ContentType, e.ResponseHeaders = []byte("application/json"), []event.Header{{Name: []byte("Content-Type"), Value: []byte("application/json")}}
	case 1, 2, 3:
		e.Path = fmt.Appendf(nil, "/v1/accounts/%d", id)
	default:
		e.Path = fmt.Appendf(nil, "/v1/accounts/%d/transfers", id)
	}
	v.tx.Reset(e, detect.Source{}, e.Time(), &catalog.Lexical{}, content.Limits{})
	v.d.Detect(&v.tx, &v.out)
	v.out.Reset()
}

// thread is the time that the thread has used.
func thread(tb testing.TB) time.Duration {
	tb.Helper()
	return used(tb, unix.CLOCK_THREAD_CPUTIME_ID)
}

func used(tb testing.TB, clock int32) time.Duration {
	tb.Helper()
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(t.Nano())
}

// pause is the median of the times for which the collector stopped all, of the last ten:
// one of them alone may be somebody else's turn on the processor.
func pause() time.Duration {
	var s debug.GCStats
	debug.ReadGCStats(&s)
	last := slices.Sorted(slices.Values(s.Pause[:min(10, len(s.Pause))]))
	return last[len(last)/2]
}
