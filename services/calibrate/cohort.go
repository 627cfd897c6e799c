package calibrate

import "math"

// HalfLife is how long what was learned takes to weigh half.
const HalfLife = 7 * Day

// Prior is what is held to be usual before anybody has shown it: mean counts of an
// actor in each window in which it is about, and how wild they are (the size of a
// negative binomial: smaller is wilder).
type Prior struct {
	Mean [Windows]float64
	Size float64
	// Weight is how many windows of actors weigh as much as the prior. OwnWeight is how
	// many expected events of one actor weigh as much as its cohort.
	Weight, OwnWeight float64
	// Least bounds the means from below, Tame the sizes: where a few who do the most could
	// make any count pass for possible.
	Least, Tame float64
	// Patient has an improbable day teach an actor's own history as much as a probable
	// one could: who is merely busy becomes usual within days. Else it teaches nothing,
	// and what is wrong stays wrong however long it goes on.
	Patient bool
	// Deaf has nothing taught: who is judged is known to attack.
	Deaf bool
	// Scale is how many times as much is expected just now, 1 if zero.
	Scale float64
}

const (
	// gate: a window less probable than this does not teach, so that an attack does not
	// become normal by going on.
	gate = 3 // -log10
	// shift is the part of the windows of a cohort that must be turned away at the gate
	// for all of it to have changed: a release, not an attacker.
	shift = 0.2
	// fewest windows from which a cohort can have changed, or shows its own dispersion.
	fewest = 50

	wildest, tamest = 0.1, 10.0
)

// corrections are log10 of how many windows a day has, of each length and all three: an
// actor that is looked at often is surprising now and then.
var corrections = [Windows]float64{math.Log10(3 * 288), math.Log10(3 * 24), math.Log10(3)}

// Expect is the mean and the size of the counts of an actor in a window.
func (p *Prior) Expect(c *Cohort, own *Own, w int) (mean, size float64) {
	mean, size = p.Mean[w], p.Size
	if n := float64(c.N[w]); n > 0 {
		mean = (p.Weight*p.Mean[w] + n*float64(c.Mean[w])) / (p.Weight + n)
		if n >= fewest {
			size = max(p.Tame, float64(c.Size[w]))
		}
	}
	if p.Scale > 0 {
		mean *= p.Scale
	}
	return max(mean, p.Least) * p.ratio(own), size
}

// ratio is the gamma-Poisson estimate of what an actor does beside its cohort.
func (p *Prior) ratio(own *Own) float64 {
	return (p.OwnWeight + float64(own.Seen)) / (p.OwnWeight + float64(own.Less))
}

// Surprise is -log10 of an upper bound of the probability that an ordinary actor shows
// such counts in a day, and the window that is the least probable.
func (p *Prior) Surprise(c *Cohort, own *Own, n *Counter) (s float64, window int) {
	for w := range Lengths {
		x := n.Sum(w)
		mean, size := p.Expect(c, own, w)
		if t := Tail(x, mean, size) - corrections[w]; t > s {
			s, window = t, w
		}
	}
	return s, window
}

// Tail is -log10 of Chernoff's bound of P(X >= x) for a negative binomial with the given
// mean and size: never less probable than it says, and good to any depth.
func Tail(x, mean, size float64) float64 {
	if x <= mean || mean <= 0 {
		return 0
	}
	nats := x*math.Log(x/mean) - (x+size)*math.Log((x+size)/(mean+size))
	return max(0, nats*math.Log10E)
}

// Limit is the least whole count of window w whose surprise reaches s.
func (p *Prior) Limit(c *Cohort, own *Own, w int, s float64) float64 {
	return p.limit(c, own, w, s+corrections[w])
}

// limit is the least whole count of one window alone.
func (p *Prior) limit(c *Cohort, own *Own, w int, s float64) float64 {
	mean, size := p.Expect(c, own, w)
	low, high := mean, mean+1
	for Tail(high, mean, size) < s && high < 1e12 {
		low, high = high, 2*high
	}
	for high-low > 0.5 {
		if mid := (low + high) / 2; Tail(mid, mean, size) < s {
			low = mid
		} else {
			high = mid
		}
	}
	return math.Ceil(high)
}

// Learn takes the windows of an actor that ended into its cohort and its own history.
// It says whether with them the cohort as a whole has changed so much that what was
// learned of it no longer holds; then it begins anew.
func (p *Prior) Learn(c *Cohort, own *Own, closed *Closed, now int64) (changed bool) {
	if p.Deaf || !closed.Any() {
		return false
	}
	c.decay(now)
	own.decay(now)
	day := uint16(now / Day)
	for w := range Lengths {
		if !closed.Is[w] || own.Days[w] == day {
			continue
		}
		own.Days[w] = day
		x := float64(closed.N[w])
		mean, size := p.Expect(c, own, w)
		improbable := Tail(x, mean, size) > gate
		switch {
		case w == 1 && improbable:
			c.Refused++
		case w == 1:
			c.Taught++
		case w == 2: // no sooner: what is done today must not explain itself
			p.teach(c, own, x, improbable)
		}
		if !improbable {
			c.Counts[w][stepOf(closed.N[w])]++
			c.fit(w)
		}
	}
	if all := c.Taught + c.Refused; all < fewest || c.Refused < shift*all {
		return false
	}
	*c = Cohort{At: c.At}
	return true
}

// teach takes a day of an actor into its own history.
func (p *Prior) teach(c *Cohort, own *Own, x float64, improbable bool) {
	if improbable {
		if !p.Patient {
			return
		}
		x = min(x, p.limit(c, own, 2, gate))
	}
	base, _ := p.Expect(c, &Own{}, 2)
	own.Seen, own.Less = own.Seen+float32(x), own.Less+float32(base)
}
