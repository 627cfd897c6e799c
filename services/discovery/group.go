package discovery

import (
	"cmp"
	"hash/fnv"
	"slices"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/discovery/dataclass"
	"github.com/miradorhq/mirador/services/discovery/learn"
	"github.com/miradorhq/mirador/services/discovery/schema"
)

// site is what is known of one host.
type site struct {
	host    host
	tree    *learn.Tree
	entries map[string]*entry // by endpoint id
	groups  map[string]*group
	listed  int
	// operations counts listed operations by the path that they are asked for at.
	operations map[string]int
	// classes are what the classifier said of endpoints, by the id that it knew.
	classes map[string]dataclass.Statement
	warned  bool // of MaxEndpoints; no part of the state
	looked  int  // what listed was when hosts were compared; no part of the state
}

func newSite(at host, c *Config) *site {
	return &site{host: at, tree: learn.New(c.learn()), entries: map[string]*entry{}, groups: map[string]*group{}, operations: map[string]int{},
		classes: map[string]dataclass.Statement{}, looked: -1}
}

// group is an endpoint whose template was learned: it holds what came under
// several lexical ones. Its counters are the sums of its parts' and of rest, where
// stands what came under templates that have no entry, or no longer have. Parts
// have their own counters still, so a merge of few can be taken back exactly.
type group struct {
	host    host
	sum     operation
	rest    operation
	parts   map[string]*entry
	names   []string // of the path's parameters
	aliases []string // ids that became part of it: sorted, the smallest

	published bool
}

func endpointID(at host, method, template string) string {
	return catalog.ID(at.tenant, at.name, method, template)
}

func newGroup(at host, method, template string) *group {
	g := &group{host: at, parts: map[string]*entry{}, names: catalog.ParamNames(template)}
	g.rest.id, g.rest.method, g.rest.template = endpointID(at, method, template), method, template
	g.sum.id, g.sum.method, g.sum.template = g.rest.id, method, template
	return g
}

// alias notes that op is part of g. What never succeeded never was an endpoint.
func (g *group) alias(op *operation, limit int) {
	if op.successes == 0 || op.id == g.sum.id {
		return
	}
	g.aliases = alias(g.aliases, op.id, limit)
}

// include adds op to an operation of g. Names of path parameters that came from a
// literal which turned out to be a value are none of g's.
func (g *group) include(to, op *operation, c *Config) (dropped int) {
	dropped = to.add(op, c)
	if op.template != g.sum.template && !subset(catalog.ParamNames(op.template), g.names) {
		to.params.KeepPath(g.names)
	}
	return dropped
}

func subset(some, all []string) bool {
	for _, s := range some {
		if !slices.Contains(all, s) {
			return false
		}
	}
	return true
}

// joined adds what came for a part or for the rest to the sum of g.
func (m *merger) joined(g *group, op *operation, out *detect.Out) {
	before, outline := g.sum.witness, g.sum.outline()
	m.count(g.include(&g.sum, op, m.cfg))
	m.counted(&g.sum, outline)
	if g.sum.witness != before {
		out.Finding(discovered(g.host.tenant, g.host.name, &g.sum))
	}
}

// learn feeds the tree with the successes of op.
func (s *site) learn(op *operation) {
	if _, operation := catalog.SplitOperation(op.template); op.successes == 0 || operation != "" {
		return // its path is fed by itself
	}
	sample := learn.Sample{Method: op.method, Template: op.template, Prefix: op.prefix, Hits: op.successes}
	for _, x := range [...]struct {
		in schema.Place
		to *[]learn.Field
	}{{schema.Response, &sample.Response}, {schema.Request, &sample.Request}} {
		op.params.Each(x.in, func(path string, seen uint64) { *x.to = append(*x.to, fieldOf(path, seen)) })
	}
	s.tree.Add(sample)
}

// fieldOf is a name of a field as the tree takes it.
func fieldOf(name string, count uint64) learn.Field {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // a hash takes everything
	return learn.Field{Hash: h.Sum32(), Count: count}
}

// Advance has records written, and looks at the trees again, at fixed points of event
// time: what is decided must not depend on how transactions were batched.
func (m *merger) Advance(watermark time.Time, out *detect.Out) {
	m.tick(watermark)
	at := watermark.Truncate(m.cfg.LearnEvery)
	if !m.cfg.Learn || !at.After(m.decided) {
		return
	}
	m.decided = at
	for _, h := range m.sortedHosts() {
		if s := m.hosts[h]; s.tree.Decide() {
			m.regroup(s, out)
		}
	}
	m.joinHosts(out)
}

// regroup puts every entry of a host where the tree now says it belongs.
func (m *merger) regroup(s *site, out *detect.Out) {
	s.looked = -1
	entries := sorted(s.entries)
	templates := make([]string, len(entries))
	made := map[string]bool{}
	for i, e := range entries {
		templates[i] = s.resolve(e.method, e.template)
		if templates[i] != e.template && m.cfg.proven(&e.operation) {
			made[endpointID(s.host, e.method, templates[i])] = true
		}
	}
	touched := map[string]*group{}
	for i, e := range entries {
		id := endpointID(s.host, e.method, templates[i])
		var g *group
		if old := s.groups[id]; made[id] || old != nil && old.rest.successes > 0 {
			if g = old; g == nil {
				g = newGroup(s.host, e.method, templates[i])
				s.groups[id], m.groups[id] = g, g
				s.listed++
				m.metrics.merged.Inc()
			}
		}
		if g != e.group {
			m.move(s, e, g, touched, out)
		}
	}
	for _, g := range sorted(touched) {
		m.settle(s, g, out)
	}
}

// move takes e from the group that it is in to g; nil is none.
func (m *merger) move(s *site, e *entry, g *group, touched map[string]*group, out *detect.Out) {
	if old := e.group; old != nil {
		delete(old.parts, e.id)
		for _, id := range slices.Concat(e.aliases, []string{e.id}) {
			if i, found := slices.BinarySearch(old.aliases, id); found {
				old.aliases = slices.Delete(old.aliases, i, i+1)
			}
		}
		touched[old.sum.id] = old
		m.metrics.split.Inc()
	} else if g != nil && e.candidate == nil {
		s.listing(e, -1)
	}
	if e.candidate != nil && g != nil {
		m.candidates.Remove(e.candidate)
		e.candidate = nil
	}
	e.group = g
	switch {
	case g != nil:
		g.parts[e.id] = e
		g.alias(&e.operation, m.cfg.MaxSupersedes)
		for _, id := range e.aliases {
			g.aliases = alias(g.aliases, id, m.cfg.MaxSupersedes)
		}
		touched[g.sum.id] = g
		m.withdraw(e.tenant, e.id, &e.published)
	case m.cfg.proven(&e.operation):
		m.list(s, e)
		// Its witness may have moved while it was a part.
		out.Finding(discovered(e.tenant, e.host, &e.operation))
	default:
		e.candidate = m.candidates.PushFront(e)
	}
}

// settle makes the sum of a group anew, and keeps as parts only the most asked
// for: a parameter may have any number of values.
func (m *merger) settle(s *site, g *group, out *detect.Out) {
	if len(g.parts) == 0 && g.rest.successes == 0 {
		delete(s.groups, g.sum.id)
		delete(m.groups, g.sum.id)
		s.listed--
		m.withdraw(g.host.tenant, g.sum.id, &g.published)
		m.release(s, g)
		return
	}
	parts := sorted(g.parts)
	slices.SortStableFunc(parts, func(a, b *entry) int { return cmp.Compare(b.successes, a.successes) })
	for i, e := range parts {
		if i >= m.cfg.MaxParts {
			m.count(g.include(&g.rest, &e.operation, m.cfg))
			delete(g.parts, e.id)
			m.drop(e)
		}
	}
	before := g.sum.witness
	g.sum = operation{id: g.sum.id, method: g.sum.method, template: g.sum.template}
	if g.rest.hits > 0 {
		m.count(g.include(&g.sum, &g.rest, m.cfg))
	}
	for _, e := range sorted(g.parts) {
		m.count(g.include(&g.sum, &e.operation, m.cfg))
	}
	m.dirty[g.sum.id] = true
	if g.sum.witness != before && g.sum.successes > 0 {
		out.Finding(discovered(g.host.tenant, g.host.name, &g.sum))
	}
}

// release gives what stood in the rest of a group that is no more, transactions
// that failed, to a candidate of its template, so that they stay counted.
func (m *merger) release(s *site, g *group) {
	if g.rest.hits == 0 {
		return
	}
	e := m.entries[g.rest.id]
	if e == nil {
		e = &entry{tenant: s.host.tenant, host: s.host.name}
		e.id, e.method, e.template = g.rest.id, g.rest.method, g.rest.template
		e.candidate = m.candidates.PushFront(e)
		m.entries[e.id], s.entries[e.id] = e, e
	} else if e.candidate == nil {
		m.dirty[e.id] = true
	}
	m.count(e.add(&g.rest, m.cfg))
}

// withdraw takes the record id out of the catalog with the next flush.
func (m *merger) withdraw(tenant, id string, published *bool) {
	if *published {
		m.gone[id] = tenant
	}
	*published = false
}
