package transaction

import (
	"bytes"
	"testing"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

// both directions of an event, and every variable that most rules read
func whole(t *Tx, cfg Config, r *benched) (n int) {
	t.Reset(cfg)
	t.Load(r.e)
	if r.json {
		t.SetProcessor("JSON")
	}
	t.RequestBody()
	if t.HasResponse() {
		t.ResponseHeaders()
		t.ResponseBody()
	}
	for _, v := range [...]seclang.Variable{seclang.Args, seclang.ArgsNames, seclang.RequestHeaders, seclang.RequestHeadersNames,
		seclang.RequestCookies, seclang.RequestCookiesNames, seclang.ArgsCombinedSize, seclang.ResponseBody, seclang.XML} {
		n += len(t.Values(v))
	}
	return n
}

func BenchmarkTransaction(b *testing.B) {
	rs := traffic(b)
	for i := range rs {
		r := newBenched(&rs[i])
		b.Run(rs[i].Name, func(b *testing.B) {
			var t Tx
			values := 0
			b.ReportAllocs()
			for b.Loop() {
				values = whole(&t, ample, r)
			}
			b.ReportMetric(float64(values), "values")
		})
	}
}

// What a transaction keeps, it makes no second time.
func TestOrdinaryEventsAllocateNothing(t *testing.T) {
	rs := traffic(t)
	var tx Tx
	for i := range rs {
		r := newBenched(&rs[i])
		whole(&tx, ample, r)
		whole(&tx, ample, r)
		if n := testing.AllocsPerRun(100, func() { whole(&tx, ample, r) }); n > 10 {
			t.Errorf("%s: %.0f allocations", rs[i].Name, n)
		}
	}
}

type benched struct {
	e    *event.Event
	json bool
}

func newBenched(r *request) *benched {
	e := r.event()
	return &benched{e, bytes.HasPrefix(e.RequestHeader("content-type"), []byte("application/json"))}
}
