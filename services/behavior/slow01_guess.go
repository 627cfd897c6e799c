package behavior

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/google/uuid"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// guesses are the answers for ids since the last flush, by endpoint: the payload of a
// partial "guess|endpoint".
type guesses struct {
	list  []*guessed // in the order they came
	index map[uint64]*guessed
}

type guessed struct {
	_msgpack   struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	tenant     string
	EndpointID string
	Endpoint   string
	Service    string
	// OK are answers by bucket, Refused the marks of ids that nobody was ever served.
	OK      keyed.List[answers]
	Refused keyed.List[mark]
}

type answers struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Bucket   int64
	N        uint32
}

const maxAnswers = 1024 // buckets of one partial

func (g *guesses) see(o *observation) {
	tx := o.tx
	failed := false
	if !o.ok {
		if !denied(tx.Event.Status) && tx.Event.Status != 400 && tx.Event.Status != 422 {
			return
		}
		b := &o.objects[len(o.objects)-1]
		if _, ok := o.known.owners.of(b.key); ok || b.own {
			return // a release that breaks an endpoint refuses what it served
		}
		failed = true
	}
	s := g.index[o.endpoint]
	if s == nil {
		if g.index == nil {
			g.index = make(map[uint64]*guessed)
		}
		s = &guessed{tenant: tx.Tenant, EndpointID: tx.Endpoint.ID, Endpoint: tx.Endpoint.Label, Service: string(tx.Event.Deployment.Service)}
		g.index[o.endpoint] = s
		g.list = append(g.list, s)
	}
	at := o.now / bucket
	if failed {
		who := o.hash.of(event.AddressPrincipal(tx.Event.Client.Address))
		s.Refused = append(s.Refused, mark{Bucket: at, Who: who, Item: o.objects[len(o.objects)-1].key, Address: string(tx.Event.Client.Address), Stamps: stampOf(o.now, tx.Event.ID)})
		return
	}
	s.OK = addAnswers(s.OK, answers{Bucket: at, N: 1})
}

// addAnswers counts a, which seldom comes out of order.
func addAnswers(list []answers, a answers) []answers {
	i, ok := slices.BinarySearchFunc(list, a, func(x, y answers) int { return cmp.Compare(x.Bucket, y.Bucket) })
	if ok {
		list[i].N += a.N
		return list
	}
	if len(list) == maxAnswers { // hours without a flush: the first goes
		list, i = append(list[:0], list[1:]...), max(0, i-1)
	}
	return slices.Insert(list, i, a)
}

func (g *guesses) flush(m *Metrics, out *detect.Out) {
	for _, s := range g.list {
		s.Refused = joinMarks(s.Refused, m)
		b, err := msgpack.Marshal(s)
		if err != nil { // cannot be: plain data
			m.dropped.WithLabelValues("partial_encode").Inc()
			continue
		}
		out.Partial(PartialKind, s.tenant, "guess|"+s.EndpointID, b)
	}
	g.list, g.index = nil, nil
}

// guessGathering is the second stage: endpoints that are guessed at.
type guessGathering struct {
	cfg       *Config
	metrics   *Metrics
	endpoints *keyed.Table[guessAt]
}

type guessAt struct {
	_msgpack   struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Tenant     string
	EndpointID string
	Endpoint   string
	Service    string
	OK         keyed.List[answers] // not yet judged
	Open       keyed.List[mark]    // not yet judged
	Hour       keyed.List[mark]    // of the last hour
	Judged     int64
	// Cusum is the sum of log likelihood ratios; Good and Bad the usual answers, decayed
	// as of Judged.
	Cusum     float64
	Good, Bad float64
	// Onset is where the sum last left zero: when the attack began, as far as it tells.
	Onset          int64
	Start, Last    int64
	Count, Emitted uint64
	EmittedAt      int64
	// First is the bucket of the first answer; 0 for one that an earlier version saw.
	First int64
}

func newGuesses(cfg *Config, m *Metrics) *guessGathering {
	return &guessGathering{cfg: patient(cfg), metrics: m, endpoints: keyed.NewTable[guessAt](cfg.MaxLogins, m.eviction("guesses"))}
}

func decodeGuessed(b []byte) (*guessed, error) {
	var s guessed
	if err := msgpack.NewDecoder(bytes.NewReader(b)).Decode(&s); err != nil {
		return nil, fmt.Errorf("%w: %w", errPartial, err)
	}
	return &s, validGuesses(s.OK, s.Refused)
}

func validGuesses(ok []answers, lists ...[]mark) error {
	for _, a := range ok {
		if a.Bucket < 0 || a.Bucket > lastBucket {
			return fmt.Errorf("%w: answers in bucket %d", errPartial, a.Bucket)
		}
	}
	for _, ms := range lists {
		for i := range ms {
			if err := ms[i].valid(); err != nil {
				return fmt.Errorf("%w: refusal %d: %w", errPartial, i, err)
			}
		}
	}
	return nil
}

func (g *guessGathering) merge(p *detect.Partial, key uint64) {
	x, err := decodeGuessed(p.Payload)
	if err != nil {
		g.metrics.dropped.WithLabelValues("malformed_partial").Inc()
		return
	}
	s := g.endpoints.Touch(key)
	known := s.Tenant != ""
	s.Tenant, s.EndpointID, s.Endpoint, s.Service = p.Tenant, x.EndpointID, x.Endpoint, x.Service
	for _, a := range x.OK {
		if !known || s.First > 0 {
			s.First = earlier(s.First, a.Bucket)
		}
		a.Bucket = max(a.Bucket, s.Judged)
		s.OK = addAnswers(s.OK, a)
	}
	for _, m := range x.Refused {
		if !known || s.First > 0 {
			s.First = earlier(s.First, m.Bucket)
		}
		s.Open = addMark(s.Open, m, s.Judged, g.metrics)
	}
}

func (g *guessGathering) advance(b int64, out *detect.Out) {
	g.endpoints.Each(func(_ uint64, s *guessAt) {
		if len(s.Open) > 0 {
			s.Open = joinMarks(s.Open, g.metrics)
		}
		for {
			at := b
			if len(s.OK) > 0 {
				at = min(at, s.OK[0].Bucket)
			}
			if len(s.Open) > 0 {
				at = min(at, s.Open[0].Bucket)
			}
			if at >= b {
				break
			}
			ok, n := uint32(0), 0
			if len(s.OK) > 0 && s.OK[0].Bucket == at {
				ok = s.OK[0].N
				s.OK = append(s.OK[:0], s.OK[1:]...)
			}
			for n < len(s.Open) && s.Open[n].Bucket == at {
				n++
			}
			g.judge(s, at, float64(ok), s.Open[:n], out)
			s.Open = append(s.Open[:0], s.Open[n:]...)
		}
		s.Judged = max(s.Judged, b)
	})
}

func (g *guessGathering) judge(s *guessAt, at int64, ok float64, ms []mark, out *detect.Out) {
	c := &g.cfg.Slow
	gone := 0
	for gone < len(s.Hour) && s.Hour[gone].Bucket <= at-hour/bucket {
		gone++
	}
	s.Hour = append(slices.Clone(s.Hour[gone:]), ms...)
	s.Hour = s.Hour[max(0, len(s.Hour)-maxMarks):]
	fail := float64(len(ms))
	rate := min(0.7, max(0.02, (usualRate*usualWeight+s.Bad)/(usualWeight+s.Good+s.Bad)))
	llr := betaBinomial(fail, ok+fail, attackRate*attackWeight, (1-attackRate)*attackWeight) - betaBinomial(fail, ok+fail, rate*usualWeight, (1-rate)*usualWeight)
	if s.Cusum == 0 {
		s.Onset = at
	}
	s.Cusum = min(4*c.Alarm, max(0, s.Cusum+llr))
	if s.Cusum < c.Alarm/2 {
		d := math.Exp2(-1 / float64(usualHalfLife))
		s.Good, s.Bad = min(1e9, s.Good*d+ok), min(1e9, s.Bad*d+fail)
	}
	if s.Cusum >= c.Alarm && fail > 0 {
		g.alarm(s, at, rate, uint64(len(ms)), out)
	}
}

func (g *guessGathering) alarm(s *guessAt, at int64, rate float64, fails uint64, out *detect.Out) {
	c := &g.cfg.Slow
	items, by := make([]uint64, 0, len(s.Hour)), make([]uint64, 0, len(s.Hour))
	for i := range s.Hour {
		if s.Hour[i].Bucket < s.Onset {
			continue
		}
		by, items = append(by, s.Hour[i].Who), append(items, s.Hour[i].Item)
	}
	slices.Sort(items)
	ids := len(slices.Compact(items))
	sources := evenly(by)
	if sources < float64(c.Sources) {
		g.metrics.suppressed.WithLabelValues("slow_sources").Inc()
		return
	}
	if s.Count > 0 && ((at-s.Last)*bucket > int64(g.cfg.Quiet) || (at-s.Start)*bucket > int64(g.cfg.Longest)) {
		s.Count, s.Emitted, s.EmittedAt = 0, 0, 0
	}
	if s.Count == 0 {
		s.Start = s.Hour[0].Bucket
		fails = uint64(len(s.Hour))
	}
	s.Count += fails
	s.Last = at
	now := (at + 1) * bucket
	if s.Emitted > 0 && s.Count < 2*s.Emitted && now-s.EmittedAt < int64(g.cfg.UpdateEvery) {
		return
	}
	s.Emitted, s.EmittedAt = s.Count, now
	f := campaignOf(&slow01, s.Tenant, s.Start, at, "guess", s.EndpointID)
	f.Title, f.Count = "Ids guessed from many addresses", s.Count
	f.Subject = finding.Subject{Endpoint: s.Endpoint, EndpointID: s.EndpointID, Service: s.Service}
	var all []stamps
	for i := len(s.Hour) - 1; i >= 0; i-- {
		if a := s.Hour[i].Address; len(f.Subject.Addresses) < maxCampaign && !slices.Contains(f.Subject.Addresses, a) {
			f.Subject.Addresses = append(f.Subject.Addresses, a)
		}
		if len(all) < finding.MaxEvents && s.Hour[i].Stamps.count() > 0 {
			all = append(all, s.Hour[i].Stamps[:stampSize])
		}
	}
	slices.SortFunc(all, func(a, b stamps) int { return bytes.Compare(a, b) })
	for _, x := range all {
		f.Events = append(f.Events, uuid.UUID(x[8:]).String())
	}
	f.Confidence = min(0.95, 0.7+0.15*s.Cusum/(4*c.Alarm)+0.1*min(1, sources/100))
	f.Features = []finding.Number{{Name: "refused_ids_1h", Value: float64(ids)}, {Name: "even_addresses_1h", Value: sources}, {Name: "cusum", Value: s.Cusum}}
	f.Baseline = []finding.Number{{Name: "usual_refused_share", Value: rate}, {Name: "alarm", Value: c.Alarm}, {Name: "sources", Value: float64(c.Sources)}}
	f.Summary = fmt.Sprintf("%d ids that nobody was ever served refused at %s in 1 h, spread as over %.0f addresses with the same part each; usually %s of its answers are refusals", ids, s.Endpoint, sources, percent(rate, 1))
	f.Counterfactual = fmt.Sprintf("a usual share of refusals would not alert, nor fewer than %d addresses", c.Sources)
	g.metrics.unusual(f, g.cfg.young(s.First, at), g.cfg, out)
}

// evenly is over how many sources, with the same part each, it would be spread as much
// as it is (inverse Simpson index): a few busy ones do not hide behind many idle ones.
func evenly(by []uint64) float64 {
	slices.Sort(by)
	squares, run := 0.0, 0
	for i := range by {
		if run++; i+1 == len(by) || by[i+1] != by[i] {
			squares += float64(run) * float64(run)
			run = 0
		}
	}
	if squares == 0 {
		return 0
	}
	return float64(len(by)) * float64(len(by)) / squares
}

func (g *guessGathering) capture(c *keyed.Capture) {
	g.endpoints.Each(func(_ uint64, s *guessAt) { s.Open = joinMarks(s.Open, g.metrics) })
	g.endpoints.Capture(c)
}

func (g *guessGathering) decode(d *msgpack.Decoder) error {
	return g.endpoints.Decode(d, func(s *guessAt) error {
		if len(s.OK) > maxAnswers || len(s.Open) > 2*maxMarks || len(s.Hour) > maxMarks || !finite(s.Cusum, s.Good, s.Bad) || min(s.Start, s.Last, s.First) < 0 || max(s.Start, s.Last, s.First) > lastBucket {
			return fmt.Errorf("endpoint of %d, %d and %d answers", len(s.OK), len(s.Open), len(s.Hour))
		}
		return validGuesses(s.OK, s.Open, s.Hour)
	})
}
