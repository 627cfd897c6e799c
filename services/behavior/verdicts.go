package behavior

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
)

// Verdicts are what people said of findings of behaviour, by rule and principal. Like the
// catalog they are followed from a topic: what was said is part of what results are the
// same for. Safe for concurrent use.
//
// A finding that is false, or of somebody who may, says what its rule makes of that
// principal: it goes on to alert and causes no action. One that is true says that what
// the principal did must not become what is usual.
type Verdicts struct {
	hash hasher
	most int

	some  atomic.Int64 // how many are in said: mostly none, and every event asks
	mu    sync.RWMutex
	given map[uint64]risk.Verdict // by tenant and finding
	said  map[uint64]risk.Verdict // the newest that says something, by rule and principal
}

// NewVerdicts makes an empty set of at most so many findings. hashKey is Config's.
func NewVerdicts(hashKey string, most int) *Verdicts {
	return &Verdicts{hash: newHasher(hashKey), most: most, given: map[uint64]risk.Verdict{}, said: map[uint64]risk.Verdict{}}
}

func (v *Verdicts) about(tenant, principal, rule string) uint64 {
	return mix(v.hash.of(tenant, principal), xxhash.Sum64String(rule))
}

// Apply takes a verdict in. It says false where there is no room for another finding.
func (v *Verdicts) Apply(said risk.Verdict) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	k := v.hash.of(said.Tenant, said.Finding)
	before, known := v.given[k]
	if !known && len(v.given) >= v.most {
		return false
	}
	if known && said.At.Before(before.At) {
		return true
	}
	v.given[k] = said
	v.renew(before)
	v.renew(said)
	return true
}

// Remove takes back what was said of a finding.
func (v *Verdicts) Remove(tenant, id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	k := v.hash.of(tenant, id)
	before := v.given[k]
	delete(v.given, k)
	v.renew(before)
}

// renew finds what holds of the rule and the principal of o. People say little, so that
// to look at all of it is no work.
func (v *Verdicts) renew(o risk.Verdict) {
	if o.Principal == "" {
		return
	}
	k := v.about(o.Tenant, o.Principal, o.Rule)
	defer func() { v.some.Store(int64(len(v.said))) }()
	delete(v.said, k)
	for _, g := range v.given {
		if g.Tenant != o.Tenant || g.Principal != o.Principal || g.Rule != o.Rule || g.Verdict == risk.Unknown {
			continue
		}
		if s, ok := v.said[k]; !ok || g.At.After(s.At) || g.At.Equal(s.At) && g.Finding > s.Finding {
			v.said[k] = g
		}
	}
}

// of is what holds of a rule and the principal of that hash at a time. A nil set holds
// nothing.
func (v *Verdicts) of(who uint64, rule string, now int64, life time.Duration) risk.Answer {
	if v == nil || v.some.Load() == 0 {
		return ""
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	s, ok := v.said[mix(who, xxhash.Sum64String(rule))]
	if !ok || now-s.At.UnixNano() > int64(life) {
		return ""
	}
	return s.Verdict
}

// attacks says whether people confirmed that the principal of that hash attacked, as rule
// found.
func (c *Config) attacks(who uint64, rule string, now int64) bool {
	return c.Verdicts.of(who, rule, now, c.VerdictLife) == risk.True
}

// heed makes a finding of whom people said that they may, or that it was not so, an alert
// alone.
func (d *detector) heed(o *observation, i int, out *detect.Out) {
	f := &out.Findings[i]
	switch d.cfg.Verdicts.of(o.who, f.Rule, o.now, d.cfg.VerdictLife) {
	case risk.BenignTrue, risk.False:
		f.Features = append(f.Features, finding.Number{Name: "said_harmless", Value: 1})
		out.Hold(i)
		d.metrics.suppressed.WithLabelValues("verdict").Inc()
	}
}
