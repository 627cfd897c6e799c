package verdict

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
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
	// Catalog knows what fields hold; nil where nobody learns it.
	Catalog Catalog `yaml:"-"`
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
func (j *Judge) Judge(e *event.Event, endpoint string, doc *content.Document, res signature.Result) Verdict {
	s := j.scanners.Get().(*pack.Scanner)
	defer j.scanners.Put(s)
	hits := s.Request(e, doc)
	if len(hits) == 0 && !inbound(&res) {
		return Verdict{}
	}
	rows := j.rows(e, endpoint, doc, s, hits, &res)
	if len(rows) == 0 {
		return Verdict{}
	}
	sums := make([]float64, len(rows))
	best := 0
	for i, r := range rows {
		sums[i] = j.model.Bias
		for t := range r.Terms {
			r.Terms[t].Weight = j.model.weight(r.Terms[t].Name)
			sums[i] += r.Terms[t].Contribution()
		}
		if sums[i] > sums[best] {
			best = i
		}
	}
	v := j.judgement(&rows[best], sums[best])
	for i := range rows {
		if len(v.Places) < signature.MaxPlaces {
			v.Places = append(v.Places, rows[i].at())
		}
		if i != best && len(v.Others) < signature.MaxPlaces && logistic(sums[i]) >= j.cfg.Threshold {
			v.Others = append(v.Others, j.judgement(&rows[i], sums[i]))
		}
	}
	slices.SortStableFunc(v.Others, func(a, b Verdict) int { return cmp.Compare(b.Score, a.Score) })
	return v
}

// judgement is what is said of one place.
func (j *Judge) judgement(r *Row, sum float64) Verdict {
	v := Verdict{Score: logistic(sum), Terms: r.Terms, Bias: j.model.Bias, Threshold: j.cfg.Threshold, Expected: r.expected, Place: r.at()}
	v.Attack = v.Score >= j.cfg.Threshold
	v.Class, v.Matches = r.place.matches()
	if !v.Place.Sure {
		v.Habits = signature.Habits{Common: j.model.weight("common"), Text: j.model.weight("common.text")}
	}
	rank(&v)
	return v
}

// rank puts the terms that say most first and leaves out the others.
func rank(v *Verdict) {
	slices.SortStableFunc(v.Terms, func(a, b signature.Term) int {
		return cmp.Compare(math.Abs(b.Contribution()), math.Abs(a.Contribution()))
	})
	v.Terms = slices.DeleteFunc(v.Terms[:min(len(v.Terms), signature.MaxTerms)], func(t signature.Term) bool { return t.Weight == 0 })
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
	Terms    []signature.Term
	place    *place
	expected string
}

// at is the place as what is learned goes by: what an answer shows to have worked is no
// habit either.
func (r *Row) at() signature.Place {
	at := r.place.at()
	at.Sure = at.Sure || slices.ContainsFunc(r.Terms, func(t signature.Term) bool { return strings.HasPrefix(t.Name, answered) })
	return at
}

// Rows are the terms of all places of a request.
func (j *Judge) Rows(e *event.Event, doc *content.Document, res signature.Result) []Row {
	s := j.scanners.Get().(*pack.Scanner)
	defer j.scanners.Put(s)
	return j.rows(e, "", doc, s, s.Request(e, doc), &res)
}

func (j *Judge) rows(e *event.Event, endpoint string, doc *content.Document, s *pack.Scanner, found []pack.Hit, res *signature.Result) []Row {
	hits := slices.Clone(found) // the scan of the answer takes their place
	all := places(hits, res, doc)
	var shown []pack.Hit
	if len(e.ResponseBody.Data) > 0 {
		shown = s.Response(e)
	}
	rows := make([]Row, len(all))
	crowd := crowded(doc)
	for i := range all {
		p := &all[i]
		rows[i].place = p
		add := func(name string, value float64) {
			rows[i].Terms = append(rows[i].Terms, signature.Term{Name: name, Value: value})
		}
		p.terms(crowd, add)
		oddities(doc, add)
		if p.entrance() && bare(e) {
			add("bare", 1)
		}
		answer(e, shown, p.text, add)
		rows[i].expected = j.learned(e, endpoint, p, add)
	}
	return rows
}
