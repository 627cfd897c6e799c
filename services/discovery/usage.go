package discovery

import (
	"math"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/discovery/lookalike"
	"github.com/miradorhq/mirador/services/discovery/sketch"
	"github.com/miradorhq/mirador/services/discovery/wire"
)

// usage is who asks an endpoint, how often and what it takes.
type usage struct {
	served   [schemes]uint64  // transactions answered 2xx or 101, by identity scheme
	networks [networks]uint64 // ... and by network of the caller
	callers  sketch.Distinct  // ... their principals
	minutes  sketch.Minutes
	latency  sketch.Histogram // us
	request  sketch.Histogram // bytes
	response sketch.Histogram
}

// count adds a transaction at ns.
func (t *usage) count(e *event.Event, principal string, ns int64, network uint8) {
	t.minutes.Add(ns, 1)
	if d := e.Duration(); d > 0 {
		t.latency.Add(uint64(d / time.Microsecond))
	}
	t.request.Add(size(&e.RequestBody))
	if e.Status > 0 {
		t.response.Add(size(&e.ResponseBody))
	}
	if lookalike.Served(e.Status) {
		t.served[scheme(e.Identity.Scheme)]++
		t.networks[network]++
		t.callers.Add(principal)
	}
}

// size is that on the wire, where the sensor knows it.
func size(b *event.Body) uint64 {
	return max(b.WireLength, b.SeenLength, uint64(len(b.Data)))
}

func (t *usage) join(o *usage) {
	for i, n := range o.served {
		t.served[i] += n
	}
	for i, n := range o.networks {
		t.networks[i] += n
	}
	t.callers.Join(&o.callers)
	t.minutes.Join(&o.minutes)
	t.latency.Join(&o.latency)
	t.request.Join(&o.request)
	t.response.Join(&o.response)
}

// describe writes what is known into e.
func (t *usage) describe(e *catalog.Endpoint) {
	e.AuthServed, e.Exposure = tallies(schemeNames[:], t.served[:]), tallies(networkNames[:], t.networks[:])
	e.Callers = t.callers.Estimate()
	e.Rate.Peak = t.minutes.Peak()
	// What came within one minute is no more than that a minute.
	span := max(e.LastSeen.Sub(e.FirstSeen).Minutes(), 1)
	e.Rate.PerMinute = math.Round(float64(e.Hits)/span*1000) / 1000
	e.Measures = catalog.Measures{Latency: t.latency.Quantiles(1e-3), Request: t.request.Quantiles(1), Response: t.response.Quantiles(1)}
}

func (t *usage) append(b []byte) []byte {
	b = wire.AppendCounts(b, t.served[:])
	b = wire.AppendCounts(b, t.networks[:])
	b = t.callers.Append(b)
	b = t.minutes.Append(b)
	b = t.latency.Append(b)
	b = t.request.Append(b)
	return t.response.Append(b)
}

func (t *usage) decode(r *wire.Reader) {
	r.Counts(t.served[:])
	r.Counts(t.networks[:])
	t.callers.Decode(r)
	t.minutes.Decode(r)
	t.latency.Decode(r)
	t.request.Decode(r)
	t.response.Decode(r)
}
