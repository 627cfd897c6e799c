package behavior

import (
	"fmt"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/calibrate"
)

// byDay looks for a scan that the bucket leaks away.
func (r *recon) byDay(o *observation, place uint64, out *detect.Out) {
	tx, n := o.tx, uint32(0)
	if r.missed.Touch(0).Add(place) {
		n = 1
	}
	r.slow.prior.Deaf = r.cfg.attacks(o.who, recon01.ID, o.now)
	s := r.slow.add(0, o.cohort, o.now, n)
	alert, bar := r.bars.Judge(o.cohort, o.now, &s.Mark, s.surprise)
	if alert {
		r.bars.Alerted(o.cohort, o.who, &s.Mark)
	}
	if n == 0 {
		return
	}
	// Before it alerts as well: the finding names its first events.
	e := r.scans.Touch(o.who)
	e.see(tx, o.now, &r.pace, o.place)
	if !alert {
		return
	}
	if b := r.states.Get(o.who); b != nil && b.Episode.Emitted > 0 {
		return // the bucket has said so
	}
	if !s.known(r.cfg.Recon.Known) {
		r.metrics.suppressed.WithLabelValues("recon_unknown").Inc()
		return
	}
	if !e.due(o.now, r.cfg) {
		return
	}
	f := e.finding(&recon01, tx, tx.Principal, "slow")
	f.Subject.Endpoint, f.Subject.EndpointID = "", ""
	mean, limit := r.slow.normal(&s, bar)
	count, window := s.Count.Sum(s.window), calibrate.Names[s.window]
	f.Confidence = min(0.9, 0.6+0.3*min(1, s.surprise/20))
	f.Features = []finding.Number{{Name: "new_missing_1h", Value: s.Count.Sum(1)}, {Name: "new_missing_24h", Value: s.Count.Sum(2)}, {Name: "surprise", Value: s.surprise}}
	f.Baseline = []finding.Number{{Name: "mean", Value: mean}, {Name: "limit", Value: limit}, {Name: "bar", Value: bar}}
	f.Summary = fmt.Sprintf("%.0f different places that do not exist, none asked for before, in %s; normal for a source that meets dead links %.1f, limit %.0f", count, window, mean, limit-1)
	f.Counterfactual = fmt.Sprintf("%.0f or fewer in %s would not alert", limit-1, window)
	o.unusual(f, out)
}
