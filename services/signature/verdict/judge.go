package verdict

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/dfa"
	"github.com/miradorhq/mirador/services/signature/pack"
)

// Verdict is what a Judge says.
type Verdict = signature.Judgement

// Config are the settings of the second stage.
type Config struct {
	// Threshold, where not 0, is taken in place of the one of the weights.
	Threshold float64 `yaml:"threshold" doc:"Score from 0 to 1 from which a request is an attack; 0 takes the one that belongs to the weights."`
	// Schema and Common are hooks; nil means that nothing is known.
	Schema Schema `yaml:"-"`
	Common Common `yaml:"-"`
}

// Schema knows what the fields of an endpoint hold. Fits is asked for places where
// something matched; known is false where nothing was learned. It must be safe for
// concurrent use.
type Schema interface {
	Fits(e *event.Event, l *content.Leaf) (fits, known bool)
}

// Common knows how common a rule's matches are at a place: the share of its actors,
// 0 to 1, whose values match as well. It must be safe for concurrent use, and its
// answer must not depend on which transactions are judged at the same time.
type Common interface {
	Share(e *event.Event, location, path, rule string) float64
}

// Validate reports what is wrong with c.
func (c Config) Validate() error {
	if c.Threshold < 0 || c.Threshold >= 1 || math.IsNaN(c.Threshold) {
		return fmt.Errorf("verdict.threshold is %v: must be from 0 to below 1", c.Threshold)
	}
	return nil
}

// Judge implements signature.Judge.
type Judge struct {
	cfg      Config
	model    *Model
	pack     *pack.Pack
	scanners sync.Pool
}

var _ signature.Judge = (*Judge)(nil)

// New makes a judge of the embedded rules and weights.
func New(cfg Config) (*Judge, error) {
	m, err := ParseModel(embedded)
	if err != nil {
		return nil, err
	}
	return NewWith(cfg, m)
}

// NewWith makes a judge of other weights.
func NewWith(cfg Config, m *Model) (*Judge, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	p, err := pack.New()
	if err != nil {
		return nil, err
	}
	j := &Judge{cfg: cfg, model: m, pack: p}
	if j.cfg.Threshold == 0 {
		j.cfg.Threshold = m.Threshold
	}
	j.scanners.New = func() any { return p.Scanner() }
	return j, nil
}

// Version names the pack and the weights.
func (j *Judge) Version() string { return "pack " + j.pack.Version() + ", weights " + j.model.version }

// Automata are those of the pack.
func (j *Judge) Automata() *dfa.Counts { return j.pack.Automata() }

// Judge implements signature.Judge.
func (j *Judge) Judge(e *event.Event, doc *content.Document, res signature.Result) Verdict {
	s := j.scanners.Get().(*pack.Scanner)
	defer j.scanners.Put(s)
	hits := s.Request(e, doc)
	if len(hits) == 0 && !inbound(&res) {
		return Verdict{}
	}
	best := Verdict{Score: -1}
	for _, r := range j.rows(e, doc, s, hits, &res) {
		sum := j.model.Bias
		terms := r.Terms
		for i := range terms {
			terms[i].Weight = j.model.weight(terms[i].Name)
			sum += terms[i].Contribution()
		}
		if score := logistic(sum); score > best.Score {
			best = Verdict{Score: score, Terms: terms, Bias: j.model.Bias, Threshold: j.cfg.Threshold}
			best.Class, best.Matches = r.place.matches()
		}
	}
	if best.Score < 0 {
		return Verdict{}
	}
	best.Attack = best.Score >= j.cfg.Threshold
	slices.SortStableFunc(best.Terms, func(a, b signature.Term) int {
		return cmp.Compare(math.Abs(b.Contribution()), math.Abs(a.Contribution()))
	})
	best.Terms = slices.DeleteFunc(best.Terms[:min(len(best.Terms), signature.MaxTerms)], func(t signature.Term) bool { return t.Weight == 0 })
	return best
}

func inbound(res *signature.Result) bool {
	for i := range res.Hits {
		if c := res.Hits[i].Class; c != signature.Enforcement && !c.Outbound() {
			return true
		}
	}
	return false
}

// Row is the terms of one place, without weights: what a model is fitted to.
type Row struct {
	Terms []signature.Term
	place *place
}

// Rows are the terms of all places of a request.
func (j *Judge) Rows(e *event.Event, doc *content.Document, res signature.Result) []Row {
	s := j.scanners.Get().(*pack.Scanner)
	defer j.scanners.Put(s)
	return j.rows(e, doc, s, s.Request(e, doc), &res)
}

func (j *Judge) rows(e *event.Event, doc *content.Document, s *pack.Scanner, found []pack.Hit, res *signature.Result) []Row {
	hits := slices.Clone(found) // the scan of the answer takes their place
	all := places(hits, res, doc)
	var shown []pack.Hit
	if len(e.ResponseBody.Data) > 0 {
		shown = s.Response(e)
	}
	rows := make([]Row, len(all))
	for i := range all {
		p := &all[i]
		rows[i].place = p
		add := func(name string, value float64) {
			rows[i].Terms = append(rows[i].Terms, signature.Term{Name: name, Value: value})
		}
		p.terms(add)
		oddities(doc, add)
		answer(e, shown, p.text, add)
		j.hooks(e, p, add)
	}
	return rows
}

// hooks are the terms of what was learned of the place.
func (j *Judge) hooks(e *event.Event, p *place, add func(string, float64)) {
	if j.cfg.Schema != nil && p.leaf != nil {
		if fits, known := j.cfg.Schema.Fits(e, p.leaf); known && !fits {
			add("schema.breaks", 1)
		}
	}
	if j.cfg.Common == nil {
		return
	}
	least := 1.0
	for _, h := range p.pack {
		least = min(least, j.cfg.Common.Share(e, p.location, p.key, h.Rule.ID))
	}
	for _, h := range p.crs {
		least = min(least, j.cfg.Common.Share(e, p.location, p.key, strconv.Itoa(h.Rule)))
	}
	if least > 0.01 { // one in a hundred actors does it: that is how this place is used
		add("common", least)
	}
}

// matches are the class that the place's rules speak for, and the rules, what says
// most first.
func (p *place) matches() (signature.Class, []signature.Match) {
	var weight [signature.Classes]float64
	var list []signature.Match
	for s := pack.Sure; ; s-- {
		for _, h := range p.pack {
			if h.Rule.Strength != s || slices.ContainsFunc(list, func(m signature.Match) bool { return m.Rule == h.Rule.ID }) {
				continue
			}
			weight[h.Rule.Class] += [...]float64{0.5, 2, 3}[s]
			if h.Rule.Class.Outbound() || len(list) == signature.MaxMatches {
				continue
			}
			list = append(list, signature.Match{Rule: h.Rule.ID, Title: h.Rule.Title, Class: h.Rule.Class, Location: p.location, Name: p.name, Value: h.Text,
				CWE: h.Rule.CWE, ATTACK: h.Rule.ATTACK, Remediation: h.Rule.Remediation, Depth: h.Depth})
		}
		if s == pack.Hint {
			break
		}
	}
	last := 0
	for _, h := range p.crs {
		if h.Rule == last {
			continue
		}
		last = h.Rule
		weight[h.Class] += float64(h.Score) / 3
		if len(list) < signature.MaxMatches {
			list = append(list, signature.Match{Rule: "crs " + strconv.Itoa(h.Rule), Title: h.Message, Class: h.Class, Location: p.location, Name: p.name, Value: h.Value})
		}
	}
	best := signature.Enforcement
	for _, c := range signature.Precedence() {
		if weight[c] > weight[best] {
			best = c
		}
	}
	return best, list
}
