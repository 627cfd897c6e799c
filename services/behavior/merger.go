package behavior

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
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
	return func(int32) detect.Merger { return newMerger(cfg, m) }, nil
}

// merger gathers partials by bucket of event time; a bucket is judged when the
// watermark has passed it. Sums do not depend on the order in which the partitions'
// partials come, so neither do findings.
type merger struct {
	metrics *Metrics
	hash    hasher
	rules   []gatherer
	// judged is the bucket that the watermark was last in.
	judged int64
}

func newMerger(cfg Config, m *Metrics) *merger {
	return &merger{metrics: m, hash: newHasher(cfg.HashKey), rules: gatherings(&cfg, m)}
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
		g.metrics.findings.WithLabelValues(out.Findings[i].Rule).Inc()
	}
}

// mergerVersion changes with the shape of the state. Version 2 added the events of
// attempts and of findings; 1 is read still, its attempts have none to name.
const mergerVersion = 2

// Snapshot implements detect.Stateful.
func (g *merger) Snapshot(w io.Writer) error {
	e := msgpack.NewEncoder(w)
	if err := errors.Join(e.EncodeInt(mergerVersion), e.EncodeInt(g.judged)); err != nil {
		return fmt.Errorf("behavior: snapshot of the second stage: %w", err)
	}
	for _, r := range g.rules {
		if err := r.encode(e); err != nil {
			return fmt.Errorf("behavior: snapshot of the second stage, %s: %w", r.dimension, err)
		}
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
	for _, r := range g.rules {
		if err := r.decode(d); err != nil {
			return fmt.Errorf("behavior: restore the second stage, %s: %w", r.dimension, err)
		}
	}
	return nil
}
