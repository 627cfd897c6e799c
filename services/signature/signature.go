package signature

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/prometheus/client_golang/prometheus"
)

// Name is the detector's name in findings and metrics.
const Name = "signature"

// Factory makes detectors that share engine and second, the second stage; without one
// (nil) requests are judged by their anomaly scores alone. Metrics are registered at
// reg, which may be nil.
func Factory(cfg Config, engine Engine, second Judge, reg prometheus.Registerer) (detect.Factory, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if engine == nil {
		return nil, fmt.Errorf("signature: no engine")
	}
	m, err := newMetrics(reg)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(countAutomata(reg, "rules", engine), countAutomata(reg, "verdict", second)); err != nil {
		return nil, err
	}
	return func(int32) detect.Detector {
		d := &detector{cfg: cfg, engine: engine, second: second, metrics: m}
		d.groups, d.habits = newGroups(&d.cfg, m), newHabits(&d.cfg, m)
		return d
	}, nil
}

// detector judges each event by itself, and by what is usual where it found something;
// its state is that and which findings are open.
type detector struct {
	cfg     Config
	engine  Engine
	second  Judge // nil where there is none
	metrics *metrics
	groups  *groups
	habits  *habits
}

// Verdict is what Prepare leaves in tx.Prepared. It holds no raw value.
type Verdict struct {
	// Inbound and Outbound are the anomaly scores, Attack their part that is not mere
	// protocol enforcement.
	Inbound, Outbound, Attack int
	// Findings are complete: those that do not depend on what is usual.
	Findings []finding.Finding
	// judgement is the second stage's of the request, with what it would show masked,
	// for Detect to settle; nil where nothing matched.
	judgement *Judgement
}

// Prepare runs the engine. It is safe for concurrent use for different tx.
func (d *detector) Prepare(tx *detect.Tx) {
	v := &Verdict{}
	tx.Prepared = v
	// What the edge refused for us was judged before; judging it again would keep a
	// block alive by its own echo.
	if tx.Event.Has(event.Enforced) {
		d.metrics.skipped.Inc()
		return
	}
	res, err := d.engine.Match(tx.Event)
	if err != nil {
		d.metrics.errors.Inc()
	}
	if res.Clipped {
		d.metrics.clipped.Inc()
	}
	d.judge(tx, &res, v)
}

// Detect puts out what Prepare found, grouped.
func (d *detector) Detect(tx *detect.Tx, out *detect.Out) {
	v, ok := tx.Prepared.(*Verdict)
	if !ok { // a caller without a prepare phase
		d.Prepare(tx)
		v = tx.Prepared.(*Verdict)
	}
	if v.judgement != nil {
		if j := d.settle(tx, v.judgement); j.Attack && j.Class.rule() != nil {
			d.groups.take(tx, d.judged(tx, v.Inbound, j), out)
		}
	}
	for _, f := range v.Findings {
		d.groups.take(tx, f, out)
	}
	if v.judgement != nil {
		d.habits.learn(tx, v.judgement.Places, d.groups.scans(tx))
	} else if !tx.Event.Has(event.Enforced) {
		d.habits.learn(tx, nil, false)
	}
}

// judge asks the second stage about request and answer, or applies the threshold where there
// is none. The score is the rule set's; but rules of mere
// enforcement cannot reach it alone: clients without Accept are common, attacks by
// it are not.
func (d *detector) judge(tx *detect.Tx, res *Result, v *Verdict) {
	var scores [classes]int
	for i := range res.Hits {
		scores[res.Hits[i].Class] += res.Hits[i].Score
	}
	v.Inbound, v.Outbound = res.Inbound, res.Outbound
	in, out := Enforcement, Enforcement
	for _, c := range precedence {
		if c.Outbound() {
			if scores[c] > 0 && (out == Enforcement || scores[c] > scores[out]) {
				out = c
			}
			continue
		}
		v.Attack += scores[c]
		if scores[c] > 0 && (in == Enforcement || scores[c] > scores[in]) {
			in = c
		}
	}
	if d.second != nil {
		d.unseen(tx, res)
		if j := d.second.Judge(tx.Event, tx.Endpoint.ID, tx.Request(), *res); len(j.Places) > 0 || j.Attack {
			d.mask(&j)
			for i := range j.Others {
				d.mask(&j.Others[i])
			}
			v.judgement = &j
		}
		if j := d.second.Answer(tx.Event, *res); j.Attack {
			d.mask(&j)
			v.Findings = append(v.Findings, d.judged(tx, v.Outbound, &j))
		}
	} else if in != Enforcement && v.Inbound >= d.cfg.Threshold {
		v.Findings = append(v.Findings, d.finding(tx, res, in, v.Inbound, d.cfg.Threshold))
	}
	if d.second == nil && out != Enforcement && v.Outbound >= d.cfg.OutboundThreshold {
		v.Findings = append(v.Findings, d.finding(tx, res, out, v.Outbound, d.cfg.OutboundThreshold))
	}
	if res.Exceeded {
		v.Findings = append(v.Findings, d.unfinished(tx, res))
	}
}

func (d *detector) finding(tx *detect.Tx, res *Result, c Class, score, threshold int) finding.Finding {
	f := tx.Finding(c.rule())
	// The chance that a match is none halves with every threshold that the score is
	// worth: one critical rule .5, three .88. To be replaced by what analysts say.
	f.Confidence = min(0.99, 1-math.Exp2(-float64(score)/float64(threshold)))
	f.Severity = raise(f.Severity, score >= 3*threshold)
	f.Versions.Detector, f.Versions.Rules = "1", d.engine.Version()

	name, other := "anomaly_score", "attack_score"
	attack := 0
	rules := 0
	last := -1
	var place *Hit
	var numbers []finding.Number
	for i := range res.Hits {
		h := &res.Hits[i]
		if h.Class.Outbound() != c.Outbound() {
			continue
		}
		if h.Class != Enforcement {
			attack += h.Score
		}
		if h.Rule != last {
			last = h.Rule
			rules++
			if len(numbers) < 16 {
				numbers = append(numbers, finding.Number{Name: FeatureCRS + strconv.Itoa(h.Rule), Value: float64(h.Score)})
			}
		}
		if h.Class == c && place == nil {
			place = h
		}
	}
	f.Features = append([]finding.Number{{Name: name, Value: float64(score)}, {Name: other, Value: float64(attack)}, {Name: "rules", Value: float64(rules)},
		{Name: "status", Value: float64(tx.Event.Status)}}, numbers...)
	f.Baseline = []finding.Number{{Name: "threshold", Value: float64(threshold)}}
	f.Evidence = d.evidence(res, c)
	where := place.Location
	if n := maskName(place.Name); n != "" {
		where += " " + n
	}
	f.Summary = fmt.Sprintf("%s in %s of %s: %s, anomaly score %d at threshold %d, answered %d",
		f.Title, where, methodAndTemplate(tx), plural(rules, "rule"), score, threshold, tx.Event.Status)
	f.Counterfactual = fmt.Sprintf("a score of %d or less would not alert", threshold-1)
	return f
}

// evidence lists the places of class c first, then those of the others on the same
// side, each place once.
func (d *detector) evidence(res *Result, c Class) []finding.Evidence {
	type key struct{ location, name string }
	seen := make(map[key]bool)
	var ev []finding.Evidence
	for pass := range 2 {
		for i := range res.Hits {
			h := &res.Hits[i]
			if h.Class.Outbound() != c.Outbound() || (h.Class == c) != (pass == 0) || len(ev) >= d.cfg.Evidence {
				continue
			}
			k := key{h.Location, h.Name}
			if seen[k] {
				continue
			}
			seen[k] = true
			ev = append(ev, finding.Evidence{Location: h.Location, Path: maskName(h.Name), Masked: Mask(h.Value, d.cfg.Excerpt),
				Note: strconv.Itoa(h.Rule) + " " + h.Message})
		}
	}
	return ev
}

func raise(s finding.Severity, up bool) finding.Severity {
	if !up {
		return s
	}
	switch s {
	case finding.Low:
		return finding.Medium
	case finding.Medium:
		return finding.High
	case finding.High:
		return finding.Critical
	}
	return s
}

// methodAndTemplate names the endpoint; its label comes from the catalog, where
// whatever varies has been typed away.
func methodAndTemplate(tx *detect.Tx) string {
	if tx.Endpoint.Label != "" {
		return tx.Endpoint.Label
	}
	return Mask(string(tx.Event.Method), 16)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
