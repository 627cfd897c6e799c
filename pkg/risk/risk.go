// Package risk is how much a principal is to be feared, and what people say of findings:
// the contract of the topics mirador.principals and mirador.verdicts, and the formula
// that both sides of them share, so that a page shows what the responder computed.
//
// A finding's share of the risk is c·s·2^(-dt/h): the precision of its rule, the weight
// of its severity, and its age in half-lives. Of a family only the strongest counts,
// for detections that see the same thing must not add up:
//
//	R = 100 · (1 - Π over families (1 - share))
package risk

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/miradorhq/mirador/pkg/finding"
)

// Part is what one finding adds to the risk of its principal.
type Part struct {
	// Family is the group of detections that see the same thing.
	Family   string           `json:"family"`
	Rule     string           `json:"rule"`
	Finding  string           `json:"finding"` // id
	Title    string           `json:"title"`
	Severity finding.Severity `json:"severity"`
	// Precision is how likely the rule is right and means harm; Weight what the
	// severity is worth.
	Precision float64 `json:"precision"`
	Weight    float64 `json:"weight"`
	// HalfLife, in seconds, is counted from At, the newest supporting event.
	HalfLife float64   `json:"half_life_s"`
	At       time.Time `json:"ts"`
	Count    uint64    `json:"count"`
	// Deterministic: no threshold stands behind it; the finding is so or is not.
	Deterministic bool `json:"deterministic,omitempty"`
	// Verdict is what a person said of this very finding.
	Verdict Answer `json:"verdict,omitempty"`
}

// Decay is what is left of the part at t, 0 to 1.
func (p *Part) Decay(t time.Time) float64 {
	age := max(t.Sub(p.At).Seconds(), 0)
	if p.HalfLife <= 0 {
		return 0
	}
	return math.Exp2(-age / p.HalfLife)
}

// Share is what the part adds at t, 0 to 1.
func (p *Part) Share(t time.Time) float64 { return p.Precision * p.Weight * p.Decay(t) }

// Family is the strongest part of a family.
type Family struct {
	Name  string
	Share float64
	Part  *Part
}

// Families are the strongest part of each at t, the strongest family first. Ties go by
// name and id, so that the order is one.
func Families(parts []Part, t time.Time) []Family {
	var fs []Family
	for i := range parts {
		p := &parts[i]
		share := p.Share(t)
		j := slices.IndexFunc(fs, func(f Family) bool { return f.Name == p.Family })
		switch {
		case j < 0:
			fs = append(fs, Family{p.Family, share, p})
		case share > fs[j].Share || share == fs[j].Share && p.Finding < fs[j].Part.Finding:
			fs[j].Share, fs[j].Part = share, p
		}
	}
	slices.SortFunc(fs, func(a, b Family) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Name, b.Name))
	})
	return fs
}

// Score is the risk at t, 0 to 100.
func Score(parts []Part, t time.Time) float64 { return Fuse(Families(parts, t)) }

// Fuse is the risk of families that are independent of each other, 0 to 100.
func Fuse(fs []Family) float64 {
	left := 1.0
	for _, f := range fs {
		left *= 1 - f.Share
	}
	return 100 * (1 - left)
}
