package discovery

import (
	"container/list"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/discovery/dataclass"
	"github.com/miradorhq/mirador/services/discovery/order"
)

// MergerFactory makes mergers, the only writers of the catalog. cfg must be valid.
func MergerFactory(cfg Config) detect.MergerFactory {
	m := newMetrics(cfg.Metrics)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return func(partition int32) detect.Merger { return newMerger(&cfg, m, partition) }
}

// merger holds every endpoint of the hosts of one partition.
//
// Differences come under the templates that the lexer makes. Each of these has an
// entry, which is an endpoint of its own until the tree of its host learns that a
// segment of it is a value: then it is a part of a group, see group.go and record.go.
//
// An endpoint is listed, put into the catalog, once it is proven, see proof.go: at
// its first success, unless configured otherwise. Until then
// it is a candidate: its transactions are counted, so that its hits are exact once
// it is listed, but a scan can ask for paths without end, so candidates are kept in
// the order they were last seen and the oldest is forgotten.
type merger struct {
	cfg       *Config
	metrics   *metrics
	log       *slog.Logger
	partition int32

	entries    map[string]*entry // by endpoint id
	candidates *list.List        // of *entry, the one last seen in front
	hosts      map[host]*site
	groups     map[string]*group // by endpoint id
	dirty      map[string]bool   // ids whose record is due
	counts     map[string]bool   // ids whose record is due at the next tick, see counts.go
	ticked     time.Time         // event time of the last one
	gone       map[string]string // ids whose record is to be withdrawn, with the tenant
	decided    time.Time         // event time of the last look at the trees
	templates  hostTemplates
}

type host struct{ tenant, name string }

// entry is what came under one lexical template.
type entry struct {
	tenant, host string
	operation
	candidate *list.Element // nil when listed or part of a group
	group     *group        // nil when it stands for itself
	aliases   []string      // ids of other hosts' endpoints that became part of it, as in group
	// published says that the catalog holds a record of it.
	published bool
}

var (
	_ detect.Flusher  = (*merger)(nil)
	_ detect.Stateful = (*merger)(nil)
	_ detect.Advancer = (*merger)(nil)
)

func newMerger(cfg *Config, m *metrics, partition int32) *merger {
	return &merger{
		cfg: cfg, metrics: m, log: cfg.Log, partition: partition,
		entries: map[string]*entry{}, candidates: list.New(), hosts: map[host]*site{}, groups: map[string]*group{}, dirty: map[string]bool{}, counts: map[string]bool{}, gone: map[string]string{},
		templates: newHostTemplates(cfg),
	}
}

// Merge adds a difference, carries out the order of a person, or notes what the
// classifier confirmed. Partials of other kinds share the topic and are passed over.
func (m *merger) Merge(p *detect.Partial, out *detect.Out) {
	if p.Kind != Kind {
		return
	}
	if order.Is(p.Payload) {
		m.order(p, out)
		return
	}
	if dataclass.Is(p.Payload) {
		m.classify(p)
		return
	}
	ops, err := decodePayload(p.Payload, p.Tenant, p.Dimension, m.cfg)
	if err != nil {
		// Nothing of it was added. It can't be retried: its bytes do not change.
		m.metrics.malformed.Inc()
		m.log.Error("difference dropped, counters of its host are short by it",
			"tenant", p.Tenant, "host", p.Dimension, "source", p.Source, "partition", m.partition, "error", err)
		return
	}
	at := m.belongs(host{p.Tenant, p.Dimension})
	if at.name != p.Dimension {
		for _, op := range ops {
			op.id = endpointID(at, op.method, op.template)
		}
	}
	s := m.hosts[at]
	if s == nil {
		s = newSite(at, m.cfg)
		m.hosts[at] = s
	}
	for _, op := range ops {
		m.merge(s, op, out)
	}
	m.empty(s)
}

func (m *merger) merge(s *site, op *operation, out *detect.Out) {
	e := m.entries[op.id]
	if e == nil {
		g := s.groups[endpointID(s.host, op.method, s.resolve(op.method, op.template))]
		if g != nil && (len(g.parts) >= 2*m.cfg.MaxParts || op.successes == 0 && len(g.parts) >= m.cfg.MaxParts) {
			// One more value of a parameter, or one that nobody has. Those that were
			// answered come first, for a scan can ask for any number.
			m.count(g.include(&g.rest, op, m.cfg))
			g.alias(op, m.cfg.MaxSupersedes)
			m.joined(g, op, out)
			if m.cfg.proven(op) {
				s.learn(op)
			}
			return
		}
		e = &entry{tenant: s.host.tenant, host: s.host.name, group: g}
		e.id, e.method, e.template = op.id, op.method, op.template
		if g != nil {
			g.parts[e.id] = e
		} else {
			e.candidate = m.candidates.PushFront(e)
		}
		m.entries[e.id], s.entries[e.id] = e, e
	}
	before, known, outline := e.witness, m.cfg.proven(&e.operation), e.outline()
	m.gain(s, e, op)
	if e.group != nil {
		e.group.alias(op, m.cfg.MaxSupersedes)
		m.joined(e.group, op, out)
		return
	}
	if e.candidate == nil {
		m.counted(&e.operation, outline)
		if e.witness != before {
			out.Finding(discovered(e.tenant, e.host, &e.operation))
		}
		return
	}
	proven := m.cfg.proven(&e.operation)
	if proven && s.room(e, m.cfg) {
		m.list(s, e)
		m.metrics.listed.Inc()
		out.Finding(discovered(e.tenant, e.host, &e.operation))
		return
	}
	if proven {
		if !known {
			m.metrics.unlisted.Inc()
		}
		if !s.warned { // once: whoever sends the paths must not fill the log
			s.warned = true
			m.log.Warn("endpoint not listed: its host has as many as discovery.max_endpoints allows, or its path as many operations as max_operations",
				"tenant", s.host.tenant, "host", s.host.name, "path", e.template)
		}
		e.params = params{} // a candidate stays small
	}
	m.candidates.MoveToFront(e.candidate)
	for m.candidates.Len() > m.cfg.MaxCandidates {
		m.forget(m.candidates.Back())
	}
}

// count counts parameters that found no room.
func (m *merger) count(dropped int) {
	if dropped > 0 {
		m.metrics.params.Add(float64(dropped))
	}
}

// list makes e an endpoint of its own.
func (m *merger) list(s *site, e *entry) {
	if e.candidate != nil {
		m.candidates.Remove(e.candidate)
		e.candidate = nil
	}
	s.listing(e, 1)
	m.dirty[e.id] = true
}

func (m *merger) forget(at *list.Element) {
	e, ok := m.candidates.Remove(at).(*entry)
	if !ok {
		return // the list holds nothing else
	}
	m.drop(e)
	m.metrics.forgotten.Inc()
	m.metrics.lostHits.Add(float64(e.hits))
}

func (m *merger) drop(e *entry) {
	delete(m.entries, e.id)
	if s := m.hosts[host{e.tenant, e.host}]; s != nil {
		delete(s.entries, e.id)
	}
}

func sorted[T any](m map[string]T) []T {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, strings.Compare)
	out := make([]T, len(keys))
	for i, k := range keys {
		out[i] = m[k]
	}
	return out
}
