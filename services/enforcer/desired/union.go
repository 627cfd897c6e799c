package desired

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/services/enforcer/edge"
)

// Changes is what edges must be told since the last call: the union of what
// holds, where it is another than before.
func (m *Machine) Changes() (adds, removes []edge.Order) {
	for p := range m.dirty {
		now, ok := m.union(p)
		was, told := m.told[p]
		switch {
		case ok:
			if told && same(&was, &now) {
				continue
			}
			m.told[p] = now
			adds = append(adds, now)
		case told:
			delete(m.told, p)
			removes = append(removes, was)
		}
	}
	clear(m.dirty)
	byPlace := func(a, b edge.Order) int { return comparePlaces(a.Place, b.Place) }
	slices.SortFunc(adds, byPlace)
	slices.SortFunc(removes, byPlace)
	return adds, removes
}

func comparePlaces(a, b edge.Place) int {
	return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Scope, b.Scope))
}

func same(a, b *edge.Order) bool {
	return a.Op == b.Op && a.Until.Equal(b.Until) && a.KeyID == b.KeyID &&
		slices.EqualFunc(a.Actions, b.Actions, func(x, y edge.Ref) bool { return x.ID == y.ID && x.Op == y.Op })
}

// union is the order at p: the strongest op of the active actions, a person's
// allow above all, as long as the last that says so.
func (m *Machine) union(p edge.Place) (edge.Order, bool) {
	if m.killed || len(m.places[p]) == 0 {
		return edge.Order{}, false
	}
	rs := make([]*record, 0, len(m.places[p]))
	for _, r := range m.places[p] {
		rs = append(rs, r)
	}
	slices.SortFunc(rs, func(a, b *record) int {
		return cmp.Or(cmp.Compare(edge.Strength(b.a.Op), edge.Strength(a.a.Op)), b.a.NotAfter.Compare(a.a.NotAfter), cmp.Compare(a.key, b.key))
	})
	first := rs[0]
	o := edge.Order{Place: p, KeyID: first.a.Target.KeyID, Op: first.a.Op, Until: first.a.NotAfter}
	for _, r := range rs {
		if o.Op == action.Allow && r.a.Op != action.Allow {
			break // an action that is overruled is not enforced
		}
		o.Actions = append(o.Actions, edge.Ref{ID: r.a.ID, Key: r.key, Rule: r.a.Rule, Op: r.a.Op, Revision: r.a.Revision, EventTime: r.a.EventTime, Restored: r.restored})
	}
	return o, true
}

// objection is why a guard refuses a, whatever the caps; empty where none does.
func (m *Machine) objection(a *action.Action, now time.Time) string {
	person := a.ByPerson()
	switch a.Op {
	case action.Log:
		return ""
	case action.Allow:
		if !person {
			return "an allow needs a person"
		}
	case action.Block, action.Challenge, action.Throttle:
	default:
		return fmt.Sprintf("unknown op %.32q", a.Op)
	}
	if why := m.width(a.Target, person); why != "" {
		return why
	}
	if a.Op != action.Allow && m.guard.Target(a.Target) {
		return "target is on the never-block list"
	}
	if !person && a.NotAfter.Sub(now) > m.cfg.MaxTTL+m.cfg.ClockSkew {
		return fmt.Sprintf("ends in %s; more than %s needs a person", a.NotAfter.Sub(now).Round(time.Second), m.cfg.MaxTTL)
	}
	return ""
}

func (m *Machine) width(t action.Target, person bool) string {
	switch t.Type {
	case action.Address:
		if _, err := netip.ParseAddr(t.Value); err != nil {
			return "target is no address"
		}
	case action.CIDR:
		p, err := netip.ParsePrefix(t.Value)
		if err != nil || p != p.Masked() {
			return "target is no prefix"
		}
		widest := m.cfg.WidestIPv6
		if p.Addr().Is4() {
			widest = m.cfg.WidestIPv4
		}
		if !person && p.Bits() < widest {
			return fmt.Sprintf("prefix /%d is wider than /%d, which needs a person", p.Bits(), widest)
		}
	}
	return ""
}

// overCaps is why the caps refuse a; empty where they do not. A person's actions
// do not count. Restored records count in the minute they began in, so that a
// restart neither trips the breaker nor forgets what it had let through.
func (m *Machine) overCaps(a *action.Action, now time.Time, restoring, held bool) string {
	if a.ByPerson() {
		return ""
	}
	u := m.tenant(a.Tenant)
	if held || m.automatic(edge.PlaceOf(a)) > 0 {
		return "" // the target is acted on already
	}
	caps := m.cfg.Caps
	if now.Before(u.tripped) {
		return fmt.Sprintf("breaker: log-only until %s", u.tripped.UTC().Format(time.RFC3339))
	}
	minute := now.Unix() / 60
	if restoring {
		minute = min(minute, a.NotBefore.Unix()/60)
	}
	why := ""
	switch {
	case u.active >= caps.Active:
		why = fmt.Sprintf("breaker tripped: %d targets are acted on, the limit", u.active)
	case u.minutes[minute] >= caps.NewPerMinute:
		why = fmt.Sprintf("breaker tripped: %d new targets this minute, the limit", u.minutes[minute])
	}
	if why == "" {
		u.minutes[minute]++
		return ""
	}
	if !restoring {
		u.tripped = now.Add(caps.Hold)
	}
	return why
}

func (m *Machine) tenant(name string) *usage {
	u := m.usage[name]
	if u == nil {
		u = &usage{minutes: map[int64]int{}}
		m.usage[name] = u
	}
	return u
}

// automatic counts the active records at p that no person issued.
func (m *Machine) automatic(p edge.Place) int {
	n := 0
	for _, r := range m.places[p] {
		if !r.a.ByPerson() {
			n++
		}
	}
	return n
}

func (m *Machine) attach(r *record) {
	p := edge.PlaceOf(&r.a)
	if !r.a.ByPerson() && m.automatic(p) == 0 {
		m.tenant(p.Tenant).active++
	}
	if m.places[p] == nil {
		m.places[p] = map[string]*record{}
	}
	m.places[p][r.key] = r
	m.dirty[p] = true
}

// detach takes r out of what holds; it stays remembered.
func (m *Machine) detach(r *record) {
	if r.phase != active {
		return
	}
	p := edge.PlaceOf(&r.a)
	delete(m.places[p], r.key)
	if !r.a.ByPerson() && m.automatic(p) == 0 {
		m.tenant(p.Tenant).active--
	}
	if len(m.places[p]) == 0 {
		delete(m.places, p)
	}
	m.dirty[p] = true
}
