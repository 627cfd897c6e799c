package behavior

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
)

// Verdicts are what people said of findings of behaviour, by rule and whom the finding
// names. Like the catalog they are followed from a topic: what was said is part of what
// results are the same for. Safe for concurrent use.
//
// A finding that is false, or of somebody who may, says what its rule makes of that
// principal: it goes on to alert and causes no action. One that is true says that what
// the principal did must not become what is usual. One that names no principal says it of
// each of its addresses; AUTH-01's, and those without addresses, of the endpoint or service.
type Verdicts struct {
	hash hasher
	most int

	some  atomic.Int64 // how many are in said: mostly none, and every event asks
	mu    sync.RWMutex
	given map[uint64]said // by tenant and finding
	said  map[uint64]said // the newest that says something, by rule and whom it is of
}

// said is a verdict, as far as a rule asks.
type said struct {
	answer  risk.Answer
	at      time.Time
	finding string
	about   []uint64
}

// NewVerdicts makes an empty set of at most so many findings. hashKey is Config's.
func NewVerdicts(hashKey string, most int) *Verdicts {
	return &Verdicts{hash: newHasher(hashKey), most: most, given: map[uint64]said{}, said: map[uint64]said{}}
}

// about are whom a finding is of, by rule; more than one where it names no principal.
func (v *Verdicts) about(tenant, rule string, of *finding.Subject) (list []uint64) {
	add := func(parts ...string) {
		if k := mix(v.hash.of(parts...), xxhash.Sum64String(rule)); !slices.Contains(list, k) {
			list = append(list, k)
		}
	}
	switch {
	case of.Principal != "":
		add(tenant, of.Principal)
	case len(of.Addresses) > 0 && rule != auth01.ID:
		for _, a := range of.Addresses {
			add(tenant, event.AddressPrincipal([]byte(a)))
		}
	case of.EndpointID != "":
		add(tenant, "endpoint", of.EndpointID)
	case of.Service != "":
		add(tenant, "service", of.Service)
	}
	return list
}

// Apply takes a verdict in. It says false where there is no room for another finding.
func (v *Verdicts) Apply(x risk.Verdict) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	k := v.hash.of(x.Tenant, x.Finding)
	before, known := v.given[k]
	if !known && len(v.given) >= v.most {
		return false
	}
	if known && x.At.Before(before.at) {
		return true
	}
	now := said{answer: x.Verdict, at: x.At, finding: x.Finding, about: v.about(x.Tenant, x.Rule, &finding.Subject{
		Principal: x.Principal, Addresses: x.Addresses, EndpointID: x.EndpointID, Service: x.Service})}
	v.given[k] = now
	v.renew(before.about, now.about)
	return true
}

// Remove takes back what was said of a finding.
func (v *Verdicts) Remove(tenant, id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	k := v.hash.of(tenant, id)
	before := v.given[k]
	delete(v.given, k)
	v.renew(before.about)
}

// renew finds what holds of whom something was said or taken back. People say little, so
// that to look at all of it is no work.
func (v *Verdicts) renew(lists ...[]uint64) {
	of := map[uint64]bool{}
	for _, list := range lists {
		for _, k := range list {
			of[k] = true
			delete(v.said, k)
		}
	}
	for _, g := range v.given {
		if g.answer == risk.Unknown {
			continue
		}
		for _, k := range g.about {
			if s, ok := v.said[k]; of[k] && (!ok || g.at.After(s.at) || g.at.Equal(s.at) && g.finding > s.finding) {
				v.said[k] = g
			}
		}
	}
	v.some.Store(int64(len(v.said)))
}

// of is what holds of a rule and the principal of that hash at a time. A nil set holds
// nothing.
func (v *Verdicts) of(who uint64, rule string, now int64, life time.Duration) risk.Answer {
	if v == nil || v.some.Load() == 0 {
		return ""
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.newest(mix(who, xxhash.Sum64String(rule)), now, life)
}

func (v *Verdicts) newest(about uint64, now int64, life time.Duration) risk.Answer {
	s, ok := v.said[about]
	if !ok || now-s.at.UnixNano() > int64(life) {
		return ""
	}
	return s.answer
}

// excused is what was said of f or, where it names many addresses, of more than half of
// them: that they may, or that it was not so. Empty is neither.
func (v *Verdicts) excused(f *finding.Finding, life time.Duration) risk.Answer {
	if v == nil || v.some.Load() == 0 {
		return ""
	}
	v.mu.Lock() // not to read: the hasher is for one
	defer v.mu.Unlock()
	if g := v.given[v.hash.of(f.Tenant, f.ID)]; excuses(g.answer) && f.Time.Sub(g.at) <= life {
		return g.answer
	}
	about := v.about(f.Tenant, f.Rule, &f.Subject)
	n, last := 0, risk.Answer("")
	for _, k := range about {
		if a := v.newest(k, f.Time.UnixNano(), life); excuses(a) {
			n, last = n+1, a
		}
	}
	if 2*n <= len(about) {
		return ""
	}
	return last
}

func excuses(a risk.Answer) bool { return a == risk.BenignTrue || a == risk.False }

// attacks says whether people confirmed that the principal of that hash attacked, as rule
// found.
func (c *Config) attacks(who uint64, rule string, now int64) bool {
	return c.Verdicts.of(who, rule, now, c.VerdictLife) == risk.True
}

// heed makes a finding of whom people said that they may, or that it was not so, an alert
// alone.
func (d *detector) heed(o *observation, i int, out *detect.Out) {
	if a := d.cfg.Verdicts.of(o.who, out.Findings[i].Rule, o.now, d.cfg.VerdictLife); excuses(a) {
		hold(out, i, fmt.Sprintf("of this rule and principal people said: %s", spoken(a)))
		d.metrics.suppressed.WithLabelValues("verdict").Inc()
	}
}

// heed is the same for what the second stage found of many.
func (g *merger) heed(i int, out *detect.Out) {
	if a := g.cfg.Verdicts.excused(&out.Findings[i], g.cfg.VerdictLife); a != "" {
		hold(out, i, fmt.Sprintf("of this rule and whom it names people said: %s", spoken(a)))
		g.metrics.suppressed.WithLabelValues("verdict").Inc()
	}
}

func spoken(a risk.Answer) string { return strings.ReplaceAll(string(a), "_", " ") }

// hold makes the i-th finding of out an alert alone, and says why.
func hold(out *detect.Out, i int, why string) {
	out.Findings[i].Held = why
	out.Hold(i)
}
