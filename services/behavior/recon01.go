package behavior

import (
	"fmt"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/behavior/reputation"
	"github.com/miradorhq/mirador/services/calibrate"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Recon01 are the settings of RECON-01.
type Recon01 struct {
	// Capacity is the level, in distinct missing places, at which a source alerts;
	// LeakPerMinute how fast the level falls.
	Capacity      float64 `yaml:"capacity" doc:"Distinct missing places at which a source alerts."`
	LeakPerMinute float64 `yaml:"leak_per_minute" doc:"Missing places a minute that are forgiven."`
	// Share is the part of its requests below which a source counts as one that works
	// and meets dead links too: it needs CrawlerFactor times the capacity.
	Share         float64 `yaml:"share" doc:"Part of its requests below which a source counts as one that works and meets dead links too."`
	CrawlerFactor float64 `yaml:"crawler_factor" doc:"Times the capacity that such a source needs."`
	// Blind is the capacity for a source to which nothing at all was answered meanwhile.
	Blind float64 `yaml:"blind" doc:"Distinct missing places at which a source alerts that was answered nothing else since; of low severity until it reaches the capacity."`
	// SlowLeast and Floor to Ceiling are for scans that the bucket leaks away.
	SlowLeast float64 `yaml:"slow_least" doc:"Missing places that a source never asked for before, in a day, below which no slow scan alerts."`
	Known     float64 `yaml:"known" doc:"Days of sources that miss which must have been seen before a slow scan alerts."`
	Floor     float64 `yaml:"floor" doc:"Surprise (-log10 p of a source's day) below which no slow scan alerts."`
	Ceiling   float64 `yaml:"ceiling" doc:"Surprise above which slow scans alert whatever was calibrated."`
}

func defaultRecon01() Recon01 {
	return Recon01{Capacity: 18, LeakPerMinute: 2, Share: 0.25, CrawlerFactor: 3, Blind: 8, SlowLeast: 20, Known: 20, Floor: 4, Ceiling: 12}
}

func (c *Recon01) validate(l *limits) {
	l.number("recon_01.capacity", c.Capacity, 2, maxPaths)
	l.number("recon_01.leak_per_minute", c.LeakPerMinute, 0.01, 1000)
	l.number("recon_01.share", c.Share, 0, 1)
	l.number("recon_01.crawler_factor", c.CrawlerFactor, 1, 100)
	l.number("recon_01.blind", c.Blind, 2, maxPaths)
	l.number("recon_01.slow_least", c.SlowLeast, 2, 1e6)
	l.number("recon_01.known", c.Known, 0, 1e6)
	l.number("recon_01.floor", c.Floor, 1, 100)
	l.number("recon_01.ceiling", c.Ceiling, c.Floor, 1000)
}

// RECON-01: a source asks for many different places that do not exist.
//
// Method: a leaky bucket of distinct missing places a source, as in the scan
// detectors of Snort's sfPortscan and of Jung, Paxson et al. ("Fast portscan
// detection using sequential hypothesis testing", 2004), whose point it keeps: what
// tells a scanner is how many different targets fail, not how many requests. A place
// is a method-less host and template, not a path: a client that walks /items/{int}
// over deleted items fails at one place many times (the guard for broken links), and
// ENUM-01 judges it. A repeat of a place adds nothing.
//
// Who meets nothing but what is not there works through a list: fewer places will do
// (the hypothesis test of Jung et al. weighs what succeeds as much as what fails). A client
// of an API that is gone asks for a few places, again and again.
//
// A scan so slow that the bucket leaks is seen by the day: missing places that the
// source never asked for before, in 5 minutes, an hour and a day, against what sources
// that meet dead links at all are used to, calibrated (package calibrate).
var recon01 = finding.Rule{
	ID: "RECON-01", Title: "Scan for endpoints that do not exist", Detector: Name, Severity: finding.Medium,
	OWASP: []string{"API9"}, CWE: []string{"CWE-200"}, ATTACK: []string{"T1595.003"},
	Remediation: "Block the source for a while; check what it was answered other than 4xx, and retire what nobody should reach.",
}

// maxPaths is how many distinct places are remembered a source.
const maxPaths = 256

type recon struct {
	cfg     *Config
	metrics *Metrics
	states  *keyed.Table[reconState]
	missed  *keyed.Kept[keyed.Filter] // places
	slow    gauge
	scans   *keyed.Table[episode] // slow ones, by source
	bars    *calibrate.Calibrator
	pace    Config // of their episodes
}

type reconState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Level    float64
	At       int64 // ns of the newest leak
	// Missed and Answered count since the bucket was last empty.
	Missed, Answered uint32
	// Places are hashes of the places missed since then, the newest overwriting the
	// oldest.
	Places  keyed.List[uint32]
	Next    uint16
	Episode episode
	// Absent are those of Missed that were not there; a malformed request may miss too.
	Absent uint32
}

func (s *reconState) valid() error {
	if len(s.Places) > maxPaths || int(s.Next) > maxPaths || !finite(s.Level) {
		return fmt.Errorf("bucket of %d places at level %v", len(s.Places), s.Level)
	}
	return s.Episode.valid()
}

func newRecon(cfg *Config, m *Metrics, actors *keyed.Actors) *recon {
	c := &cfg.Recon
	prior := calibrate.Prior{Mean: [calibrate.Windows]float64{1, 1.5, 3}, Size: 1, Weight: 50, OwnWeight: 5, Least: 0.2}
	r := &recon{cfg: cfg, metrics: m, states: keyed.NewTable[reconState](cfg.MaxKeys, m.eviction("RECON-01")),
		missed: keyed.Keep(actors, keptMissed, (*keyed.Filter).Pack, (*keyed.Filter).Valid, m.eviction("RECON-01 places")),
		slow:   newGauge(cfg, m, actors, keptMisses, recon01.ID, " slow", prior, c.SlowLeast),
		scans:  keyed.NewTable[episode](cfg.MaxKeys, m.eviction("RECON-01 slow episodes")),
		bars:   calibrate.New(cfg.calibration(recon01.ID, c.Floor, c.Ceiling), m.eviction("RECON-01 bars"), m.held("alert_cap")), pace: *cfg}
	r.pace.Quiet = max(cfg.Quiet, quietDay)
	return r
}

func missing(status uint16) bool {
	switch status {
	case 400, 404, 405, 410, 501:
		return true
	}
	return false
}

func (r *recon) observe(o *observation, out *detect.Out) {
	tx := o.tx
	if !missing(tx.Event.Status) {
		// Only a source that has missed is worth a state.
		if s := r.states.Get(o.who); s != nil {
			s.leak(o.now, r.cfg)
			s.Answered++
		}
		return
	}
	if o.from.claim == reputation.True {
		r.metrics.suppressed.WithLabelValues("recon_crawler").Inc()
		return
	}
	place := o.hash.of(tx.Endpoint.Host, tx.Endpoint.Template)
	r.byDay(o, place, out)
	s := r.states.Touch(o.who)
	s.leak(o.now, r.cfg)
	if !s.first(uint32(place)) {
		return
	}
	s.Level++
	s.Missed++
	if tx.Event.Status == 404 || tx.Event.Status == 410 {
		s.Absent++
	}
	s.Episode.see(tx, o.now, r.cfg, o.place)
	c := &r.cfg.Recon
	capacity := c.Capacity
	share := float64(s.Missed) / float64(s.Missed+s.Answered)
	if share < c.Share {
		capacity *= c.CrawlerFactor
		if s.Level >= c.Capacity && s.Level < capacity {
			r.metrics.suppressed.WithLabelValues("recon_share").Inc()
		}
	}
	full, blind := capacity, s.Answered == 0 && float64(s.Absent) >= c.Blind
	if blind && s.Level < capacity {
		capacity = min(capacity, c.Blind)
	}
	// The level may fall below the capacity again while the scan goes on slower.
	if s.Level < capacity && !blind && s.Episode.Emitted == 0 {
		return
	}
	// What is remembered of the past bounds the level, so that it can fall.
	s.Level = min(s.Level, 2*full)
	if !s.Episode.due(o.now, r.cfg) {
		return
	}
	f := s.Episode.finding(&recon01, tx, tx.Principal)
	f.Subject.Endpoint, f.Subject.EndpointID = "", "" // it is about no endpoint
	if float64(s.Episode.Count) < full {
		f.Severity = finding.Low
	}
	f.Confidence = min(0.95, 0.6+0.35*share*min(1, float64(s.Episode.Count)/(2*capacity)))
	f.Features = []finding.Number{{Name: "distinct_missing", Value: float64(s.Episode.Count)}, {Name: "level", Value: s.Level},
		{Name: "missing_share", Value: share}}
	f.Baseline = []finding.Number{{Name: "capacity", Value: capacity}, {Name: "leak_per_minute", Value: c.LeakPerMinute}}
	f.Summary = fmt.Sprintf("%d different places that do not exist asked for in %s; %s of its requests missed",
		s.Episode.Count, spell(s.Episode.Last-s.Episode.Start), percent(float64(s.Missed), float64(s.Missed+s.Answered)))
	f.Counterfactual = fmt.Sprintf("%.0f or fewer at once, or %.0f a minute, would not alert", capacity-1, c.LeakPerMinute)
	out.Finding(f)
}

func (r *recon) capture(c *keyed.Capture) {
	r.states.Capture(c)
	r.slow.capture(c)
	r.scans.Capture(c)
	r.bars.Capture(c)
}

func (r *recon) decode(d *msgpack.Decoder) error {
	if err := r.states.Decode(d, (*reconState).valid); err != nil {
		return err
	}
	if err := r.slow.decode(d); err != nil {
		return err
	}
	if err := r.scans.Decode(d, (*episode).valid); err != nil {
		return err
	}
	return r.bars.Decode(d)
}

func (s *reconState) leak(now int64, cfg *Config) {
	if now > s.At {
		if s.At != 0 {
			s.Level -= float64(now-s.At) / float64(minute) * cfg.Recon.LeakPerMinute
		}
		s.At = now
	}
	if s.Level <= 0 {
		s.Level, s.Missed, s.Absent, s.Answered, s.Places, s.Next = 0, 0, 0, 0, s.Places[:0], 0
		s.Episode.idle()
	}
}

// first says whether place is new since the bucket was empty.
func (s *reconState) first(place uint32) bool {
	for _, p := range s.Places {
		if p == place {
			return false
		}
	}
	if len(s.Places) < maxPaths {
		s.Places = append(s.Places, place)
		return true
	}
	s.Places[int(s.Next)%maxPaths] = place
	s.Next = (s.Next + 1) % maxPaths
	return true
}

// shapeTemplate is a template as an exemplar. What varies is typed in it already;
// long ones are cut.
func shapeTemplate(t string) string {
	if len(t) > maxShape {
		t = t[:maxShape]
	}
	b := []byte(t)
	for i, c := range b {
		if c < 0x20 || c >= 0x7f {
			b[i] = '.'
		} else if c >= '0' && c <= '9' {
			b[i] = '9'
		}
	}
	return string(b)
}

// spell writes ns as a duration for people.
func spell(ns int64) string {
	switch s := ns / 1e9; {
	case s < 120:
		return fmt.Sprintf("%d s", s)
	case s < 7200:
		return fmt.Sprintf("%d min", s/60)
	default:
		return fmt.Sprintf("%d h", s/3600)
	}
}
