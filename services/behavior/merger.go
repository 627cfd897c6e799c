package behavior

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// MergerFactory makes the second stage.
func MergerFactory(cfg Config, m *Metrics) (detect.MergerFactory, error) {
	if err := cfg.ready(); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, errors.New("behavior: no metrics; NewMetrics(nil) makes unregistered ones")
	}
	return func(int32) detect.Merger { return newMerger(cfg, m) }, nil
}

// merger gathers partials by bucket of event time and judges a bucket when the
// watermark has passed it. Sums do not depend on the order in which the partitions'
// partials come, so neither do findings.
type merger struct {
	cfg     Config
	metrics *Metrics
	hash    hasher
	logins  *keyed.Table[campaign]
	// judged is the bucket that the watermark was last in.
	judged int64
}

func newMerger(cfg Config, m *Metrics) *merger {
	return &merger{cfg: cfg, metrics: m, hash: newHasher(cfg.HashKey), logins: keyed.NewTable[campaign](cfg.MaxLogins, m.eviction("campaigns"))}
}

// Merge implements detect.Merger.
func (g *merger) Merge(p *detect.Partial, _ *detect.Out) {
	if p.Kind != PartialKind || !strings.HasPrefix(p.Dimension, "login|") {
		return
	}
	l, err := decodeLogins(p.Payload)
	if err != nil {
		g.metrics.dropped.WithLabelValues("malformed_partial").Inc()
		return
	}
	c := g.logins.Touch(g.hash.of(p.Tenant, p.Dimension))
	c.Tenant, c.EndpointID, c.Endpoint, c.Service = p.Tenant, l.EndpointID, l.Endpoint, l.Service
	for _, t := range l.Attempts {
		// What comes after its bucket was judged counts for the next one.
		t.Bucket = max(t.Bucket, c.Judged)
		if len(c.Open) >= g.cfg.MaxSources {
			c.Open = summed(c.Open, &g.cfg, g.metrics)
			if len(c.Open) >= g.cfg.MaxSources {
				g.metrics.dropped.WithLabelValues("login_sources").Inc()
				continue
			}
		}
		c.Open = append(c.Open, t)
	}
}

// Advance judges the buckets that end at or before the watermark.
func (g *merger) Advance(watermark time.Time, out *detect.Out) {
	b := watermark.UnixNano() / bucket
	if b <= g.judged {
		return
	}
	g.judged = b
	g.logins.Each(func(_ uint64, c *campaign) { c.judge(b, &g.cfg, g.metrics, out) })
}

// mergerVersion changes with the shape of the state. Version 2 added the events of
// attempts and of findings; 1 is read still, its attempts have none to name.
const mergerVersion = 2

// Snapshot implements detect.Stateful.
func (g *merger) Snapshot(w io.Writer) error {
	e := msgpack.NewEncoder(w)
	g.logins.Each(func(_ uint64, c *campaign) { c.Open = summed(c.Open, &g.cfg, g.metrics) })
	if err := errors.Join(e.EncodeInt(mergerVersion), e.EncodeInt(g.judged), g.logins.Encode(e)); err != nil {
		return fmt.Errorf("behavior: snapshot of the second stage: %w", err)
	}
	return nil
}

// Restore implements detect.Stateful.
func (g *merger) Restore(r io.Reader) error {
	d := msgpack.NewDecoder(r)
	if err := version(d, 1, mergerVersion); err != nil {
		return fmt.Errorf("behavior: restore the second stage: %w", err)
	}
	judged, err := d.DecodeInt64()
	if err != nil {
		return fmt.Errorf("behavior: restore the second stage: %w", err)
	}
	g.judged = judged
	if err := g.logins.Decode(d, func(c *campaign) error { return c.valid(&g.cfg) }); err != nil {
		return fmt.Errorf("behavior: restore the second stage: %w", err)
	}
	return nil
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
