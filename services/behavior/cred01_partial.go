package behavior

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// logins is the payload of a partial: attempts at one login. The dimension is
// "login|" and the endpoint's id.
type logins struct {
	_msgpack   struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	EndpointID string
	Endpoint   string
	Service    string
	Attempts   keyed.List[tally]
}

// tally is what one address did for one user in one bucket.
type tally struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Bucket   int64
	Address  string
	User     uint64
	OK, Fail uint32
	// Stamps are the first of the failed ones. Readers come first in an update: a
	// program of before refuses a partial that has them.
	Stamps stamps
}

func (t *tally) compare(u *tally) int {
	return cmp.Or(cmp.Compare(t.Bucket, u.Bucket), cmp.Compare(t.Address, u.Address), cmp.Compare(t.User, u.User))
}

// unnamed says whether nothing is known of the user but the address.
func (t *tally) unnamed() bool { return t.User == unnamedUser(t.Address) }

// pending are the attempts since the last flush.
type pending struct {
	keys  []pendingKey // in the order they came
	index map[pendingKey]*logins
}

type pendingKey struct{ tenant, id string }

func (p *pending) add(tx *detect.Tx, now int64, user uint64, failed bool) {
	k := pendingKey{tx.Tenant, tx.Endpoint.ID}
	l := p.index[k]
	if l == nil {
		if p.index == nil {
			p.index = make(map[pendingKey]*logins)
		}
		l = &logins{EndpointID: tx.Endpoint.ID, Endpoint: tx.Endpoint.Label, Service: string(tx.Event.Deployment.Service)}
		p.index[k] = l
		p.keys = append(p.keys, k)
	}
	t := tally{Bucket: now / bucket, Address: string(tx.Event.Client.Address), User: user}
	if failed {
		t.Fail = 1
		t.Stamps = stampOf(now, tx.Event.ID)
	} else {
		t.OK = 1
	}
	l.Attempts = append(l.Attempts, t)
}

// flush puts out what was gathered. Equal attempts are summed; the second stage sums
// again, so how often this is called does not matter.
func (r *cred) flush(out *detect.Out) {
	for _, k := range r.pending.keys {
		l := r.pending.index[k]
		l.Attempts = summed(l.Attempts, r.cfg, r.metrics)
		b, err := msgpack.Marshal(l)
		if err != nil { // cannot be: plain data
			r.metrics.dropped.WithLabelValues("partial_encode").Inc()
			continue
		}
		out.Partial(PartialKind, k.tenant, "login|"+k.id, b)
	}
	r.pending = pending{}
}

// summed sorts ts and joins equal keys; it keeps the stamps that thin keeps.
func summed(ts []tally, cfg *Config, m *Metrics) []tally {
	slices.SortFunc(ts, func(a, b tally) int { return a.compare(&b) })
	n := 0
	for i := range ts {
		if n > 0 && ts[n-1].compare(&ts[i]) == 0 {
			ts[n-1].OK += ts[i].OK
			ts[n-1].Fail += ts[i].Fail
			ts[n-1].Stamps = joined(ts[n-1].Stamps, ts[i].Stamps)
			continue
		}
		ts[n] = ts[i]
		n++
	}
	ts = ts[:n]
	if dropped := thin(ts, cfg.Cred.MaxEvents); dropped > 0 {
		m.dropped.WithLabelValues("login_events").Add(float64(dropped))
	}
	return ts
}

func decodeLogins(b []byte) (*logins, error) {
	var l logins
	// Not msgpack.Unmarshal: its decoders are pooled and keep the buffer that a claimed
	// length made them grow, so hostile partials would add up to gigabytes.
	if err := msgpack.NewDecoder(bytes.NewReader(b)).Decode(&l); err != nil {
		return nil, fmt.Errorf("%w: %w", errPartial, err)
	}
	for i := range l.Attempts {
		a := &l.Attempts[i]
		if len(a.Address) > 64 || a.Bucket < 0 || a.Stamps.count() > int(a.Fail) {
			return nil, fmt.Errorf("%w: attempt %d", errPartial, i)
		}
		if err := a.Stamps.valid(); err != nil {
			return nil, fmt.Errorf("%w: attempt %d: %w", errPartial, i, err)
		}
	}
	return &l, nil
}

// campaigns are the logins that partials tell of.
type campaigns struct {
	cfg     *Config
	metrics *Metrics
	logins  *keyed.Table[campaign]
}

func newCampaigns(cfg *Config, m *Metrics) *campaigns {
	return &campaigns{cfg: cfg, metrics: m, logins: keyed.NewTable[campaign](cfg.MaxLogins, m.eviction("campaigns"))}
}

func (g *campaigns) merge(p *detect.Partial, key uint64) {
	l, err := decodeLogins(p.Payload)
	if err != nil {
		g.metrics.dropped.WithLabelValues("malformed_partial").Inc()
		return
	}
	c := g.logins.Touch(key)
	known := c.Tenant != ""
	c.Tenant, c.EndpointID, c.Endpoint, c.Service = p.Tenant, l.EndpointID, l.Endpoint, l.Service
	for _, t := range l.Attempts {
		if !known || c.First > 0 {
			c.First = earlier(c.First, t.Bucket)
		}
		// What comes after its bucket was judged counts for the next one.
		t.Bucket = max(t.Bucket, c.Judged)
		if len(c.Open) >= g.cfg.MaxSources {
			c.Open = summed(c.Open, g.cfg, g.metrics)
			if len(c.Open) >= g.cfg.MaxSources {
				g.metrics.dropped.WithLabelValues("login_sources").Inc()
				continue
			}
		}
		c.Open = append(c.Open, t)
	}
}

func (g *campaigns) advance(b int64, out *detect.Out) {
	g.logins.Each(func(_ uint64, c *campaign) { c.judge(b, g.cfg, g.metrics, out) })
}

func (g *campaigns) capture(p *keyed.Capture) {
	g.logins.Each(func(_ uint64, c *campaign) { c.Open = summed(c.Open, g.cfg, g.metrics) })
	g.logins.Capture(p)
}

func (g *campaigns) decode(d *msgpack.Decoder) error {
	return g.logins.Decode(d, func(c *campaign) error { return c.valid(g.cfg) })
}

// take removes from ts, which must be sorted, what lies before bucket b.
func take(ts []tally, b int64) (due, rest []tally) {
	i, _ := slices.BinarySearchFunc(ts, b, func(t tally, b int64) int {
		if t.Bucket < b {
			return -1
		}
		return 1
	})
	return ts[:i], ts[i:]
}
