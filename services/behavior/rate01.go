package behavior

import (
	"fmt"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/calibrate"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Rate01 are the settings of RATE-01.
type Rate01 struct {
	// Least is the count in a day below which nobody asks too much.
	Least float64 `yaml:"least" doc:"Requests to an endpoint in a day below which nothing alerts."`
	// Mean5m to Mean24h are what an ordinary client asks of one endpoint in windows in
	// which it asks at all, until its cohort has shown better.
	Mean5m  float64 `yaml:"mean_5m" doc:"Requests of an ordinary client to an endpoint in 5 minutes in which it asks at all, until its cohort has shown better."`
	Mean1h  float64 `yaml:"mean_1h" doc:"The same in an hour."`
	Mean24h float64 `yaml:"mean_24h" doc:"The same in a day."`
	// Known is how many days of clients a cohort must have shown for a client to be held
	// against it: nothing is unusual where nothing is known to be usual.
	Known   float64 `yaml:"known" doc:"Days of clients that a cohort must have shown before any of them alerts."`
	Floor   float64 `yaml:"floor" doc:"Surprise (-log10 p of a client's day) below which nothing alerts."`
	Ceiling float64 `yaml:"ceiling" doc:"Surprise above which alerts come whatever was calibrated, the greatest first up to alert_cap."`
	// Rush is how many times its usual pace a cohort as a whole must have, for its
	// members to be held against the pace of the hour.
	Rush float64 `yaml:"rush" doc:"Times the usual pace of a cohort from which all of it is in a rush, as in a sale."`
}

func defaultRate01() Rate01 {
	return Rate01{Least: 60, Mean5m: 3, Mean1h: 6, Mean24h: 12, Known: 20, Floor: 5, Ceiling: 40, Rush: 2}
}

func (c *Rate01) validate(l *limits) {
	l.number("rate_01.least", c.Least, 10, 1e6)
	l.number("rate_01.mean_5m", c.Mean5m, 0.1, 1e5)
	l.number("rate_01.mean_1h", c.Mean1h, 0.1, 1e6)
	l.number("rate_01.mean_24h", c.Mean24h, 0.1, 1e7)
	l.number("rate_01.known", c.Known, 0, 1e6)
	l.number("rate_01.floor", c.Floor, 1, 100)
	l.number("rate_01.ceiling", c.Ceiling, c.Floor, 1000)
	l.number("rate_01.rush", c.Rush, 1.1, 100)
}

// RATE-01: a client asks more of an endpoint than such clients do.
//
// Method: its requests in 5 minutes, an hour and a day against a negative binomial of
// its cohort at that endpoint and of its own days, calibrated to the alert budget
// (package calibrate). A limit for everybody is either above what an attacker needs or
// below what a partner does; this one is each client's own. Who is busy every day is
// usual within days.
//
// Guards: where too few clients were seen yet, nothing is usual and nothing unusual. In
// a sale everybody hurries. The pace of the clients of a cohort that are
// there now, in the hour of the week, is held against the usual one; where all of it is
// faster, its members are expected to be. What is usual of a kind of client at an endpoint is learned anew
// where it surprises soon after a release of the service.
var rate01 = finding.Rule{
	ID: "RATE-01", Title: "More requests than is usual", Detector: Name, Severity: finding.Low,
	OWASP: []string{"API4"}, CWE: []string{"CWE-770"}, ATTACK: []string{"T1499.003"},
	Remediation: "Limit the rate of the client at this endpoint; give programs that need more a limit of their own.",
}

type rate struct {
	cfg      *Config
	metrics  *Metrics
	released *releases
	requests gauge // by actor and endpoint
	episodes *keyed.Table[episode]
	paces    *keyed.Table[calibrate.Pace] // by endpoint and cohort
	bars     *calibrate.Calibrator
}

func newRate(cfg *Config, m *Metrics, actors *keyed.Actors, released *releases) *rate {
	c := &cfg.Rate
	prior := calibrate.Prior{Mean: [calibrate.Windows]float64{c.Mean5m, c.Mean1h, c.Mean24h}, Size: 1, Weight: 50, OwnWeight: 50, Least: 1, Patient: true}
	return &rate{cfg: cfg, metrics: m, released: released, requests: newGauge(cfg, m, actors, keptRequests, rate01.ID, "", prior, c.Least),
		episodes: keyed.NewTable[episode](cfg.MaxKeys, m.eviction("RATE-01 episodes")),
		paces:    keyed.NewTable[calibrate.Pace](cfg.MaxCohorts, m.eviction("RATE-01 paces")),
		bars:     calibrate.New(cfg.calibration(rate01.ID, c.Floor, c.Ceiling), m.eviction("RATE-01 bars"), m.held("alert_cap"))}
}

func (r *rate) observe(o *observation, out *detect.Out) {
	tx := o.tx
	key, group := mix(o.actor, o.endpoint), mix(o.endpoint, o.cohort)
	r.requests.prior.Deaf = r.cfg.attacks(o.who, rate01.ID, o.now)
	s := r.requests.add(o.own(o.endpoint), group, o.now, 1)
	pace := r.paces.Touch(group)
	pace.See(o.now, s.Count.Now[0] == 1)
	if s.surprise >= r.cfg.Rate.Floor && r.released.begins(o, group) {
		// What was usual of the endpoint was so before the release.
		*s.cohort, *pace, s.surprise = calibrate.Cohort{At: s.cohort.At}, calibrate.Pace{}, 0
		r.requests.shifted()
	}
	if s.surprise >= r.cfg.Rate.Floor {
		if f := pace.Factor(); f >= r.cfg.Rate.Rush {
			hurried := r.requests.prior
			hurried.Scale = f
			before := s.surprise
			if s.surprise, s.window = hurried.Surprise(s.cohort, &s.Own, &s.Count); s.surprise < r.cfg.Rate.Floor && before >= r.cfg.Rate.Floor {
				r.metrics.suppressed.WithLabelValues("rate_rush").Inc()
			}
		}
	}
	alert, bar := r.bars.Judge(group, o.now, &s.Mark, s.surprise)
	if !alert {
		return
	}
	r.bars.Alerted(group, o.who, &s.Mark)
	if !s.known(r.cfg.Rate.Known) {
		r.metrics.suppressed.WithLabelValues("rate_unknown").Inc()
		return
	}
	e := r.episodes.Touch(key)
	e.see(tx, o.now, r.cfg, o.place)
	if !e.due(o.now, r.cfg) {
		return
	}
	f := e.finding(&rate01, tx, tx.Principal, tx.Endpoint.ID)
	mean, limit := r.requests.normal(&s, bar)
	n, window := s.Count.Sum(s.window), calibrate.Names[s.window]
	f.Confidence = min(0.95, 0.6+0.3*min(1, s.surprise/40))
	f.Features = []finding.Number{{Name: "requests_5m", Value: s.Count.Sum(0)}, {Name: "requests_1h", Value: s.Count.Sum(1)}, {Name: "requests_24h", Value: s.Count.Sum(2)},
		{Name: "surprise", Value: s.surprise}, {Name: "pace", Value: pace.Factor()}}
	f.Baseline = []finding.Number{{Name: "mean", Value: mean}, {Name: "limit", Value: limit}, {Name: "bar", Value: bar}}
	f.Summary = fmt.Sprintf("%.0f requests to %s in %s; normal for such a client %.1f, limit %.0f", n, tx.Endpoint.Label, window, mean, limit-1)
	f.Counterfactual = fmt.Sprintf("%.0f or fewer in %s would not alert", limit-1, window)
	o.unusual(f, out, o.endpoint)
}

func (r *rate) capture(c *keyed.Capture) {
	r.requests.capture(c)
	r.episodes.Capture(c)
	r.paces.Capture(c)
	r.bars.Capture(c)
}

func (r *rate) decode(d *msgpack.Decoder) error {
	if err := r.requests.decode(d); err != nil {
		return err
	}
	if err := r.episodes.Decode(d, (*episode).valid); err != nil {
		return err
	}
	if err := r.paces.Decode(d, (*calibrate.Pace).Valid); err != nil {
		return err
	}
	return r.bars.Decode(d)
}
