package behavior

import (
	"fmt"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// acquaintances tell who and what has been seen long enough for what is usual of it to be
// known. A client or endpoint is judged by its like meanwhile, which is good enough to
// alert, not to act.
//
// It is a Bloom filter for each half day of the cold start and of a week before it: some
// 10 bits a client and half day, however long it stays. Where it is overfull, or says yes
// wrongly (3 in 100), somebody is acted on early.
type acquaintances struct {
	cfg  *Config
	at   int64 // the newest half day
	ring keyed.List[metSet]
}

// metSet is a set that grows: filters, each eight times the one before and a power of two,
// of which the last holds Count.
type metSet struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Layers   keyed.List[[]byte]
	Count    uint32
}

const (
	halfDay   = 12 * hour
	knownFor  = 14 // half days after the cold start; who stays away longer is new again
	knownBits = 10 // a client
	knownAsks = 6  // probes
	firstMet  = 512
)

func newAcquaintances(cfg *Config) *acquaintances {
	a := &acquaintances{cfg: cfg}
	if cold := int64(cfg.ColdStart); cold > 0 {
		a.ring = make(keyed.List[metSet], (cold+halfDay-1)/halfDay+1+knownFor)
	}
	return a
}

// observe implements detection: it meets who acts, and the endpoint.
func (a *acquaintances) observe(o *observation, _ *detect.Out) {
	if len(a.ring) == 0 {
		return
	}
	a.move(o.now)
	a.meet(o.who)
	a.meet(o.endpoint)
}

// move goes on to the half day of now. What comes late counts for the newest.
func (a *acquaintances) move(now int64) {
	n := int64(len(a.ring))
	at := now / halfDay
	if at <= a.at {
		return
	}
	for t := max(a.at+1, at-n+1); t <= at; t++ {
		a.ring[t%n] = metSet{}
	}
	a.at = at
}

func (a *acquaintances) meet(key uint64) {
	s := &a.ring[a.at%int64(len(a.ring))]
	if s.has(key) {
		return
	}
	n := len(s.Layers)
	if size := firstMet << (3 * n); n == 0 || int(s.Count) >= 8*len(s.Layers[n-1])/knownBits && size <= a.largest() {
		s.Layers, s.Count = append(s.Layers, make([]byte, size)), 0
		n++
	}
	last := s.Layers[n-1]
	for i := range uint64(knownAsks) {
		b := (key + i*(key>>32|1)) & uint64(8*len(last)-1)
		last[b/8] |= 1 << (b % 8)
	}
	s.Count++
}

// largest bounds a filter, in bytes: whom one half day meets has room in it.
func (a *acquaintances) largest() int {
	return 8 * (firstMet + (a.cfg.MaxKeys+a.cfg.MaxLogins)*knownBits/8)
}

// knows says whether key was met before the cold start of now began.
func (a *acquaintances) knows(key uint64) bool {
	if len(a.ring) == 0 {
		return true
	}
	n := int64(len(a.ring))
	for t := max(0, a.at-n+1); t < a.at-int64(a.cfg.ColdStart)/halfDay; t++ {
		if a.ring[t%n].has(key) {
			return true
		}
	}
	return false
}

func (s *metSet) has(key uint64) bool {
layers:
	for _, l := range s.Layers {
		for i := range uint64(knownAsks) {
			b := (key + i*(key>>32|1)) & uint64(8*len(l)-1)
			if l[b/8]&(1<<(b%8)) == 0 {
				continue layers
			}
		}
		return true
	}
	return false
}

// unusual puts out a finding that rests on what is usual of the client and of keys. In
// their cold start it is an alert alone.
func (o *observation) unusual(f finding.Finding, out *detect.Out, keys ...uint64) {
	known := o.met.knows(o.who)
	for _, k := range keys {
		known = known && o.met.knows(k)
	}
	out.Finding(f)
	if !known {
		hold(out, len(out.Findings)-1, fmt.Sprintf("the client or the endpoint is known for less than %.0f hours", o.met.cfg.ColdStart.Hours()))
		o.held.WithLabelValues("cold_start").Inc()
	}
}

// young says whether what is first known of bucket first is in its cold start in bucket at.
// What an earlier version knew, it knew long enough.
func (c *Config) young(first, at int64) bool {
	return first > 0 && (at-first)*bucket < int64(c.ColdStart)
}

// unusual is observation.unusual for the second stage: of findings that rest on what is
// usual of an endpoint. Sources say nothing there: those of an attack are new.
func (m *Metrics) unusual(f finding.Finding, young bool, c *Config, out *detect.Out) {
	out.Finding(f)
	if young {
		hold(out, len(out.Findings)-1, fmt.Sprintf("the endpoint is known for less than %.0f hours", c.ColdStart.Hours()))
		m.suppressed.WithLabelValues("cold_start").Inc()
	}
}

// earlier is the lesser of two buckets of which 0 is none.
func earlier(a, b int64) int64 {
	if a == 0 {
		return b
	}
	return min(a, b)
}

func (a *acquaintances) capture(c *keyed.Capture) {
	c.Value(a.at, a.ring)

}

// decode takes what another length of the cold start wrote for nothing known.
func (a *acquaintances) decode(d *msgpack.Decoder) (err error) {
	var at int64
	var ring keyed.List[metSet]
	if at, err = d.DecodeInt64(); err != nil {
		return fmt.Errorf("half day: %w", err)
	}
	if err := d.Decode(&ring); err != nil {
		return fmt.Errorf("half days: %w", err)
	}
	if at < 0 || at > lastBucket {
		return fmt.Errorf("half day %d", at)
	}
	for i := range ring {
		for k, l := range ring[i].Layers {
			if k > 8 || len(l) != firstMet<<(3*k) {
				return fmt.Errorf("filter %d of %d bytes", k, len(l))
			}
		}
	}
	if len(ring) == len(a.ring) {
		a.at, a.ring = at, ring
	}
	return nil
}
