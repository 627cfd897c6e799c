package discovery

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
)

// twoKilobytes is a transaction whose bodies have 2 KB together, 110 values.
func twoKilobytes(i int, path string) *event.Event {
	var items []string
	for k := range 15 {
		items = append(items, fmt.Sprintf(`{"id":%d,"sku":"SKU-%05d","title":"Garden chair, oiled oak","price":%d.95,"state":"open","at":"2026-01-02T03:04:%02dZ"}`, i+k, i*7+k, 10+k, k))
	}
	return request{Method: "POST", URI: path + "?page=2&sort=price", Status: 200, Scheme: "jwt", Service: "shop",
		Headers: [][2]string{{"Content-Type", "application/json"}, {"X-Partner", "acme"}, {"User-Agent", "curl/8"}, {"Accept", "*/*"}},
		Body:    fmt.Sprintf(`{"filter":{"min":%d,"max":90.5,"tags":["oak","steel"]},"user":{"id":%d,"mail":"jane%d@example.com"},"note":null,"dry_run":false}`, i, i, i),
		ResponseBody: `{"total":120,"next":"https://api.example.com/items?page=3","trace":"3c1da8b0-fce6-4b8e-b5e3-fd007472206b","facets":{"oak":4,"steel":7},"items":[` +
			strings.Join(items, ",") + `]}`}.event(i)
}

func BenchmarkTwoKilobytes(b *testing.B) {
	cfg := Defaults()
	d := Factory(cfg)(0)
	e := twoKilobytes(1, "/shops/7/items")
	var tx detect.Tx
	var out detect.Out
	tx.Reset(e, detect.Source{}, e.Time(), &catalog.Lexical{}, content.DefaultLimits)
	leaves := len(tx.Request().Leaves) + len(tx.Response().Leaves)
	b.ReportAllocs()
	n := 0
	before := cpu(b)
	for b.Loop() { // parsing is paid for by whoever asks first
		d.(detect.Preparer).Prepare(&tx)
		d.Detect(&tx, &out)
		if n++; n%500 == 0 {
			d.(detect.Flusher).Flush(&out)
			out.Reset()
		}
	}
	// Of the processor, not of the clock: neighbours do not show.
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(leaves), "leaves")
	b.ReportMetric(float64(len(e.RequestBody.Data)+len(e.ResponseBody.Data)), "body-bytes")
}

// cpu is the processor time of this process.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// stateOf is a merger that holds so many endpoints, each of 40 transactions of 40
// callers.
func stateOf(t testing.TB, endpoints int) *merger {
	t.Helper()
	cfg := Defaults()
	cfg.MaxEndpoints = endpoints
	m := newMerger(&cfg, newMetrics(nil), 0)
	d := Factory(cfg)(0)
	r := rand.New(rand.NewPCG(1, 1))
	var tx detect.Tx
	var out detect.Out
	for round := range 4 {
		for i := range endpoints {
			for range 10 {
				e := twoKilobytes(r.IntN(1e6), fmt.Sprintf("/v1/c%c%c%c/items", 'a'+i%26, 'a'+i/26%26, 'a'+i/676))
				e.RequestTime += int64(round)*3_600_000_000_000 + r.Int64N(3_600_000_000_000)
				e.ResponseTime = e.RequestTime + r.Int64N(200_000_000)
				e.Identity.Subject = fmt.Appendf(nil, "%d", r.IntN(1e6))
				tx.Reset(e, detect.Source{}, e.Time(), &catalog.Lexical{}, content.DefaultLimits)
				d.Detect(&tx, &out)
			}
			if i%500 == 499 || i == endpoints-1 {
				d.(detect.Flusher).Flush(&out)
				for k := range out.Partials {
					m.Merge(&out.Partials[k], &out)
				}
				out = detect.Out{}
			}
		}
	}
	clear(m.dirty)
	return m
}

func heap() uint64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// The state of 10,000 endpoints; the bar is 100 MB.
func BenchmarkState(b *testing.B) {
	const endpoints = 10_000
	var m *merger
	before := heap()
	for b.Loop() {
		m = stateOf(b, endpoints)
	}
	after := heap()
	fields := 0
	for _, e := range m.entries {
		fields += e.params.Len()
	}
	b.ReportMetric(float64(after-before)/1e6, "MB")
	b.ReportMetric(float64(len(m.entries)), "endpoints")
	b.ReportMetric(float64(fields)/float64(len(m.entries)), "fields/endpoint")
	b.ReportMetric(float64(after-before)/float64(fields), "B/field")
}

// A tenth of the bar for a tenth of the endpoints: what does not depend on the
// machine is asserted.
func TestStateIsSmall(t *testing.T) {
	before := heap()
	m := stateOf(t, 500)
	if used := int64(heap()) - int64(before); len(m.entries) != 500 || used > 500*10_000 {
		t.Errorf("%d endpoints take %d bytes, more than 10,000 each", len(m.entries), used)
	}
	var b bytes.Buffer
	if err := m.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	again := newMerger(m.cfg, m.metrics, 0)
	if err := again.Restore(&b); err != nil || len(again.entries) != 500 {
		t.Fatalf("%d entries, %v", len(again.entries), err)
	}
}

// Lengths that a payload claims and does not hold must cost nothing.
func TestHostileLengthsAllocateLittle(t *testing.T) {
	cfg := Defaults()
	good := payload(t)
	r := rand.New(rand.NewPCG(5, 5))
	for range 2000 {
		bad := bytes.Clone(good)
		// The heads of the longest arrays and texts, anywhere.
		copy(bad[r.IntN(len(bad)-5):], []byte{[]byte{0xdd, 0xdb, 0xdf, 0xc6}[r.IntN(4)], 0x7f, 0xff, 0xff, 0xff})
		if n := allocated(func() { _, _ = decodePayload(bad, "default", "h", &cfg) }); n > 256<<10 {
			t.Fatalf("%d bytes for a payload of %d: %x", n, len(bad), bad)
		}
	}
}

func allocated(f func()) uint64 {
	var a, b runtime.MemStats
	runtime.ReadMemStats(&a)
	f()
	runtime.ReadMemStats(&b)
	return b.TotalAlloc - a.TotalAlloc
}
