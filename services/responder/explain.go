package responder

import (
	"fmt"
	"math"
	"strings"

	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
)

// Explain computes the risk of a RISK-01 finding again from the numbers that it stores,
// and says every step. An error means that it comes out otherwise.
func Explain(f *finding.Finding) ([]string, error) {
	if f.Versions.Detector != Version {
		return nil, fmt.Errorf("responder: version %s computed it, this is %s: use that build", f.Versions.Detector, Version)
	}
	at := f.Time
	stored := math.NaN()
	var parts []risk.Part
	for _, n := range f.Features {
		if n.Name == "risk" {
			stored = n.Value
			continue
		}
		names := strings.Split(n.Name, "/")
		if len(names) != 3 {
			return nil, fmt.Errorf("responder: feature %q is of no term", n.Name)
		}
		if len(parts) == 0 || parts[len(parts)-1].Family != names[0] {
			parts = append(parts, risk.Part{Family: names[0], Rule: names[1]})
		}
		p := &parts[len(parts)-1]
		switch names[2] {
		case termNames[0]:
			p.Precision = n.Value
		case termNames[1]:
			p.Weight = n.Value
		case termNames[2]:
			p.At = at.Add(-seconds(n.Value))
		case termNames[3]:
			p.HalfLife = n.Value
		default:
			return nil, fmt.Errorf("responder: feature %q is of no term", n.Name)
		}
	}
	var out []string
	left := 1.0
	for i := range parts {
		p := &parts[i]
		share := p.Share(at)
		left *= 1 - share
		out = append(out, fmt.Sprintf("%-16s %-12s precision %.3f × severity %.1f × 2^(-%.0f s / %.0f s) = %.3f   leaves %.3f",
			p.Family, p.Rule, p.Precision, p.Weight, at.Sub(p.At).Seconds(), p.HalfLife, share, left))
	}
	again := risk.Score(parts, at)
	out = append(out, fmt.Sprintf("risk = 100 × (1 - %.3f) = %.2f, stored %.2f", left, again, stored))
	if !(math.Abs(again-stored) < 1e-3) {
		return out, fmt.Errorf("responder: computed again the risk is %.4f, and %.4f is stored", again, stored)
	}
	return out, nil
}
