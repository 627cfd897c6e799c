package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/miradorhq/mirador/loadtest/agents"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/behavior"
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
// and the shop, parsing apart.
func BenchmarkEvent(b *testing.B) {
	o := agents.Defaults()
	o.Customers, o.Days, o.Sales, o.Deploys, o.Holidays = 1000, 2, nil, nil, nil
	w, err := agents.New(o)
	if err != nil {
		b.Fatal(err)
	}
	var txs []*detect.Tx
	d := detector(b, behavior.Defaults())
	if err := w.Each(nil, func(t *agents.Transaction) error {
		tx := &detect.Tx{}
		tx.Reset(t.Event, detect.Source{}, t.Event.Time(), &catalog.Lexical{}, content.Limits{})
		d.(detect.Preparer).Prepare(tx)
		tx.Request()
		tx.Response()
		txs = append(txs, tx)
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var out detect.Out
	i := 0
	for b.Loop() {
		if i == len(txs) { // a new day of nobody known costs the most
			d, i = detector(b, behavior.Defaults()), 0
		}
		d.Detect(txs[i], &out)
		if i++; i%1000 == 0 {
			d.(detect.Flusher).Flush(&out)
			out.Reset()
		}
	}
}

// processor is the time that the process has used.
func processor(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkActors is the memory of a million actors, of whom 80 in 100 make 5 requests
// and one 2,000; a twentieth of them is made. restore_s is processor time, for a million as well.
func BenchmarkActors(b *testing.B) {
	const actors = 50_000
	cfg := behavior.Defaults()
	cfg.MaxKeys, cfg.MaxObjects = 4*actors, 8*actors
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		d := detector(b, cfg)
		at := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).UnixNano()
		var tx detect.Tx
		var out detect.Out
		e := &event.Event{Tenant: []byte("default"), Method: []byte("GET"), Authority: []byte("api.bank.example"), Status: 200, Client: event.Client{Address: []byte("198.51.100.1")}}
		e.Identity.Scheme = []byte("jwt")
		jsonType := []event.Header{{Name: []byte("Content-Type"), Value: []byte("application/json")}}
		for i := range actors {
			n := 5
			switch {
			case i%100 == 0:
				n = 2000
			case i%5 == 0:
				n = 30
			}
			e.Identity.Subject = fmt.Appendf(nil, "customer%d", i)
			for k := range n {
				id := 5_000_000 + 3*i + k%3
				e.RequestTime = at + int64(i)*int64(time.Second) + int64(k)*int64(20*time.Second)
				binary.BigEndian.PutUint64(e.ID[8:], uint64(i)<<20|uint64(k))
				e.Path, e.ResponseBody, e.ResponseHeaders = []byte("/v1/accounts"), event.Body{}, nil
				switch k % 5 {
				case 0:
					e.ResponseBody.Data, e.ResponseHeaders = fmt.Appendf(nil, `{"accounts":[{"id":%d},{"id":%d},{"id":%d}]}`, id, id+1, id+2), jsonType
					e.ResponseBody.ContentType = []byte("application/json")
				case 1, 2, 3:
					e.Path = fmt.Appendf(nil, "/v1/accounts/%d", id)
				default:
					e.Path = fmt.Appendf(nil, "/v1/accounts/%d/transfers", id)
				}
				tx.Reset(e, detect.Source{}, e.Time(), &catalog.Lexical{}, content.Limits{})
				d.Detect(&tx, &out)
			}
			out.Reset()
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/actors, "MB_a_million")
		var state bytes.Buffer
		if err := d.(detect.Stateful).Snapshot(&state); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(state.Len())/actors, "snapshot_MB_a_million")
		start := processor(b)
		if err := detector(b, cfg).(detect.Stateful).Restore(&state); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric((processor(b)-start).Seconds()*1e6/actors, "restore_s_a_million")
	}
}
