package classifier

import (
	"math"

	"github.com/miradorhq/mirador/pkg/content"
)

type direction uint8

const (
	request direction = iota
	response
)

func (d direction) String() string { return [...]string{"request", "response"}[d] }

// place is where a field stands in its endpoint.
type place struct {
	direction direction
	location  content.Location
	path      string
}

func (p place) inURL() bool {
	return p.direction == request && (p.location == content.Path || p.location == content.Query)
}

// evidence is what the different values of a field say.
type evidence struct {
	passed, failed int // different values of the class's shape
	named          bool
	// consecutive values stand so close together that they are counted, not given out.
	consecutive bool
}

// againstCounting is what values that follow each other take from the log odds: more
// than any number of values that pass gives, as what they share passes with each of them.
const againstCounting = 1e4

// logit is the log odds that a field of nothing else is of the class.
func (c *class) logit(e evidence) float64 {
	l, yes, chance := c.unnamed, c.passTrue, c.passRandom
	if e.named {
		l = c.named
		if c.namedTrue > 0 {
			yes, chance = c.namedTrue, c.namedRandom
		}
	}
	l += float64(e.passed) * math.Log(yes/chance)
	l += float64(e.failed) * math.Log((1-yes)/(1-chance))
	if e.consecutive && !e.named {
		l -= againstCounting
	}
	return l
}

// judge is what v is to a class that the scanner does not know.
func (c *class) judge(v []byte, named bool, now int64) verdict {
	if named && c.namedCheck != nil {
		return c.namedCheck(v, now)
	}
	return c.check(v, now)
}

// probability is the posterior probability beside what else the field may be, whose log
// odds are others. It is rounded to six places: the sums behind it must not differ in
// the last bit between machines.
func probability(logit float64, others []float64) float64 {
	// exp(l) / (1 + exp(l) + sum of exp(others)), without overflow.
	sum := 1 + math.Exp(-logit)
	for _, o := range others {
		sum += math.Exp(o - logit)
	}
	p := 1 / sum
	return math.Round(p*1e6) / 1e6
}

// confirmed says whether e, of probability p, passes the bar of cfg.
func (c *class) confirmed(cfg *Config, e evidence, p float64) bool {
	if c.needsName && !e.named || p < cfg.ConfirmAt {
		return false
	}
	return e.passed >= cfg.ConfirmDistinct ||
		e.passed >= cfg.ConfirmNamed && c.checksum && e.named ||
		c.enough > 0 && e.passed >= c.enough
}
