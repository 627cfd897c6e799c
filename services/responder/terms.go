package responder

import (
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
)

// names of the numbers of a family, behind "family/RULE/".
var termNames = [...]string{"precision", "severity", "age_s", "half_life_s"}

// Terms are the numbers that a risk was made from: from them alone it can be computed
// again.
func Terms(score float64, fs []risk.Family, t time.Time) []finding.Number {
	out := []finding.Number{{Name: "risk", Value: score}}
	for _, f := range fs {
		p := f.Part
		for i, v := range [...]float64{p.Precision, p.Weight, max(t.Sub(p.At).Seconds(), 0), p.HalfLife} {
			out = append(out, finding.Number{Name: fmt.Sprintf("%s/%s/%s", f.Name, p.Rule, termNames[i]), Value: v})
		}
	}
	return out
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
