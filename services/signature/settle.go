package signature

import (
	"math"
	"strings"

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
	var words []string
	add := func(name string, share, weight float64, text string) {
		if share == 0 || weight == 0 {
			return
		}
		t := Term{name, round4(share), weight}
		j.Terms = append(j.Terms[:len(j.Terms):len(j.Terms)], t)
		sum += t.Contribution()
		words = append(words, text)
	}
	add("common", c.common, j.Habits.Common, c.String())
	add("common.text", c.text, j.Habits.Text, "sentences are usual in this field")
	if len(words) == 0 {
		return
	}
	j.Usual = strings.Join(words, " and ")
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
