package policy

import (
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
)

// BreakerRule is the id of the finding that says that the breaker tripped.
const BreakerRule = "POLICY-BREAKER"

// mayAdd says whether one more target of tenant may be acted on, and trips the
// breaker when not.
func (d *decider) mayAdd(tenant string, out *detect.Out) bool {
	q, caps := d.quota(tenant), d.policy.cfg.Caps
	if d.clock < q.TrippedUntil {
		return false
	}
	if minute := d.clock / int64(time.Minute); minute != q.Minute {
		q.Minute, q.New = minute, 0
	}
	switch {
	case q.Active >= caps.Active:
		d.trip(tenant, "active actions", q.Active, caps.Active, out)
	case q.New >= caps.NewPerMinute:
		d.trip(tenant, "new actions this minute", q.New, caps.NewPerMinute, out)
	default:
		return true
	}
	return false
}

func (d *decider) trip(tenant, what string, value, limit int, out *detect.Out) {
	at := time.Unix(0, d.clock).UTC()
	until := at.Add(d.policy.cfg.Caps.Hold)
	d.quota(tenant).TrippedUntil = until.UnixNano()
	rule := finding.Rule{
		ID: BreakerRule, Title: "Too many actions: log-only for a while", Detector: "policy", Severity: finding.High,
		Remediation: "Look at what the findings of this time have in common: a rule that is wrong for this traffic, or an attack from many sources. Raise policy.caps only then.",
	}
	f := finding.From(&rule, tenant)
	f.ID = finding.ID(tenant, rule.Detector, rule.ID, d.service, fmt.Sprint(d.partition), at.Format(time.RFC3339Nano))
	f.Confidence, f.Count = 1, 1
	f.Time, f.FirstSeen, f.LastSeen = at, at, at
	f.Subject = finding.Subject{Service: d.service}
	f.Events = []string{}
	f.Features = []finding.Number{{Name: what, Value: float64(value)}}
	f.Baseline = []finding.Number{{Name: "limit", Value: float64(limit)}}
	f.Summary = fmt.Sprintf("Partition %d of %s reached %d %s, the limit; until %s its new actions are log-only.",
		d.partition, d.service, value, what, until.Format(time.RFC3339))
	f.Counterfactual = fmt.Sprintf("With %d or fewer it would have gone on.", limit-1)
	out.Finding(f)
}
