package behavior

import (
	"errors"
	"fmt"
	"math"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Bola01 are the settings of BOLA-01.
type Bola01 struct {
	// MinNovel is the least count of novel objects that alerts, whatever the model says.
	MinNovel int `yaml:"min_novel" doc:"Least novel objects an hour that alert, whatever the model says."`
	// Mean5m and Mean1h are what an ordinary client reads of novel objects of one kind
	// in five minutes and in an hour, until its cohort has shown better; Size is the
	// dispersion of that count (smaller is wilder).
	Mean5m float64 `yaml:"mean_5m" doc:"Novel objects of one kind that an ordinary client reads in 5 minutes, until its cohort has shown better."`
	Mean1h float64 `yaml:"mean_1h" doc:"The same in an hour."`
	Size   float64 `yaml:"size" doc:"Dispersion of that count; smaller is wilder."`
	// Alpha is the tail probability at which a window alerts, before the correction
	// for two windows.
	Alpha float64 `yaml:"alpha" doc:"Tail probability at which a window alerts."`
	// CohortWeight is how many client hours of a cohort weigh as much as the prior;
	// from CohortMin on its dispersion is used too. OwnWeight is the same for the
	// hours of one client against its cohort.
	CohortWeight float64 `yaml:"cohort_weight" doc:"Client hours of a cohort that weigh as much as the prior."`
	CohortMin    float64 `yaml:"cohort_min" doc:"Client hours from which the dispersion of a cohort is used."`
	OwnWeight    float64 `yaml:"own_weight" doc:"Hours of one client that weigh as much as its cohort."`
	// Shared is how many other principals an object must have been served to, to count
	// as open to all.
	Shared int `yaml:"shared" doc:"Other principals from which an object is open to all, up to 4."`
}

func defaultBola01() Bola01 {
	return Bola01{MinNovel: 8, Mean5m: 1, Mean1h: 2, Size: 2, Alpha: 1e-4, CohortWeight: 200, CohortMin: 200, OwnWeight: 8, Shared: 3}
}

func (c *Bola01) validate(l *limits) {
	l.integer("bola_01.min_novel", c.MinNovel, 2, 250)
	l.number("bola_01.mean_5m", c.Mean5m, 0.01, 1000)
	l.number("bola_01.mean_1h", c.Mean1h, 0.01, 1000)
	l.number("bola_01.size", c.Size, 0.05, 100)
	l.number("bola_01.alpha", c.Alpha, 1e-15, 0.1)
	l.number("bola_01.cohort_weight", c.CohortWeight, 1, 1e6)
	l.number("bola_01.cohort_min", c.CohortMin, 1, 1e6)
	l.number("bola_01.own_weight", c.OwnWeight, 0.1, 1e6)
	l.integer("bola_01.shared", c.Shared, 2, maxOwners)
}

// BOLA-01: a principal reads objects of others.
//
// Method: count novelty, not volume. An object is novel for a principal when it got
// it (2xx) though no earlier response had named it to this principal and it had not
// asked for it before (a filter of ids served, as in the object-access graphs of
// Alharbi et al. and the "first seen" rules of Uber's and Traceable's BOLA
// detectors). The count of novel objects of a kind in 5 minutes and in an hour is
// held against a negative binomial: a Poisson count whose rate is gamma-distributed
// over clients. Its mean is a decayed gamma-Poisson estimate: prior, then cohort (the
// kind of object and the way of authentication), then the client's own quiet hours,
// half-life 7 days. A client's hours with an improbable count do not teach its own
// estimate, and one hour teaches the cohort at most winsor: so slow poisoning is
// slow indeed.
//
// Guards: only an authenticated principal can break authorisation; an object that
// Shared others were served is open to all; ids in lists, links and created objects
// are its own. What another principal of this partition was served first is counted
// as foreign, which raises confidence but is not needed.
var bola01 = finding.Rule{
	ID: "BOLA-01", Title: "Objects of others read", Detector: Name, Severity: finding.High,
	OWASP: []string{"API1"}, CWE: []string{"CWE-639"}, ATTACK: []string{"T1190", "T1213"},
	Remediation: "Test at the named endpoint that the object belongs to the caller, on every method; list what was read to those concerned.",
}

const (
	winsor   = 50            // novel objects an hour that teach a cohort at most
	hour     = 60 * minute   // ns
	halfLife = 7 * 24 * hour // ns
	gate     = 1e-3          // hours less probable than this do not teach
	meanLow  = 0.25          // an hour, below which no cohort's mean goes
	most     = 250           // largest threshold: the counters end there
)

type bola struct {
	cfg     *Config
	metrics *Metrics
	states  *keyed.Table[bolaState] // by principal and kind of object
	cohorts *keyed.Table[cohort]    // by kind of object and scheme
}

type bolaState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Novel    minutes
	// Hour is the hour since the epoch that OfHour counts; S and T are the client's own
	// decayed novel objects and hours, as of Hour.
	Hour   int64
	OfHour uint32
	S, T   float64
	// Foreign counts those of the episode that others were served first.
	Foreign uint32
	Episode episode
}

// cohort is what the hours of all clients of a cohort showed, decayed as of Hour.
type cohort struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Hour     int64
	N        float64
	Sum      float64
	Squares  float64
}

func (s *bolaState) valid() error {
	if !finite(s.S, s.T) {
		return errors.New("history is not a number")
	}
	return s.Episode.valid()
}

func (c *cohort) valid() error {
	if !finite(c.N, c.Sum, c.Squares) {
		return errors.New("cohort is not a number")
	}
	return nil
}

func finite(vs ...float64) bool {
	for _, v := range vs {
		if !(v >= 0 && v < 1e15) {
			return false
		}
	}
	return true
}

func newBola(cfg *Config, m *Metrics) *bola {
	return &bola{cfg: cfg, metrics: m, states: keyed.NewTable[bolaState](cfg.MaxKeys, m.eviction("BOLA-01")),
		cohorts: keyed.NewTable[cohort](cfg.MaxLogins, m.eviction("cohorts"))}
}

func (r *bola) observe(o *observation, out *detect.Out) {
	if !o.ok || len(o.objects) == 0 || !o.tx.Event.Authenticated() {
		return
	}
	for i := range o.objects {
		r.read(o, &o.objects[i], out)
	}
}

func (r *bola) read(o *observation, b *object, out *detect.Out) {
	tx := o.tx
	kind := o.hash.of(tx.Tenant, b.noun)
	s := r.states.Touch(mix(o.who, kind))
	group := mix(kind, o.hash.value(0, tx.Event.Identity.Scheme))
	r.learn(s, group, o.now)
	if b.own {
		return
	}
	foreign := false
	if w := o.known.owners.Get(b.key); w != nil {
		var others int
		if others, foreign = w.others(o.who); others >= r.cfg.Bola.Shared {
			r.metrics.suppressed.WithLabelValues("bola_shared").Inc()
			return
		}
	}
	s.Novel.move(o.now)
	if s.Novel.sum(60) == 0 {
		s.Episode.idle()
	}
	s.Novel.add(o.now, 1)
	s.OfHour++
	s.Episode.see(tx, o.now, r.cfg, shapeOf(b.value))
	if s.Episode.Count == 1 {
		s.Foreign = 0
	}
	if foreign {
		s.Foreign++
	}
	five, sixty := s.Novel.sum(5), s.Novel.sum(60)
	if sixty < r.cfg.Bola.MinNovel {
		return
	}
	mean, size := r.expect(s, group)
	alpha := r.cfg.Bola.Alpha / 2 // two windows
	short := mean * r.cfg.Bola.Mean5m / r.cfg.Bola.Mean1h
	limit5 := max(threshold(short, size, alpha, most), r.cfg.Bola.MinNovel)
	limit60 := max(threshold(mean, size, alpha, most), r.cfg.Bola.MinNovel)
	if five < limit5 && sixty < limit60 {
		return
	}
	if !s.Episode.due(o.now, r.cfg) {
		return
	}
	p := min(1, 2*min(tail(five, short, size), tail(sixty, mean, size)))
	out.Finding(r.finding(o, b, s, five, sixty, limit5, limit60, mean, p))
}

func (r *bola) finding(o *observation, b *object, s *bolaState, five, sixty, limit5, limit60 int, mean, p float64) finding.Finding {
	tx := o.tx
	f := s.Episode.finding(&bola01, tx, tx.Principal, b.noun)
	count, limit, window := sixty, limit60, "1 h"
	if sixty < limit60 {
		count, limit, window = five, limit5, "5 min"
	}
	what := b.noun
	if what == "" {
		what = "object"
	}
	foreign := float64(s.Foreign) / float64(max(1, s.Episode.Count))
	if foreign >= 0.5 && s.Episode.Count >= 50 {
		f.Severity = finding.Critical
	}
	// How improbable the count is weighs by itself: where little was served to others
	// yet, an attacker meets few foreign objects.
	surprise := -math.Log10(max(p, 1e-14))
	f.Confidence = min(0.99, 0.7+0.2*foreign+0.15*surprise/14)
	f.Features = []finding.Number{{Name: "novel_5m", Value: float64(five)}, {Name: "novel_1h", Value: float64(sixty)}, {Name: "novel_total", Value: float64(s.Episode.Count)},
		{Name: "foreign", Value: float64(s.Foreign)}, {Name: "surprise", Value: surprise}}
	f.Baseline = []finding.Number{{Name: "own_mean_1h", Value: mean}, {Name: "limit_5m", Value: float64(limit5)}, {Name: "limit_1h", Value: float64(limit60)}}
	f.Summary = fmt.Sprintf("%d %s ids never issued to it in %s, all answered 2xx; normal for it %.1f an hour, limit %d; %d of %d were served to others first",
		count, what, window, mean, limit-1, s.Foreign, s.Episode.Count)
	f.Counterfactual = fmt.Sprintf("%d or fewer in %s would not alert", limit-1, window)
	return f
}

// expect is the mean a client hour and the size of its count.
func (r *bola) expect(s *bolaState, group uint64) (mean, size float64) {
	c := &r.cfg.Bola
	mean, size = c.Mean1h, c.Size
	if g := r.cohorts.Get(group); g != nil && g.N > 0 {
		mean = max(meanLow, (c.CohortWeight*c.Mean1h+g.Sum)/(c.CohortWeight+g.N))
		if g.N >= c.CohortMin {
			m := g.Sum / g.N
			if v := g.Squares/g.N - m*m; v > m && m > 0 {
				size = min(10, max(0.2, m*m/(v-m)))
			}
		}
	}
	return (mean*c.OwnWeight + s.S) / (c.OwnWeight + s.T), size
}

// learn closes the hours that passed since the state was last touched. Only hours in
// which the client read an object of the kind count.
func (r *bola) learn(s *bolaState, group uint64, now int64) {
	h := now / hour
	if s.Hour == 0 {
		s.Hour = h
	}
	if h <= s.Hour {
		return
	}
	mean, size := r.expect(s, group)
	n := float64(s.OfHour)
	g := r.cohorts.Touch(group)
	if g.Hour == 0 {
		g.Hour = h
	}
	if d := decay(h - g.Hour); d < 1 {
		g.N, g.Sum, g.Squares, g.Hour = g.N*d, g.Sum*d, g.Squares*d, h
	}
	w := min(n, winsor)
	g.N, g.Sum, g.Squares = g.N+1, g.Sum+w, g.Squares+w*w
	d := decay(h - s.Hour)
	s.S, s.T = s.S*d, s.T*d
	if tail(int(min(s.OfHour, most)), mean, size) > gate {
		s.S, s.T = s.S+n, s.T+1
	}
	s.Hour, s.OfHour = h, 0
}

func decay(hours int64) float64 {
	if hours <= 0 {
		return 1
	}
	return math.Exp2(-float64(hours) * float64(hour) / float64(halfLife))
}

func (r *bola) encode(e *msgpack.Encoder) error {
	return errors.Join(r.states.Encode(e), r.cohorts.Encode(e))
}

func (r *bola) decode(d *msgpack.Decoder) error {
	if err := r.states.Decode(d, (*bolaState).valid); err != nil {
		return err
	}
	return r.cohorts.Decode(d, (*cohort).valid)
}
