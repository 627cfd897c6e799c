package behavior

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// profile is what makes a spread an attack.
type profile struct {
	rule  *finding.Rule
	title string
	// clients must take part, with at least items different things in an hour or a day,
	// and more than is usual; none of them may have done more than most of it: that one
	// is the first stage's.
	clients, items int
	usual          prior
	alpha          float64
	most           float64
	// address says that the key is one, so that the subject is.
	address bool
	what    string // "accounts of others read"
	by      string // "from one address"
}

// spreads gather one dimension.
type spreads struct {
	cfg     *Config
	metrics *Metrics
	p       profile
	keys    *keyed.Table[spread]
}

type spread struct {
	_msgpack   struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Tenant     string
	Key        string
	EndpointID string
	Endpoint   string
	Service    string
	// Open are marks of buckets not yet judged, Day those of the last 24 h that were.
	Open, Day keyed.List[mark]
	Judged    int64
	Usual     habit
	// Start and Last are buckets of the episode.
	Start, Last    int64
	Count, Emitted uint64
	EmittedAt      int64
}

func newSpreads(cfg *Config, m *Metrics, p profile) *spreads {
	return &spreads{cfg: patient(cfg), metrics: m, p: p, keys: keyed.NewTable[spread](cfg.MaxSources, m.eviction("spreads"))}
}

func (s *spread) valid() error {
	if len(s.Open) > 2*maxMarks || len(s.Day) > maxMarks || len(s.Key) > maxSpread {
		return fmt.Errorf("spread of %d and %d marks", len(s.Open), len(s.Day))
	}
	if !finite(s.Usual.S, s.Usual.T) || min(s.Start, s.Last) < 0 || max(s.Start, s.Last) > lastBucket {
		return fmt.Errorf("spread of buckets %d to %d, or its history is not a number", s.Start, s.Last)
	}
	for _, ms := range [...][]mark{s.Open, s.Day} {
		for i := range ms {
			if err := ms[i].valid(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *spreads) merge(p *detect.Partial, key uint64) {
	x, err := decodeSpread(p.Payload)
	if err != nil {
		g.metrics.dropped.WithLabelValues("malformed_partial").Inc()
		return
	}
	s := g.keys.Touch(key)
	s.Tenant, s.Key = p.Tenant, x.Key
	// Of several endpoints the first by id stands for all, whoever comes first.
	if s.EndpointID == "" || x.EndpointID < s.EndpointID {
		s.EndpointID, s.Endpoint, s.Service = x.EndpointID, x.Endpoint, x.Service
	}
	for _, m := range x.Marks {
		s.Open = addMark(s.Open, m, s.Judged, g.metrics)
	}
}

func (g *spreads) advance(b int64, out *detect.Out) {
	g.keys.Each(func(_ uint64, s *spread) {
		if len(s.Open) > 0 {
			s.Open = joinMarks(s.Open, g.metrics)
		}
		for len(s.Open) > 0 && s.Open[0].Bucket < b {
			at, n := s.Open[0].Bucket, 1
			for n < len(s.Open) && s.Open[n].Bucket == at {
				n++
			}
			g.judge(s, at, s.Open[:n], out)
			s.Open = append(s.Open[:0], s.Open[n:]...)
		}
		s.Judged = max(s.Judged, b)
	})
}

// joinedWithin is how many principals did how many things since bucket from, and how
// much of it the busiest did.
func (s *spread) joinedWithin(from int64) (clients, items int, largest float64) {
	ms := slices.Clone(s.Day)
	ms = slices.DeleteFunc(ms, func(m mark) bool { return m.Bucket < from })
	slices.SortFunc(ms, func(a, b mark) int { return cmp.Or(cmp.Compare(a.Who, b.Who), cmp.Compare(a.Item, b.Item)) })
	all, own, busiest := make([]uint64, 0, len(ms)), 0, 0
	for i := range ms {
		if i == 0 || ms[i].Who != ms[i-1].Who {
			clients++
			own = 0
		}
		if own++; own > busiest {
			busiest = own
		}
		all = append(all, ms[i].Item)
	}
	slices.Sort(all)
	items = len(slices.Compact(all))
	return clients, items, float64(busiest) / float64(max(1, len(ms)))
}

func (g *spreads) judge(s *spread, at int64, ms []mark, out *detect.Out) {
	now := (at + 1) * bucket
	gone := 0
	for gone < len(s.Day) && s.Day[gone].Bucket <= at-24*hour/bucket {
		gone++
	}
	// What is done today must not explain itself: it teaches when it is a day old.
	gone = max(gone, len(s.Day)+len(ms)-maxMarks)
	all := append(slices.Clone(s.Day), ms...)
	for i := range gone {
		s.Usual.add(all[i].Bucket*bucket, 1, g.p.usual)
	}
	s.Day = all[gone:]
	if len(s.Day) < g.p.items {
		return
	}
	mean := s.Usual.expect(g.p.usual)
	limit := max(g.p.items, threshold(mean, g.p.usual.size, g.p.alpha/2, topCount))
	// A day gathers what belongs to nobody's attack: it takes more to be improbable.
	limitDay := max(g.p.items, threshold(mean*dayHours, g.p.usual.size*dayHours, g.p.alpha/200, topCount))
	window := "1 h"
	clients, items, largest := s.joinedWithin(at - hour/bucket)
	if clients < g.p.clients || items < limit {
		if clients, items, largest = s.joinedWithin(0); clients < g.p.clients || items < limitDay {
			return
		}
		window, limit = "24 h", limitDay
	}
	if largest > g.p.most {
		g.metrics.suppressed.WithLabelValues("spread_of_one").Inc()
		return
	}
	if s.Count > 0 && ((at-s.Last)*bucket > int64(g.cfg.Quiet) || (at-s.Start)*bucket > int64(g.cfg.Longest)) {
		s.Count, s.Emitted, s.EmittedAt = 0, 0, 0
	}
	if s.Count == 0 {
		s.Start = at
	}
	s.Last = at
	s.Count += uint64(len(ms))
	if s.Emitted > 0 && s.Count < 2*s.Emitted && now-s.EmittedAt < int64(g.cfg.UpdateEvery) {
		return
	}
	s.Emitted, s.EmittedAt = s.Count, now
	f := campaignOf(g.p.rule, s.Tenant, s.Start, at, g.p.by, s.Key)
	if g.p.title != "" {
		f.Title = g.p.title
	}
	f.Count = s.Count
	f.Subject = finding.Subject{Endpoint: s.Endpoint, EndpointID: s.EndpointID, Service: s.Service, Addresses: s.addresses()}
	if g.p.address {
		f.Subject.Addresses = []string{s.Key}
	}
	f.Events = s.events()
	f.Confidence = min(0.95, 0.7+0.15*min(1, float64(items)/float64(4*limit))+0.1*(1-largest))
	f.Features = []finding.Number{{Name: "items", Value: float64(items)}, {Name: "clients", Value: float64(clients)}, {Name: "largest_share", Value: largest}}
	f.Baseline = []finding.Number{{Name: "usual_1h", Value: mean}, {Name: "limit", Value: float64(limit)}, {Name: "clients", Value: float64(g.p.clients)}, {Name: "largest_share", Value: g.p.most}}
	f.Summary = fmt.Sprintf("%d %s %s by %d principals in %s, none of which did more than %s of it; usual %.1f an hour, limit %d", items, g.p.what, g.p.by, clients, window, percent(largest, 1), mean, limit-1)
	f.Counterfactual = fmt.Sprintf("%d or fewer in %s would not alert, nor would fewer than %d principals", limit-1, window, g.p.clients)
	g.metrics.unusual(f, s.young(), g.cfg, out)
}

// young says whether most of it was done at endpoints in their cold start.
func (s *spread) young() bool {
	n := 0
	for i := range s.Day {
		if s.Day[i].New {
			n++
		}
	}
	return 2*n > len(s.Day)
}

// addresses are those of the newest marks, each once.
func (s *spread) addresses() (list []string) {
	for i := len(s.Day) - 1; i >= 0 && len(list) < maxCampaign; i-- {
		if a := s.Day[i].Address; a != "" && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}

// events are the newest: what came first may have been somebody's ordinary day.
func (s *spread) events() (ids []string) {
	var all []stamps
	for i := len(s.Day) - 1; i >= 0 && len(all) < finding.MaxEvents; i-- {
		if s.Day[i].Stamps.count() > 0 {
			all = append(all, s.Day[i].Stamps[:stampSize])
		}
	}
	slices.SortFunc(all, func(a, b stamps) int { return bytes.Compare(a, b) })
	for _, x := range all {
		ids = append(ids, uuid.UUID(x[8:]).String())
	}
	return ids
}

func (g *spreads) capture(c *keyed.Capture) {
	g.keys.Each(func(_ uint64, s *spread) { s.Open = joinMarks(s.Open, g.metrics) })
	g.keys.Capture(c)
}

func (g *spreads) decode(d *msgpack.Decoder) error { return g.keys.Decode(d, (*spread).valid) }
