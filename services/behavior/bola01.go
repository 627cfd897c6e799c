package behavior

import (
	"errors"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/calibrate"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Bola01 are the settings of BOLA-01.
type Bola01 struct {
	// MinNovel is the least count of novel objects that alerts, whatever the model says.
	MinNovel int `yaml:"min_novel" doc:"Least novel objects in a window that alert, whatever the model says."`
	// Mean5m to Mean24h are what an ordinary client reads of novel objects of one kind
	// in windows in which it reads any, until its cohort has shown better; Size is the
	// dispersion of that count (smaller is wilder).
	Mean5m  float64 `yaml:"mean_5m" doc:"Novel objects of one kind that an ordinary client reads in 5 minutes in which it reads any, until its cohort has shown better."`
	Mean1h  float64 `yaml:"mean_1h" doc:"The same in an hour."`
	Mean24h float64 `yaml:"mean_24h" doc:"The same in a day."`
	Size    float64 `yaml:"size" doc:"Dispersion of that count; smaller is wilder."`
	// CohortWeight is how many windows of a cohort weigh as much as the prior;
	// OwnWeight how many objects of one client as much as its cohort.
	CohortWeight float64 `yaml:"cohort_weight" doc:"Windows of clients of a cohort that weigh as much as the prior."`
	OwnWeight    float64 `yaml:"own_weight" doc:"Novel objects of one client that weigh as much as its cohort."`
	// Floor and Ceiling are between what the calibrated bar may move, in -log10 of the
	// probability of a client's day.
	Floor   float64 `yaml:"floor" doc:"Surprise (-log10 p of a client's day) below which nothing alerts."`
	Ceiling float64 `yaml:"ceiling" doc:"Surprise above which alerts come whatever was calibrated, the greatest first up to alert_cap."`
	// Shared is how many other principals an object must have been issued to, to count
	// as open to all; PublicShare the part of the clients of a cohort that must have
	// read such objects of a kind unasked for the kind to be open.
	Shared      int     `yaml:"shared" doc:"Other principals from which an object is open to all, up to 4."`
	PublicShare float64 `yaml:"public_share" doc:"Part of the clients of a cohort, reading what many others read, from which a kind of object is open to all."`
	// Acquaint is how long a program's own ids are new to us, not to it.
	Acquaint time.Duration `yaml:"acquaint" doc:"Time in which a new program (an API key, a certificate) may read what nobody else was served."`
}

func defaultBola01() Bola01 {
	return Bola01{MinNovel: 8, Mean5m: 1, Mean1h: 2, Mean24h: 4, Size: 2, CohortWeight: 50, OwnWeight: 8, Floor: 4, Ceiling: 12,
		Shared: 3, PublicShare: 0.5, Acquaint: 24 * time.Hour}
}

func (c *Bola01) validate(l *limits) {
	l.integer("bola_01.min_novel", c.MinNovel, 2, 250)
	l.number("bola_01.mean_5m", c.Mean5m, 0.01, 1000)
	l.number("bola_01.mean_1h", c.Mean1h, 0.01, 1000)
	l.number("bola_01.mean_24h", c.Mean24h, 0.01, 10_000)
	l.number("bola_01.size", c.Size, 0.05, 100)
	l.number("bola_01.cohort_weight", c.CohortWeight, 1, 1e6)
	l.number("bola_01.own_weight", c.OwnWeight, 0.1, 1e6)
	l.number("bola_01.floor", c.Floor, 1, 100)
	l.number("bola_01.ceiling", c.Ceiling, c.Floor, 1000)
	l.integer("bola_01.shared", c.Shared, 2, maxOwners)
	l.number("bola_01.public_share", c.PublicShare, 0.05, 1)
	l.span("bola_01.acquaint", c.Acquaint, 0, 30*24*time.Hour)
}

// BOLA-01: a principal reads objects of others.
//
// Method: count novelty, not volume. An object is novel for a principal when it got
// it (2xx) though no earlier response had named it to this principal and it had not
// asked for it before (a filter of ids served, as in the object-access graphs of
// Alharbi et al. and the "first seen" rules of Uber's and Traceable's BOLA
// detectors). The count of novel objects of a kind in 5 minutes, an hour and a day is
// held against a negative binomial, a Poisson count whose rate is gamma-distributed
// over clients: prior, then cohort (the kind of object and the kind of client), then
// the client's own days, half-life 7 days. How improbable a day must be to alert is
// calibrated (package calibrate).
//
// Against poison: an improbable window teaches neither cohort nor client; what was
// read without having been issued makes nobody an owner and nothing public; the bar
// has a ceiling.
//
// Guards: only an authenticated principal can break authorisation; an object that
// was issued to Shared others is open to all, and so is a kind of which most clients
// read what many others read; ids in lists, links and created objects are its own; the
// ids that a program brings along on its first day are, if nobody else has them. What
// another principal of this partition was served first is counted as foreign, which
// raises confidence but is not needed.
var bola01 = finding.Rule{
	ID: "BOLA-01", Title: "Objects of others read", Detector: Name, Severity: finding.High,
	OWASP: []string{"API1"}, CWE: []string{"CWE-639"}, ATTACK: []string{"T1190", "T1213"},
	Remediation: "Test at the named endpoint that the object belongs to the caller, on every method; list what was read to those concerned.",
}

const fewReaders = 30 // of a cohort, from which a kind can be open to all

type bola struct {
	cfg      *Config
	pace     Config // of its episodes
	metrics  *Metrics
	prior    calibrate.Prior
	states   *keyed.Kept[bolaState] // by kind of object
	episodes *keyed.Table[bolaEpisode]
	kinds    *keyed.Table[kind] // by kind of object and cohort
	bars     *calibrate.Calibrator
	absent   calibrate.Absent
}

type bolaState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Novel    calibrate.Counter
	Own      calibrate.Own
	Mark     calibrate.Mark
	First    int64 // ns
	// Day is the newest of which Opened says whether it read what many others read.
	Day    uint32
	Opened bool
}

type bolaEpisode struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	// Foreign counts those of the episode that others were served first.
	Foreign uint32
	Episode episode
}

// kind is a kind of object to a cohort.
type kind struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Cohort   calibrate.Cohort
	// Readers are client days, Open those on which one read unasked what many others had
	// been served. They count clients, not reads: so few cannot open a kind.
	Readers, Open float32
}

func (s *bolaState) valid() error { return errors.Join(s.Own.Valid(), s.Mark.Valid()) }

func (k *kind) valid() error {
	if !finite(float64(k.Readers), float64(k.Open)) {
		return errors.New("readers are not a number")
	}
	return k.Cohort.Valid()
}

func finite(vs ...float64) bool {
	for _, v := range vs {
		if !(v >= 0 && v < 1e15) {
			return false
		}
	}
	return true
}

func newBola(cfg *Config, m *Metrics, actors *keyed.Actors) *bola {
	c := &cfg.Bola
	cold := cfg.calibration(bola01.ID, c.Floor, c.Ceiling)
	cold.Cold = min(c.Ceiling, 2*c.Floor) // staff who see everybody are ordinary once they were seen
	r := &bola{cfg: cfg, pace: *cfg, metrics: m,
		prior:    calibrate.Prior{Mean: [calibrate.Windows]float64{c.Mean5m, c.Mean1h, c.Mean24h}, Size: c.Size, Weight: c.CohortWeight, OwnWeight: c.OwnWeight, Least: 0.05},
		states:   keyed.Keep(actors, keptBola, (*bolaState).pack, (*bolaState).valid, m.eviction("BOLA-01")),
		episodes: keyed.NewTable[bolaEpisode](cfg.MaxKeys, m.eviction("BOLA-01 episodes")),
		kinds:    keyed.NewTable[kind](cfg.MaxCohorts, m.eviction("BOLA-01 cohorts")),
		bars:     calibrate.New(cold, m.eviction("BOLA-01 bars"), m.held("alert_cap")),
		absent:   calibrate.NewAbsent(cfg.MaxKeys),
	}
	// An attack that takes a day is one.
	r.pace.Quiet = max(cfg.Quiet, quietDay)
	return r
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
	key, group := mix(o.who, b.kind), mix(b.kind, o.cohort)
	r.prior.Deaf = false // none of them was when it was last seen
	for range 2 {
		if who, what, kind, ok := r.absent.Gone(o.now); ok {
			if s := r.states.Of(who, what); s != nil {
				r.learn(s, r.kinds.Touch(kind), o.now)
			}
		}
	}
	s, k := r.states.Touch(b.kind), r.kinds.Touch(group)
	first := s.First == 0
	if first {
		s.First = o.now - o.now%second
	}
	r.prior.Deaf = r.cfg.attacks(o.who, bola01.ID, o.now)
	if day := r.learn(s, k, o.now); (day || first) && !r.prior.Deaf {
		r.absent.Expect(o.who, b.kind, group, o.now)
	}
	k.reader(s, o.now)
	if b.own || !r.counts(o, b, s, k) {
		r.bars.Judge(group, o.now, &s.Mark, 0)
		return
	}
	s.Novel.Add(1)
	e := r.episodes.Touch(key)
	e.Episode.see(o.tx, o.now, &r.pace, b.shape)
	if e.Episode.Count == 1 {
		e.Foreign = 0
	}
	if b.foreign {
		e.Foreign++
	}
	surprise, window := 0.0, 0
	if s.Novel.Sum(2) >= float64(r.cfg.Bola.MinNovel) {
		surprise, window = r.prior.Surprise(&k.Cohort, &s.Own, &s.Novel)
	}
	alert, bar := r.bars.Judge(group, o.now, &s.Mark, surprise)
	if alert {
		r.bars.Alerted(group, o.who, &s.Mark)
	}
	if !alert || !e.Episode.due(o.now, r.cfg) {
		return
	}
	o.unusual(r.finding(o, b, s, e, k, window, surprise, bar), out)
}

// learn takes the windows in that ended, and says whether a day did.
func (r *bola) learn(s *bolaState, k *kind, now int64) (day bool) {
	closed := s.Novel.Move(now)
	if r.prior.Learn(&k.Cohort, &s.Own, &closed, now) {
		r.metrics.shifts.WithLabelValues(bola01.ID).Inc()
	}
	return closed.Is[2]
}

// counts says whether an object that was not issued to the principal counts as novel.
func (r *bola) counts(o *observation, b *object, s *bolaState, k *kind) bool {
	c := &r.cfg.Bola
	if w, ok := o.known.owners.of(b.key); ok {
		served, issued := 0, 0
		served, issued, b.foreign = w.others(o.who)
		if served >= c.Shared && !s.Opened {
			s.Opened = true
			k.Open++
		}
		if issued >= c.Shared {
			r.metrics.suppressed.WithLabelValues("bola_shared").Inc()
			return false
		}
	}
	if k.Readers >= fewReaders && k.Open >= float32(c.PublicShare)*k.Readers {
		r.metrics.suppressed.WithLabelValues("bola_public").Inc()
		return false
	}
	if !b.foreign && program(o.tx.Event) && o.now-s.First < int64(c.Acquaint) {
		r.metrics.suppressed.WithLabelValues("bola_new_program").Inc()
		return false
	}
	return true
}

// reader counts the client once a day.
func (k *kind) reader(s *bolaState, now int64) {
	day := uint32(max(0, now) / calibrate.Day)
	if day <= s.Day {
		return
	}
	s.Day, s.Opened = day, false
	if k.Readers++; k.Readers > 1e4 { // so that what was long ago fades
		k.Readers, k.Open = k.Readers/2, k.Open/2
	}
}

func (r *bola) finding(o *observation, b *object, s *bolaState, e *bolaEpisode, k *kind, window int, surprise, bar float64) finding.Finding {
	tx := o.tx
	f := e.Episode.finding(&bola01, tx, tx.Principal, b.noun)
	what := b.noun
	if what == "" {
		what = "object"
	}
	foreign := float64(e.Foreign) / float64(max(1, e.Episode.Count))
	if foreign >= 0.5 && e.Episode.Count >= 50 {
		f.Severity = finding.Critical
	}
	// How improbable the count is weighs by itself: where little was served to others
	// yet, an attacker meets few foreign objects.
	f.Confidence = min(0.99, 0.7+0.2*foreign+0.15*min(1, surprise/14))
	mean, _ := r.prior.Expect(&k.Cohort, &s.Own, window)
	limit := max(r.prior.Limit(&k.Cohort, &s.Own, window, bar), float64(r.cfg.Bola.MinNovel))
	count, name := s.Novel.Sum(window), calibrate.Names[window]
	f.Features = []finding.Number{{Name: "novel_5m", Value: s.Novel.Sum(0)}, {Name: "novel_1h", Value: s.Novel.Sum(1)}, {Name: "novel_24h", Value: s.Novel.Sum(2)},
		{Name: "novel_total", Value: float64(e.Episode.Count)}, {Name: "foreign", Value: float64(e.Foreign)}, {Name: "surprise", Value: surprise}}
	f.Baseline = []finding.Number{{Name: "mean", Value: mean}, {Name: "limit", Value: limit}, {Name: "bar", Value: bar}}
	f.Summary = fmt.Sprintf("%.0f %s ids never issued to it in %s, all answered 2xx; normal for it %.1f, limit %.0f; %d of %d were served to others first",
		count, what, name, mean, limit-1, e.Foreign, e.Episode.Count)
	f.Counterfactual = fmt.Sprintf("%.0f or fewer in %s would not alert", limit-1, name)
	return f
}

func (r *bola) capture(c *keyed.Capture) {
	r.episodes.Capture(c)
	r.kinds.Capture(c)
	r.bars.Capture(c)
	r.absent.Capture(c)
}

func (r *bola) decode(d *msgpack.Decoder) error {
	if err := r.episodes.Decode(d, func(e *bolaEpisode) error { return e.Episode.valid() }); err != nil {
		return err
	}
	if err := r.kinds.Decode(d, (*kind).valid); err != nil {
		return err
	}
	if err := r.bars.Decode(d); err != nil {
		return err
	}
	return r.absent.Decode(d)
}
