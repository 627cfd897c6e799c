package behavior

import (
	"fmt"
	"math"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Seq01 are the settings of SEQ-01.
type Seq01 struct {
	// Share of at least Sessions in which one step came before another, over at least
	// History, make it a prerequisite.
	Share    float64       `yaml:"share" doc:"Part of the sessions in which one step came before the other, from which it is required."`
	Sessions int           `yaml:"sessions" doc:"Sessions that must have shown it."`
	History  time.Duration `yaml:"history" doc:"Time over which they must have shown it."`
	// Pause ends a session.
	Pause time.Duration `yaml:"pause" doc:"Pause that ends a session."`
	Alpha float64       `yaml:"alpha" doc:"Probability of the skipped steps of a session, by the sessions before, at which it alerts."`
	// Drift is the part of the newest sessions without the step from which the API has
	// changed.
	Drift float64 `yaml:"drift" doc:"Part of the newest sessions without the step, from which it is the API that changed."`
	// Steps bounds the operations followed, Contexts the three steps in a row of the model.
	Steps    int `yaml:"steps" doc:"Operations a partition whose prerequisites are mined."`
	Contexts int `yaml:"contexts" doc:"Series of up to three steps a partition in the model of what comes next; 64 MB at 400,000."`
	// Moves bounds what a partition tells of business flows in a minute, Flows the hosts
	// that the second stage draws, Drawn the operations of each.
	Moves int `yaml:"moves" doc:"Moves between operations that a partition tells the picture of business flows in a minute."`
	Flows int `yaml:"flows" doc:"Hosts whose business flows are known, a partition of the second stage."`
	Drawn int `yaml:"drawn" doc:"Operations of a host that its business flows tell apart."`
}

func defaultSeq01() Seq01 {
	return Seq01{Share: 0.995, Sessions: 100, History: 24 * time.Hour, Pause: time.Hour, Alpha: 1e-4, Drift: 0.2, Steps: 2000, Contexts: 200_000, Moves: 2000, Flows: 500, Drawn: 400}
}

func (c *Seq01) validate(l *limits) {
	l.number("seq_01.share", c.Share, 0.9, 1)
	l.integer("seq_01.sessions", c.Sessions, 50, 1_000_000)
	l.span("seq_01.history", c.History, time.Hour, 30*24*time.Hour)
	l.span("seq_01.pause", c.Pause, time.Minute, 24*time.Hour)
	l.number("seq_01.alpha", c.Alpha, 1e-12, 0.1)
	l.number("seq_01.drift", c.Drift, 0.001, 1)
	l.integer("seq_01.steps", c.Steps, 1, 1_000_000)
	l.integer("seq_01.contexts", c.Contexts, 1, 10_000_000)
	l.integer("seq_01.moves", c.Moves, 1, 5000)
	l.integer("seq_01.flows", c.Flows, 1, 100_000)
	l.integer("seq_01.drawn", c.Drawn, 1, 1000)
}

// slack is how many sessions may be without a step whatever their share; more skipped
// steps are needed then (skip).
const slack = 3

// SEQ-01: a step that everybody takes first is skipped.
//
// Method: prerequisites are mined, as temporal rules "X before Y" (Perracotta, Yang et
// al., 2006): for each write Y that is answered 2xx, which operations came before it in
// the session, and, where it came again, which since the Y before. What came first in Share of Sessions over
// History is required. The skipped ones of a session are held against how often
// sessions before skipped it: binomial, so that a prerequisite that a few in a thousand
// break needs more than one, and so does one that was seen in a few hundred. A principal teaches once a day, so that one client can
// neither make a rule nor break it.
//
// Beside it a Markov model of up to three steps, bounded, says how surprising the step
// is after the last ones; it raises confidence and never alerts alone.
//
// Guards: history; of the newest sessions few may be without the step, else it is the
// API that changed. Soon after a release of the service nothing alerts.
var seq01 = finding.Rule{
	ID: "SEQ-01", Title: "Mandatory step skipped", Detector: Name, Severity: finding.High,
	OWASP: []string{"API6"}, CWE: []string{"CWE-841"}, ATTACK: []string{"T1190"},
	Remediation: "Have the service itself keep the state of the process and refuse the step whose prerequisite is missing; undo what was obtained so.",
}

type seq struct {
	cfg      *Config
	metrics  *Metrics
	sessions *keyed.Kept[session]
	steps    *keyed.Table[seqStep]
	model    markov
	flows    *flows
	released *releases
}

func newSeq(cfg *Config, m *Metrics, actors *keyed.Actors, released *releases) *seq {
	return &seq{cfg: patient(cfg), metrics: m, released: released, sessions: keyed.Keep(actors, keptSessions, (*session).pack, (*session).valid, m.eviction("SEQ-01")),
		steps: keyed.NewTable[seqStep](cfg.Seq.Steps, m.eviction("steps")), model: newMarkov(cfg, m), flows: newFlows(cfg, m)}
}

func (r *seq) observe(o *observation, out *detect.Out) {
	if !o.ok || string(o.tx.Event.Method) == "OPTIONS" {
		return
	}
	s := r.sessions.Touch(0)
	if s.Newest != 0 && o.now-s.Newest > int64(r.cfg.Seq.Pause) {
		// A process that is broken once in every session is broken all the same: what was
		// skipped counts for a day.
		last := s.Skipped
		for i := range last {
			if o.now-last[i].Episode.Last > day {
				last[i].Episode.idle()
				last[i].N, last[i].Tries = 0, 0
			}
		}
		*s = session{Skipped: last, Taught: s.Taught}
	}
	s.Newest = max(s.Newest, o.now-o.now%second)
	surprise := r.model.step(s.Last, o.step())
	n := uint32(1)
	if len(s.Past) > 0 {
		n = s.Past[len(s.Past)-1].At + 1
	}
	if changes(o.tx.Event.Method) {
		r.judge(o, s, surprise, out)
	}
	if s.take(o.step(), n) {
		r.flows.move(o, s.Last[0])
	}
	s.Last = [3]uint64{o.step(), s.Last[0], s.Last[1]}
}

// step is the operation. 32 bits are enough for as many as are followed.
func (o *observation) step() uint64 { return uint64(uint32(o.endpoint)) }

// judge is a write answered 2xx: Y.
func (r *seq) judge(o *observation, s *session, surprise float64, out *detect.Out) {
	tx, c := o.tx, &r.cfg.Seq
	y := r.steps.Touch(o.step())
	if y.Since == 0 {
		y.Since, y.Label = o.now, tx.Endpoint.Label
	}
	before := uint32(0)
	for i := range s.Past {
		if s.Past[i].Step == o.step() {
			before = s.Past[i].At
		}
	}
	var missing *required
	always := false
	for i := range y.Before {
		x := &y.Before[i]
		ever, each := c.requires(y, x, o.now)
		had, since := s.had(x.Step, before)
		switch {
		case missing != nil:
		case ever && !had:
			missing, always = x, true
		case each && before > 0 && !since:
			missing, always = x, false
		}
	}
	if missing != nil {
		r.skip(o, s, y, missing, always, surprise, out)
	} else if k := s.skippedOf(o.step()); k != nil {
		k.Tries++
	}
	switch {
	case before == 0 && s.teaches(o.step(), o.now/day):
		for i := range y.Before {
			x := &y.Before[i]
			ever, each := c.requires(y, x, o.now)
			had, since := s.had(x.Step, before)
			r.flows.prerequisite(x.Step, o.step(), had, since, ever || each)
		}
		y.learn(s, o.step(), o.now, r.flows.label)
	case before > 0 && s.teaches(uint64(uint32(mix(o.step(), 1))), o.now/day):
		y.again(s, before)
	}
}

// requires says whether x must come before y: once in a session, and before each more. A
// few attackers among few sessions must not unmake it.
func (c *Seq01) requires(y *seqStep, x *required, now int64) (once, each bool) {
	if float64(y.Sessions) < float64(c.Sessions) || now-y.Since < int64(c.History) || x.Since <= 0 {
		return false, false
	}
	often := func(had, of uint32) bool { return float64(had) >= c.Share*float64(of)-slack }
	return often(x.Any, y.Sessions), float64(y.Repeats) >= float64(c.Sessions) && often(x.Fresh, y.Repeats)
}

func (r *seq) skip(o *observation, s *session, y *seqStep, x *required, always bool, surprise float64, out *detect.Out) {
	tx, c := o.tx, &r.cfg.Seq
	k := s.skippedOf(o.step())
	if k == nil {
		if len(s.Skipped) == maxSkipped {
			copy(s.Skipped, s.Skipped[1:])
			s.Skipped = s.Skipped[:maxSkipped-1]
		}
		s.Skipped = append(s.Skipped, skipped{Of: o.step()})
		k = &s.Skipped[len(s.Skipped)-1]
	}
	k.N++
	k.Tries++
	k.Episode.see(tx, o.now, r.cfg, nil)
	had, of := x.Fresh, y.Repeats
	if always {
		had, of = x.Any, y.Sessions
	}
	// The most, at 95 %, of which so few exceptions are still likely (rule of three): what
	// few sessions showed takes more to be broken.
	rate := (float64(of) - float64(had) + 3) / (float64(of) + 3)
	p := tail(int(min(k.N, topCount)), rate*float64(k.Tries), 1e6)
	if p > c.Alpha {
		return
	}
	if y.Missing > c.Drift {
		r.metrics.suppressed.WithLabelValues("seq_drift").Inc()
		return
	}
	if r.released.holds(o, "seq_release") {
		return
	}
	if k.Episode.Emitted == 0 {
		y.forget(s)
	}
	if !k.Episode.due(o.now, r.cfg) {
		return
	}
	f := k.Episode.finding(&seq01, tx, tx.Principal, tx.Endpoint.ID)
	f.Confidence = min(0.97, 0.75+0.1*min(1, -math.Log10(max(p, 1e-14))/14)+0.12*min(1, surprise/16))
	f.Features = []finding.Number{{Name: "skipped", Value: float64(k.N)}, {Name: "tries", Value: float64(k.Tries)}, {Name: "surprise_bits", Value: surprise}, {Name: "probability", Value: p}}
	f.Baseline = []finding.Number{{Name: "sessions", Value: float64(of)}, {Name: "share", Value: float64(had) / float64(of)}, {Name: "missing_lately", Value: y.Missing}, {Name: "probability", Value: c.Alpha}, {Name: "drift", Value: c.Drift}}
	first := x.Label
	if first == "" {
		first = "another operation"
	}
	f.Summary = fmt.Sprintf("%d of %d times %s without %s before it, which %d of %d sessions took first", k.N, k.Tries, tx.Endpoint.Label, first, had, of)
	f.Counterfactual = fmt.Sprintf("%s before each of them would not alert", first)
	out.Finding(f)
}

func (r *seq) capture(c *keyed.Capture) {
	r.steps.Capture(c)
	r.model.capture(c)
}

func (r *seq) decode(d *msgpack.Decoder) error {
	if err := r.steps.Decode(d, (*seqStep).valid); err != nil {
		return err
	}
	return r.model.decode(d)
}
