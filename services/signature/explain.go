package signature

import (
	"fmt"
	"math"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
)

// Explain judges the transaction of f again and says every step. An error means that it
// comes out otherwise, or that another version found it.
func Explain(cfg Config, engine Engine, second Judge, tx *detect.Tx, f *finding.Finding) ([]string, error) {
	res, err := engine.Match(tx.Event)
	if err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	outbound := false
	for _, c := range precedence {
		outbound = outbound || c.Outbound() && c.rule().ID == f.Rule
	}
	for i := range res.Hits {
		if h := &res.Hits[i]; h.Class.Outbound() == outbound {
			say("rule %d in %s %s: score %d, %s  (%s)", h.Rule, h.Location, maskName(h.Name), h.Score, h.Message, Mask(h.Value, cfg.Excerpt))
		}
	}
	name, again := "anomaly_score", float64(res.Inbound)
	switch {
	case f.Rule == unfinished.ID:
		say("given up for want of work allowed: %v", res.Exceeded)
		name, again = "hits_until_then", float64(len(res.Hits))
	case second != nil:
		j := Judgement{}
		if outbound {
			j = second.Answer(tx.Event, res)
		} else {
			j = second.Judge(tx.Event, tx.Endpoint.ID, tx.Request(), res)
			for _, o := range j.Others { // one rule may have been found in another place
				if r := j.Class.rule(); (r == nil || r.ID != f.Rule) && o.Class.rule() != nil && o.Class.rule().ID == f.Rule {
					j = o
					break
				}
			}
		}
		for _, m := range j.Matches {
			say("match %s in %s %s: %s", m.Rule, m.Location, maskName(m.Name), m.Title)
		}
		sum := j.Bias
		say("%-40s %26s %+8.4f", "bias", "", j.Bias)
		for _, t := range j.Terms {
			sum += t.Contribution()
			say("%-40s %10.4g × %+8.4f = %+8.4f", t.Name, t.Value, t.Weight, t.Contribution())
		}
		say("score = 1 / (1 + e^-(%.4f)) = %.4f, threshold %.4f", sum, j.Score, j.Threshold)
		name, again = "score", j.Score
	case outbound:
		again = float64(res.Outbound)
		say("anomaly score of the answer = %d, threshold %d", res.Outbound, cfg.OutboundThreshold)
	default:
		say("anomaly score of the request = %d, threshold %d", res.Inbound, cfg.Threshold)
	}
	stored, ok := number(f.Features, name)
	if !ok {
		return out, fmt.Errorf("signature: the finding stores no %s to compare with: an older version made it", name)
	}
	version := engine.Version()
	if second != nil {
		version += ", " + second.Version()
	}
	if math.Abs(stored-again) > 1e-3 {
		return out, fmt.Errorf("signature: computed again %s is %.4f, stored is %.4f: it was found with %q, this program and its rules are %q", name, again, stored, f.Versions.Rules, version)
	}
	say("%s is the same as stored", name)
	return out, nil
}

func number(list []finding.Number, name string) (float64, bool) {
	for _, n := range list {
		if n.Name == name {
			return n.Value, true
		}
	}
	return 0, false
}
