package discovery

import (
	"maps"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
)

// join moves all that some hosts have to the template at: every counter, so that
// sums stay what they were. Their records are withdrawn.
func (m *merger) join(at host, sites []*site, out *detect.Out) {
	to := m.hosts[at]
	if to == nil {
		to = newSite(at, m.cfg)
		m.hosts[at] = to
	}
	var moved, known []operation
	var said detect.Out // each endpoint is told of once, however many hosts had it
	for _, s := range sites {
		to.inherit(s)
		m.leave(s, func(op operation, counts bool) {
			if known = append(known, op); counts {
				moved = append(moved, op)
			}
		})
		m.remember(s.host, at)
	}
	for i := range moved {
		op := moved[i]
		op.id = endpointID(at, op.method, op.template)
		m.merge(to, &op, &said)
	}
	if to.tree.Decide() {
		m.regroup(to, &said)
	}
	for i := range known {
		m.supersede(to, &known[i])
	}
	findings := map[string]finding.Finding{}
	for _, f := range said.Findings {
		findings[f.ID] = f
	}
	for _, id := range slices.Sorted(maps.Keys(findings)) {
		out.Finding(findings[id])
	}
	m.metrics.joined.Add(float64(len(sites)))
	m.log.Info("hosts are one API", "tenant", at.tenant, "template", at.name, "joined", len(sites), "first", sites[0].host.name)
}

// leave takes a host away, and gives what came for it: under the templates of the
// lexer, and where a merge remembers no more than a sum, under its own. What does not
// count is part of the rest, and was known by an id.
func (m *merger) leave(s *site, give func(op operation, counts bool)) {
	for _, e := range sorted(s.entries) {
		give(e.operation, true)
		if e.candidate != nil {
			m.candidates.Remove(e.candidate)
		}
		m.drop(e)
		m.withdraw(e.tenant, e.id, &e.published)
	}
	for _, g := range sorted(s.groups) {
		give(g.sum, false)
		if g.rest.hits > 0 {
			give(g.rest, true)
		}
		delete(m.groups, g.sum.id)
		m.withdraw(g.host.tenant, g.sum.id, &g.published)
	}
	delete(m.hosts, s.host)
}

// remember notes that a host is part of a template. Of too many all are forgotten:
// they are looked at as if new, and join again.
func (m *merger) remember(at, template host) {
	if len(m.templates.members) >= m.cfg.MaxMemberHosts {
		m.metrics.membersForgotten.Add(float64(len(m.templates.members)))
		clear(m.templates.members)
	}
	m.templates.members[at] = template.name
}

// supersede notes under which id of another host a part of to was known.
func (m *merger) supersede(to *site, op *operation) {
	if op.successes == 0 {
		return
	}
	id := endpointID(to.host, op.method, to.resolve(op.method, op.template))
	if g := m.groups[id]; g != nil {
		g.alias(op, m.cfg.MaxSupersedes)
		return
	}
	if e := m.entries[endpointID(to.host, op.method, op.template)]; e != nil && e.group == nil {
		e.aliases = alias(e.aliases, op.id, m.cfg.MaxSupersedes)
	}
}

// alias adds an id to a list that is sorted: of too many the smallest stay.
func alias(list []string, id string, limit int) []string {
	i, found := slices.BinarySearch(list, id)
	if found || i >= limit {
		return list
	}
	list = slices.Insert(list, i, strings.Clone(id))
	return list[:min(len(list), limit)]
}

// record is the catalog's record of an endpoint that stands for itself.
func (e *entry) record() catalog.Endpoint {
	r := e.endpoint(e.tenant, e.host)
	r.Supersedes = slices.Clone(e.aliases)
	r.Version += int64(len(e.aliases))
	return r
}

// reconsider holds what a snapshot says of hosts against settings that may have
// changed since. A host that is part of a template no more begins anew; what it added
// to the template stays there. Without any template its endpoints are withdrawn.
func (m *merger) reconsider() {
	for at, t := range m.templates.members {
		if m.templates.apart[at.name] || !m.wanted(t) {
			delete(m.templates.members, at)
		}
	}
	for _, at := range m.sortedHosts() {
		if s := m.hosts[at]; s.isTemplate() && !m.wanted(at.name) {
			m.leave(s, func(operation, bool) {})
		}
	}
}

// wanted says whether settings allow a host template.
func (m *merger) wanted(template string) bool {
	shape, ok := catalog.HostShape(template)
	if given := m.templates.given[shape]; given != "" {
		return given == template
	}
	return ok && m.cfg.Learn && m.cfg.MinHosts > 0
}
