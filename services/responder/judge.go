package responder

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/miradorhq/mirador/schemas"
)

// RISK-01: what all detectors say of a principal, taken together, is enough to act.
//
// Method: each finding counts by its rule's precision (a Beta posterior: the finding's
// own confidence, then what analysts said), its severity and its age in half-lives; of
// detections that see the same thing the strongest alone counts, and families are
// joined as independent (noisy or). Guards: a block needs two families, since one
// detection that is wrong is wrong for all whom it names; what the edge refused
// already, what was replayed and what came with a refused credential do not count
// against the principal; analysts take a finding out by a word.
var risk01 = finding.Rule{
	ID: "RISK-01", Title: "Several signs against one principal", Detector: Name, Severity: finding.High,
	ATTACK:      []string{"T1190"},
	Remediation: "Look at the findings it is made of, in their order. Say of each whether it is true: that decides how much its rule counts from now on.",
}

// Rules are the detections of this package.
func Rules() []finding.Rule { return []finding.Rule{risk01} }

// level is what a risk calls for, the weakest first.
type level struct {
	name     risk.Level
	op       action.Op
	severity finding.Severity
}

var levels = [...]level{
	{risk.Calm, "", finding.Info}, {risk.Throttle, action.Throttle, finding.Medium}, {risk.Challenge, action.Challenge, finding.High}, {risk.Block, action.Block, finding.Critical},
}

// news is what came since a principal was judged last.
type news struct {
	isNew bool // a finding that was not known
	acts  bool // something that was not replayed
	// calmed: before it came, what was known had decayed to nothing.
	calmed bool
}

// verdict is the outcome for one principal at one time.
type verdict struct {
	at       time.Time
	parts    []risk.Part
	families []risk.Family
	risk     float64
	level    uint8
	held     string
}

// weigh decides what the parts, sorted by share, call for at t.
func (c *Config) weigh(parts []risk.Part, t time.Time) verdict {
	v := verdict{at: t, parts: parts, families: risk.Families(parts, t)}
	v.risk = risk.Fuse(v.families)
	speaking, certain := 0, false
	for _, f := range v.families {
		if f.Share >= c.Floor {
			speaking++
		}
	}
	for i := range parts {
		p := &parts[i]
		certain = certain || p.Deterministic && p.Precision > 0 && p.Weight >= finding.High.Weight() && p.Decay(t) >= 0.5
	}
	switch {
	case certain, v.risk >= c.Block && speaking >= c.Independent:
		v.level = 3
	case v.risk >= c.Challenge:
		v.level = 2
	case v.risk >= c.Throttle:
		v.level = 1
	}
	if v.level < 3 && v.risk >= c.Block {
		v.held = fmt.Sprintf("%d of %d independent families that a block needs", speaking, c.Independent)
	}
	return v
}

// judge puts out the record of a as of its newest event, and the finding where it is due.
func (g *merger) judge(a *actor, w news, out *detect.Out) {
	at := instant(a.Last)
	parts := a.trim(a.parts(g.cfg, g.said, at), g.cfg.MaxParts)
	v := g.cfg.weigh(parts, at)
	r := risk.Principal{
		Tenant: a.Tenant, Principal: a.Principal, Risk: v.risk, Level: levels[v.level].name, Held: v.held, Updated: at,
		FirstSeen: instant(a.First), LastSeen: instant(a.Last), Findings: a.Findings, Addresses: slices.Clone(a.Addresses), Parts: parts, Summary: v.sentence(),
	}
	b, err := risk.EncodePrincipal(&r)
	if err != nil {
		panic(err) // no number of it can be without a form
	}
	out.Record(schemas.TopicPrincipals, r.Key(), b)
	g.speak(a, &v, w, out)
}

// speak puts out RISK-01 when it begins, when it grows stronger, when a finding joins
// it, and now and then while its evidence grows.
func (g *merger) speak(a *actor, v *verdict, w news, out *detect.Out) {
	t := v.at.UnixNano()
	if v.level == 0 {
		a.Start, a.Level = 0, 0
		return
	}
	if a.Start == 0 || w.calmed {
		a.Start = 0
		if !w.acts {
			return
		}
		a.Start, a.Level, a.Emitted = t, 0, 0
	}
	if !w.isNew && !w.acts || v.level <= a.Level && !w.isNew && t-a.Emitted < int64(g.cfg.UpdateEvery) {
		return
	}
	f := g.finding(a, v)
	g.metrics.levels.WithLabelValues(string(levels[v.level].name)).Inc()
	if !w.acts {
		out.Update(f)
		return
	}
	a.Level, a.Emitted = max(a.Level, v.level), t
	out.Within(f, levels[v.level].op)
}

func (g *merger) finding(a *actor, v *verdict) finding.Finding {
	f := finding.From(&risk01, a.Tenant)
	start := instant(a.Start)
	f.ID = finding.ID(a.Tenant, Name, risk01.ID, a.Principal, start.Format(time.RFC3339Nano))
	f.Severity, f.Confidence, f.Count = levels[v.level].severity, min(v.risk/100, 0.999), uint64(len(v.parts))
	f.Time, f.FirstSeen, f.LastSeen = v.at, start, v.at
	f.Subject = finding.Subject{Principal: a.Principal, Addresses: slices.Clone(a.Addresses), Credential: a.Credential, Session: a.Session, KeyID: a.KeyID}
	f.Events = []string{}
	f.Features = Terms(v.risk, v.families, v.at)
	f.Baseline = []finding.Number{{Name: "risk", Value: g.cfg.threshold(v.level)}}
	for i := range v.parts[:min(len(v.parts), finding.MaxEvidence)] {
		p := &v.parts[i]
		f.Evidence = append(f.Evidence, finding.Evidence{Location: "finding", Path: p.Finding,
			Note: fmt.Sprintf("%s %s: precision %.2f × severity %.1f × decay %.2f = %.2f, family %s", p.Rule, p.Title, p.Precision, p.Weight, p.Decay(v.at), p.Share(v.at), p.Family)})
	}
	f.Summary = v.sentence()
	f.Counterfactual = g.cfg.without(v)
	f.Versions.Detector = Version
	return f
}

func (c *Config) threshold(l uint8) float64 {
	return [...]float64{0, c.Throttle, c.Challenge, c.Block}[l]
}

// without says what the strongest family alone makes of it.
func (c *Config) without(v *verdict) string {
	strongest := v.families[0]
	rest := slices.DeleteFunc(slices.Clone(v.parts), func(p risk.Part) bool { return p.Family == strongest.Name })
	w := c.weigh(rest, v.at)
	return fmt.Sprintf("without what %s says the risk would be %.0f: %s", strongest.Name, w.risk, levels[w.level].name)
}

// sentence says what the risk is made of.
func (v *verdict) sentence() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Risk %.0f of 100", v.risk)
	for i, f := range v.families {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		if f.Share < 0.01 {
			break
		}
		fmt.Fprintf(&b, "%s%s %.0f (%s)", sep, f.Name, 100*f.Share, f.Part.Rule)
	}
	fmt.Fprintf(&b, "; %s", levels[v.level].name)
	if v.held != "" {
		fmt.Fprintf(&b, ", held at %s", v.held)
	}
	return b.String()
}
