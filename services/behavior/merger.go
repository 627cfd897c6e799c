package behavior

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/behavior/reputation"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// PartialKind names the partials that the second stage reads.
const PartialKind = "behavior"

// bucket is the span of event time that a partial counts by, in ns.
const bucket = int64(10e9)

var errPartial = errors.New("behavior: malformed partial")

// MergerFactory makes the second stage.
func MergerFactory(cfg Config, m *Metrics) (detect.MergerFactory, error) {
	if err := cfg.ready(); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, errors.New("behavior: no metrics; NewMetrics(nil) makes unregistered ones")
	}
	if err := cfg.open(); err != nil {
		return nil, err
	}
	return func(int32) detect.Merger { return newMerger(cfg, m) }, nil
}

// merger gathers partials by bucket of event time; a bucket is judged when the
// watermark has passed it. Sums do not depend on the order in which the partitions'
// partials come, so neither do findings.
type merger struct {
	cfg     Config
	metrics *Metrics
	lists   *reputation.Lists
	hash    hasher
	rules   []gatherer
	// judged is the bucket that the watermark was last in.
	judged int64
}

func newMerger(cfg Config, m *Metrics) *merger {
	g := &merger{cfg: cfg, metrics: m, lists: cfg.Lists, hash: newHasher(cfg.HashKey)}
	g.rules = gatherings(&g.cfg, m)
	return g
}

// Merge implements detect.Merger.
func (g *merger) Merge(p *detect.Partial, _ *detect.Out) {
	if p.Kind != PartialKind {
		return
	}
	dimension, _, _ := strings.Cut(p.Dimension, "|")
	for _, r := range g.rules {
		if r.dimension == dimension {
			r.merge(p, g.hash.of(p.Tenant, p.Dimension))
		}
	}
}

// Advance judges the buckets that end at or before the watermark.
func (g *merger) Advance(watermark time.Time, out *detect.Out) {
	b := watermark.UnixNano() / bucket
	if b <= g.judged {
		return
	}
	g.judged = b
	n := len(out.Findings)
	for _, r := range g.rules {
		r.advance(b, out)
	}
	for i := n; i < len(out.Findings); i++ {
		raiseAll(&out.Findings[i], g.lists.Current())
		g.heed(i, out)
		g.metrics.findings.WithLabelValues(out.Findings[i].Rule).Inc()
	}
}

// mergerVersion changes with the shape of the state. Version 2 added the events of
// attempts and of findings, 3 the names of the parts; the logins of 1 and 2 are read
// still.
const mergerVersion = 3

// Snapshot implements detect.Stateful.
func (g *merger) Snapshot(w io.Writer) error { return g.Capture()(w) }

// Capture implements detect.Capturer.
func (g *merger) Capture() (write func(io.Writer) error) {
	c := new(keyed.Capture)
	c.Value(mergerVersion, g.judged)
	for _, r := range g.rules {
		c.Value(r.name)
		r.capture(c)
	}
	return writing(c, "behavior: snapshot of the second stage")
}

// Restore implements detect.Stateful.
func (g *merger) Restore(r io.Reader) error {
	d := msgpack.NewDecoder(r)
	v, err := version(d, 1, mergerVersion)
	if err == nil {
		g.judged, err = d.DecodeInt64()
	}
	switch {
	case err != nil:
	case v < 3:
		err = g.rules[0].decode(d)
	default:
		err = parts(d, func(name string) func(*msgpack.Decoder) error {
			for _, r := range g.rules {
				if r.name == name {
					return r.decode
				}
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("behavior: restore the second stage: %w", err)
	}
	return nil
}

// parts reads named parts until the end. One that is not there leaves its state empty,
// so a program with one more detection reads what was written before.
func parts(d *msgpack.Decoder, of func(name string) func(*msgpack.Decoder) error) error {
	for {
		name, err := d.DecodeString()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("name of a part: %w", err)
		}
		decode := of(name)
		if decode == nil {
			return fmt.Errorf("there is no part %.40q here", name)
		}
		if err := decode(d); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}
