package signature

import (
	"fmt"
	"math"

	"github.com/miradorhq/mirador/pkg/detect"
)

// settle adds to the judgements of a request what is usual at their places, and gives
// the one that is then the strongest.
func (d *detector) settle(tx *detect.Tx, j *Judgement) *Judgement {
	if !j.Attack {
		return j
	}
	d.accustom(tx, j)
	best := j
	for i := range j.Others {
		o := &j.Others[i]
		if d.accustom(tx, o); o.Score > best.Score {
			best = o
		}
	}
	if !best.Attack {
		d.metrics.usual.Inc()
	}
	return best
}

// accustom adds to j what is usual at its place.
func (d *detector) accustom(tx *detect.Tx, j *Judgement) {
	if j.Habits == (Habits{}) {
		return
	}
	c := d.habits.of(tx, &j.Place)
	sum := j.logOdds()
	before := sum
	for _, t := range []Term{{"common", round4(c.common), j.Habits.Common}, {"common.text", round4(c.text), j.Habits.Text}} {
		if t.Contribution() != 0 {
			j.Terms = append(j.Terms[:len(j.Terms):len(j.Terms)], t)
			sum += t.Contribution()
		}
	}
	if sum == before {
		return
	}
	about := ""
	if c.about {
		about = "about "
	}
	j.Usual = fmt.Sprintf("%d of %s%d callers of this field send the like", c.matching, about, c.all)
	j.Score = 1 / (1 + math.Exp(-sum))
	j.Attack = j.Score >= j.Threshold
}

// logOdds is what the score was made of.
func (j *Judgement) logOdds() float64 {
	if j.Score <= 0 || j.Score >= 1 {
		return math.Copysign(40, j.Score-0.5)
	}
	return math.Log(j.Score / (1 - j.Score))
}
