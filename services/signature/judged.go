package signature

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
)

// Names of features of a finding: rules that matched, and what each term of the
// score added.
const (
	FeatureCRS  = "crs_"
	FeaturePack = "pack_"
	FeatureTerm = "term "
)

// mask leaves nothing in j that must not leave Prepare.
func (d *detector) mask(j *Judgement) {
	if !j.Attack {
		j.Matches = nil
	}
	for i := range j.Matches {
		m := &j.Matches[i]
		m.Name, m.Value = maskName(m.Name), Mask(m.Value, d.cfg.Excerpt)
	}
}

// judged is the finding of an attack, or of a leak, that the second stage found; what
// j shows is masked. anomaly is the core rule set's score.
func (d *detector) judged(tx *detect.Tx, anomaly int, j *Judgement) finding.Finding {
	f := tx.Finding(j.Class.rule())
	f.Confidence = math.Round(min(0.99, j.Score)*1e4) / 1e4
	f.Severity = raise(f.Severity, answered(j))
	f.Versions.Detector, f.Versions.Rules = "2", d.engine.Version()+", "+d.second.Version()
	f.Features = []finding.Number{{Name: "score", Value: round4(j.Score)}, {Name: "anomaly_score", Value: float64(anomaly)},
		{Name: "status", Value: float64(tx.Event.Status)}}
	for i := range j.Matches {
		name := FeaturePack + j.Matches[i].Rule
		if id, ok := strings.CutPrefix(j.Matches[i].Rule, "crs "); ok {
			name = FeatureCRS + id
		}
		f.Features = append(f.Features, finding.Number{Name: name, Value: 1})
	}
	f.Features = append(f.Features, finding.Number{Name: FeatureTerm + "bias", Value: round4(j.Bias)})
	for _, t := range j.Terms {
		f.Features = append(f.Features, finding.Number{Name: FeatureTerm + t.Name, Value: round4(t.Contribution())})
	}
	f.Baseline = []finding.Number{{Name: "threshold", Value: j.Threshold}}
	first := &j.Matches[0]
	for i := range j.Matches {
		m := &j.Matches[i]
		if len(f.Evidence) < d.cfg.Evidence {
			note := m.Rule + " " + m.Title
			if m.Depth > 0 {
				note += ", decoded " + plural(m.Depth, "time")
			}
			f.Evidence = append(f.Evidence, finding.Evidence{Location: m.Location, Path: m.Name, Masked: m.Value, Note: note})
		}
		if m.Class == j.Class && first.Class != j.Class {
			first = m
		}
	}
	if first.Class == j.Class {
		if len(first.CWE) > 0 {
			f.CWE = first.CWE
		}
		if len(first.ATTACK) > 0 {
			f.ATTACK = first.ATTACK
		}
		if first.Remediation != "" {
			f.Remediation = first.Remediation
		}
	}
	where := first.Location
	if first.Name != "" {
		where += " " + first.Name
	}
	if j.Expected != "" {
		where += ", where " + j.Expected + " is expected,"
	}
	f.Summary = fmt.Sprintf("%s in %s of %s: %s, score %.2f at threshold %.2f, answered %d",
		f.Title, where, methodAndTemplate(tx), plural(len(j.Matches), "rule"), j.Score, j.Threshold, tx.Event.Status)
	if j.Usual != "" {
		f.Summary += "; " + j.Usual + ": the score is the lower for it"
	}
	f.Counterfactual = j.without()
	return f
}

// answered says whether what the server answered made the score larger.
func answered(j *Judgement) bool {
	return slices.ContainsFunc(j.Terms, func(t Term) bool { return strings.HasPrefix(t.Name, "answer.") && t.Contribution() > 0 })
}

// without says with which terms taken away the score would be below the threshold:
// the fewest, those first that add most.
func (j *Judgement) without() string {
	sum := j.logOdds()
	limit := math.Log(j.Threshold / (1 - j.Threshold))
	var names []string
	for _, t := range j.Terms {
		if t.Contribution() <= 0 {
			continue
		}
		names = append(names, t.Name)
		if sum -= t.Contribution(); sum < limit {
			return fmt.Sprintf("without %s the score would be %.2f", strings.Join(names, ", "), 1/(1+math.Exp(-sum)))
		}
	}
	return "a score of less than " + strconv.FormatFloat(j.Threshold, 'f', 2, 64) + " would not alert"
}

func round4(x float64) float64 { return math.Round(x*1e4) / 1e4 }
