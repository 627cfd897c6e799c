package behavior

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// opening is the payload of a partial: anonymous answers of one endpoint. The dimension
// is "open|" and the endpoint's id.
type opening struct {
	_msgpack                      struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	EndpointID, Endpoint, Service string
	Sensitive                     bool
	Rows                          keyed.List[openRow]
}

// openRow is what one address was answered in one bucket, and beside it what went to
// known principals and what was refused since the last row of that partition.
type openRow struct {
	_msgpack                struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Bucket                  int64
	Address                 string
	Auth, Refused, Answered uint32
	Stamps                  stamps
}

// gathered are partials since the last flush, by tenant and endpoint, in the order they
// came.
type gathered[T any] struct {
	keys  []pendingKey
	index map[pendingKey]*T
}

func (g *gathered[T]) of(tx *detect.Tx, fresh func() *T) *T {
	k := pendingKey{tx.Tenant, tx.Endpoint.ID}
	p := g.index[k]
	if p == nil {
		if g.index == nil {
			g.index = make(map[pendingKey]*T)
		}
		p = fresh()
		g.index[k] = p
		g.keys = append(g.keys, k)
	}
	return p
}

// flush puts out what was gathered; the second stage sums, so how often this is called
// does not matter.
func (g *gathered[T]) flush(dimension string, m *Metrics, out *detect.Out) {
	for _, k := range g.keys {
		b, err := msgpack.Marshal(g.index[k])
		if err != nil { // cannot be: plain data
			m.dropped.WithLabelValues("partial_encode").Inc()
			continue
		}
		out.Partial(PartialKind, k.tenant, dimension+"|"+k.id, b)
	}
	*g = gathered[T]{}
}

func (r *auth) flush(out *detect.Out) { r.pending.flush("open", r.metrics, out) }

func decodeOpening(b []byte) (*opening, error) {
	var p opening
	if err := msgpack.NewDecoder(bytes.NewReader(b)).Decode(&p); err != nil {
		return nil, fmt.Errorf("%w: %w", errPartial, err)
	}
	return &p, validRows(p.Rows)
}

func validRows(rows []openRow) error {
	for i := range rows {
		w := &rows[i]
		if len(w.Address) > 64 || w.Bucket < 0 || w.Bucket > math.MaxInt64/bucket-1 || w.Stamps.count() > int(w.Answered) {
			return fmt.Errorf("%w: row %d", errPartial, i)
		}
		if err := w.Stamps.valid(); err != nil {
			return fmt.Errorf("%w: row %d: %w", errPartial, i, err)
		}
	}
	return nil
}

// openings is AUTH-01's second stage: endpoints, whoever asks.
type openings struct {
	cfg     *Config
	metrics *Metrics
	states  *keyed.Table[openingState]
}

const (
	maxOpenTo = 32                     // networks remembered of an endpoint
	openLife  = 7 * 24 * hour / bucket // half-life of its counts, in buckets
)

// openingState is one endpoint. The counts are decayed as of bucket At.
type openingState struct {
	_msgpack                              struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Tenant, EndpointID, Endpoint, Service string
	Sensitive                             bool
	Open                                  keyed.List[openRow]
	Judged, At                            int64
	Auth, Refused, Answered               float64
	To                                    keyed.List[string] // addresses, one a network
	Start, Last                           int64
	Count, Emitted                        uint64
	EmittedAt                             int64
	Stamps                                stamps
}

func (s *openingState) valid(cfg *Config) error {
	if len(s.Open) > cfg.MaxSources || len(s.To) > maxOpenTo || !finite(s.Auth, s.Refused, s.Answered) {
		return fmt.Errorf("endpoint of %d rows, open to %d networks", len(s.Open), len(s.To))
	}
	if s.Start < 0 || s.Last < s.Start || s.Last > math.MaxInt64/bucket-1 {
		return fmt.Errorf("endpoint open from bucket %d to %d", s.Start, s.Last)
	}
	if err := validRows(s.Open); err != nil {
		return err
	}
	return s.Stamps.valid()
}

func newOpenings(cfg *Config, m *Metrics) *openings {
	return &openings{cfg: cfg, metrics: m, states: keyed.NewTable[openingState](cfg.MaxLogins, m.eviction("openings"))}
}

func (g *openings) merge(p *detect.Partial, key uint64) {
	o, err := decodeOpening(p.Payload)
	if err != nil {
		g.metrics.dropped.WithLabelValues("malformed_partial").Inc()
		return
	}
	s := g.states.Touch(key)
	s.Tenant, s.EndpointID, s.Endpoint, s.Service = p.Tenant, o.EndpointID, o.Endpoint, o.Service
	s.Sensitive = s.Sensitive || o.Sensitive
	for _, w := range o.Rows {
		// What comes after its bucket was judged counts for the next one.
		w.Bucket = max(w.Bucket, s.Judged)
		if len(s.Open) >= g.cfg.MaxSources {
			s.Open = addedUp(s.Open)
		}
		if len(s.Open) >= g.cfg.MaxSources {
			g.metrics.dropped.WithLabelValues("open_rows").Inc()
			continue
		}
		s.Open = append(s.Open, w)
	}
}

// addedUp sorts rows and joins those of one bucket and address.
func addedUp(rows []openRow) []openRow {
	slices.SortFunc(rows, func(a, b openRow) int {
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Address, b.Address), bytes.Compare(a.Stamps, b.Stamps))
	})
	n := 0
	for i := range rows {
		if n > 0 && rows[n-1].Bucket == rows[i].Bucket && rows[n-1].Address == rows[i].Address {
			w := &rows[n-1]
			w.Auth, w.Refused, w.Answered = w.Auth+rows[i].Auth, w.Refused+rows[i].Refused, w.Answered+rows[i].Answered
			w.Stamps = joined(w.Stamps, rows[i].Stamps)
			continue
		}
		rows[n] = rows[i]
		n++
	}
	return rows[:n]
}

func (g *openings) advance(b int64, out *detect.Out) {
	g.states.Each(func(_ uint64, s *openingState) {
		s.Judged = max(s.Judged, b)
		s.Open = addedUp(s.Open)
		n := 0
		for n < len(s.Open) && s.Open[n].Bucket < b {
			g.judge(s, &s.Open[n], out)
			n++
		}
		s.Open = append(s.Open[:0], s.Open[n:]...)
	})
}

func (g *openings) judge(s *openingState, w *openRow, out *detect.Out) {
	c := &g.cfg.Auth
	if w.Bucket > s.At {
		d := math.Exp2(-float64(w.Bucket-s.At) / float64(openLife))
		s.Auth, s.Refused, s.Answered, s.At = s.Auth*d, s.Refused*d, s.Answered*d, w.Bucket
	}
	s.Auth, s.Refused, s.Answered = min(1e9, s.Auth+float64(w.Auth)), min(1e9, s.Refused+float64(w.Refused)), min(1e9, s.Answered+float64(w.Answered))
	if s.Count > 0 && (w.Bucket-s.Last)*bucket > 24*hour {
		s.Count, s.Emitted, s.EmittedAt, s.To, s.Stamps = 0, 0, 0, nil, nil
	}
	if s.Count == 0 {
		s.Start, s.Last = w.Bucket, w.Bucket
	}
	s.Last = max(s.Last, w.Bucket)
	s.Count += uint64(w.Answered)
	s.Stamps = joined(s.Stamps, w.Stamps)
	net := cluster(w.Address)
	if len(s.To) < maxOpenTo && !slices.ContainsFunc(s.To, func(a string) bool { return cluster(a) == net }) {
		s.To = append(s.To, w.Address)
	}
	protected := wilson(s.Auth, s.Auth+s.Answered)
	open := wilson(s.Answered, s.Answered+s.Refused)
	if !s.Sensitive && protected < c.Protected || open < c.Open || s.Count < uint64(c.Answers) {
		return
	}
	if len(s.To) < c.Sources {
		g.metrics.suppressed.WithLabelValues("auth_sources").Inc()
		return
	}
	now := (w.Bucket + 1) * bucket
	if s.Emitted > 0 && s.Count < 2*s.Emitted && now-s.EmittedAt < int64(g.cfg.UpdateEvery) {
		return
	}
	s.Emitted, s.EmittedAt = s.Count, now
	out.Finding(g.finding(s, protected, open, now))
}

func (g *openings) finding(s *openingState, protected, open float64, now int64) finding.Finding {
	c := &g.cfg.Auth
	f := finding.From(&auth01, s.Tenant)
	start := time.Unix(0, s.Start*bucket).UTC()
	f.ID = finding.ID(s.Tenant, Name, auth01.ID, "open", s.EndpointID, start.Format(time.RFC3339Nano))
	f.Time, f.FirstSeen, f.LastSeen, f.Count = time.Unix(0, now).UTC(), start, time.Unix(0, (s.Last+1)*bucket).UTC(), s.Count
	f.Subject = finding.Subject{Addresses: slices.Clone(s.To[:min(len(s.To), maxAddresses)]), Endpoint: s.Endpoint, EndpointID: s.EndpointID, Service: s.Service}
	f.Events = s.Stamps.ids()
	f.Confidence = min(0.95, 0.5+0.3*protected+0.15*open)
	if protected < c.Protected { // its path alone says that it is sensitive
		f.Severity = finding.Medium
	}
	f.Features = []finding.Number{{Name: "answered_anonymous", Value: s.Answered}, {Name: "answered_known", Value: s.Auth}, {Name: "refused_anonymous", Value: s.Refused},
		{Name: "protected_low", Value: protected}, {Name: "open_low", Value: open}, {Name: "networks", Value: float64(len(s.To))}, {Name: "answers", Value: float64(s.Count)}, {Name: "sensitive_path", Value: number(s.Sensitive)}}
	f.Baseline = []finding.Number{{Name: "protected", Value: c.Protected}, {Name: "open", Value: c.Open}, {Name: "networks", Value: float64(c.Sources)}, {Name: "answers", Value: float64(c.Answers)}}
	f.Summary = fmt.Sprintf("%d requests without any identity answered at %s, from %s; of late it answered %.0f requests of known principals, and refused %.0f anonymous ones",
		s.Count, s.Endpoint, plural(len(s.To), "network"), s.Auth, s.Refused)
	f.Counterfactual = fmt.Sprintf("Fewer than %d such answers or %d networks would not alert, nor an endpoint that is listed as public", c.Answers, c.Sources)
	f.Versions.Detector = Version
	return f
}

func (g *openings) capture(c *keyed.Capture) {
	g.states.Each(func(_ uint64, s *openingState) { s.Open = addedUp(s.Open) })
	g.states.Capture(c)
}

func (g *openings) decode(d *msgpack.Decoder) error {
	return g.states.Decode(d, func(s *openingState) error { return s.valid(g.cfg) })
}
