package risk

import (
	"errors"
	"fmt"
	"math"
)

// Tally counts what people said of a rule's findings. Answers that could not tell are
// no evidence and not in it.
type Tally struct {
	True, Benign, False uint64
}

// Add counts one more answer, or with n below zero one fewer.
func (t *Tally) Add(a Answer, n int) {
	for _, c := range [...]struct {
		of    Answer
		count *uint64
	}{{True, &t.True}, {BenignTrue, &t.Benign}, {False, &t.False}} {
		if c.of == a {
			*c.count = uint64(max(int64(*c.count)+int64(n), 0))
		}
	}
}

// Prior is what is believed of a rule before anybody looked.
type Prior struct {
	// Strength is how many answers a finding's own confidence is worth.
	Strength float64 `yaml:"strength" doc:"How many verdicts a finding's own confidence is worth: as many must be given before they count for more than it."`
	// Benign is the part of a benign-true answer that speaks against acting.
	Benign float64 `yaml:"benign" doc:"Part of a benign-true verdict, 0 to 1, that counts as a false one: the rule was right, but to act on it would have been wrong."`
}

// DefaultPrior lets ten answers outweigh the confidence.
func DefaultPrior() Prior { return Prior{Strength: 10, Benign: 0.5} }

// Validate reports all that is wrong.
func (p Prior) Validate() error {
	var errs []error
	if !(p.Strength > 0 && p.Strength <= 1e6) {
		errs = append(errs, fmt.Errorf("strength is %v: must be above 0 and at most 1000000", p.Strength))
	}
	if !(p.Benign >= 0 && p.Benign <= 1) {
		errs = append(errs, fmt.Errorf("benign is %v: must be between 0 and 1", p.Benign))
	}
	return errors.Join(errs...)
}

// Beta is a belief of how often something holds.
type Beta struct{ A, B float64 }

// Posterior is what is believed of a rule whose finding claims confidence, after the
// answers of t.
func (p Prior) Posterior(confidence float64, t Tally) Beta {
	confidence = min(max(confidence, 0), 1)
	n, benign := p.Strength, float64(t.Benign)
	return Beta{
		A: n*confidence + float64(t.True) + (1-p.Benign)*benign,
		B: n*(1-confidence) + float64(t.False) + p.Benign*benign,
	}
}

// Mean is the precision that the belief stands for.
func (b Beta) Mean() float64 {
	if b.A+b.B <= 0 {
		return 0
	}
	return b.A / (b.A + b.B)
}

// Interval is the middle part of the belief that holds a share of it, as 0.9.
func (b Beta) Interval(share float64) (low, high float64) {
	return b.quantile((1 - share) / 2), b.quantile((1 + share) / 2)
}

func (b Beta) quantile(q float64) float64 {
	if b.A <= 0 {
		return 0
	}
	if b.B <= 0 {
		return 1
	}
	low, high := 0.0, 1.0
	for range 50 { // halves to less than a float shows
		mid := (low + high) / 2
		if b.below(mid) < q {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// below is the regularised incomplete beta function, by its continued fraction
// (Abramowitz and Stegun, 26.5.8).
func (b Beta) below(x float64) float64 {
	if x <= 0 || x >= 1 {
		return min(max(x, 0), 1)
	}
	if x > (b.A+1)/(b.A+b.B+2) { // where the fraction converges slowly, its mirror does not
		return 1 - Beta{b.B, b.A}.below(1-x)
	}
	ga, _ := math.Lgamma(b.A)
	gb, _ := math.Lgamma(b.B)
	gab, _ := math.Lgamma(b.A + b.B)
	front := math.Exp(gab - ga - gb + b.A*math.Log(x) + b.B*math.Log1p(-x))
	const tiny = 1e-300
	c, d := 1.0, 0.0
	f := 1.0
	for i := range 400 {
		m := float64(i / 2)
		var term float64
		switch {
		case i == 0:
			term = 1
		case i%2 == 0:
			term = m * (b.B - m) * x / ((b.A + 2*m - 1) * (b.A + 2*m))
		default:
			term = -(b.A + m) * (b.A + b.B + m) * x / ((b.A + 2*m) * (b.A + 2*m + 1))
		}
		if d = 1 + term*d; math.Abs(d) < tiny {
			d = tiny
		}
		d = 1 / d
		if c = 1 + term/c; math.Abs(c) < tiny {
			c = tiny
		}
		f *= c * d
		if math.Abs(1-c*d) < 1e-12 {
			break
		}
	}
	return front * (f - 1) / b.A
}
