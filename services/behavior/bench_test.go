package behavior_test

import (
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/segmentio/encoding/json"
	"golang.org/x/sys/unix"
)

// BenchmarkDetect measures Detect alone, over 20,000 principals of whom each has been away
// when it comes, so that all are packed and unpacked; parsing and matching of the endpoint
// are Prepare's and the runner's. Of a mixture of traffic it is BenchmarkEvent of
// loadtest/agents/eval that counts. cpu_ns is time of the processor: others may be at work.
func BenchmarkDetect(b *testing.B) {
	for _, c := range []struct {
		name string
		step step
	}{
		{"read", step{N: 20000, Every: 0.01, IP: "198.51.100.1", Sub: "c{i}", U: "/accounts/{r}/transfers/{i+7}", Resp: `{"items":[{"id":{i},"amount":5},{"id":{i+1},"amount":7},{"id":{i+2},"amount":9}]}`}},
		{"token", step{N: 20000, Every: 0.01, IP: "198.51.100.1", Sub: "c{i}", Cred: "t{i}", UA: "bank-app/4.2", JA4: "t13d1516h2_8daaf6152771_02713d6af862", Token: `{"alg":"RS256","typ":"JWT"}`,
			Claims: map[string]json.RawMessage{"iss": json.RawMessage(`"https://id.bank.example"`), "roles": json.RawMessage(`["customer"]`), "exp": json.RawMessage("100000")},
			U:      "/accounts/{r}/transfers/{i+7}", Resp: `{"items":[{"id":{i},"amount":5},{"id":{i+1},"amount":7},{"id":{i+2},"amount":9}]}`}},
		{"miss", step{N: 20000, Every: 0.01, IP: "198.51.100.1", Sub: "c{i}", U: "/w{x}/page", S: []int{404}}},
		{"login", step{N: 20000, Every: 0.01, IP: "198.51.100.1", Sub: "c{i}", M: "POST", U: "/login", S: []int{401, 200}, Body: `{"username":"u{i}","password":"x"}`}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var seq uint64
			es := c.step.events(&seq)
			txs := make([]detect.Tx, len(es))
			factory, _ := newStage(b, defaults())
			d := factory(0)
			for i, e := range es {
				txs[i].Reset(e, detect.Source{}, e.Time(), &catalog.Lexical{}, content.Limits{})
				d.(detect.Preparer).Prepare(&txs[i])
			}
			var out detect.Out
			i := 0
			b.ReportAllocs()
			begun := processor(b)
			for b.Loop() {
				d.Detect(&txs[i%len(txs)], &out)
				if i++; i%1000 == 0 {
					out.Reset()
					d.(detect.Flusher).Flush(&out)
					out.Reset()
				}
			}
			b.ReportMetric(float64((processor(b)-begun).Nanoseconds())/float64(b.N), "cpu_ns/event")
		})
	}
	b.Run("prepare", func(b *testing.B) {
		var seq uint64
		e := (&step{IP: "198.51.100.1", Sub: "c", U: "/accounts/17", Resp: `{"items":[{"id":1,"amount":5},{"id":2,"amount":7}]}`}).events(&seq)[0]
		factory, _ := newStage(b, defaults())
		d := factory(0)
		var tx detect.Tx
		var m catalog.Lexical
		b.ReportAllocs()
		for b.Loop() {
			prepare(d, &tx, e, &m)
		}
	})
}

// processor is the time that the process has used.
func processor(tb testing.TB) time.Duration {
	tb.Helper()
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(t.Nano())
}

func prepare(d detect.Detector, tx *detect.Tx, e *event.Event, m catalog.Matcher) {
	tx.Reset(e, detect.Source{}, e.Time(), m, content.Limits{})
	d.(detect.Preparer).Prepare(tx)
}
