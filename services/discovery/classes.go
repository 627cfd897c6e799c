package discovery

import (
	"cmp"
	"maps"
	"slices"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/discovery/dataclass"
	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/tinylib/msgp/msgp"
)

// classify notes what the classifier says of an endpoint. The classifier counts by
// the ids that the catalog had at the time, and may be ahead of the differences of
// the host: so a statement is kept as it came, whether its endpoint is known or not,
// and where it belongs is asked whenever a record is made. A merge or its taking back
// then moves nothing.
func (m *merger) classify(p *detect.Partial) {
	said, err := dataclass.Decode(p.Payload)
	if err != nil {
		m.metrics.malformed.Inc()
		m.log.Error("data classes of an endpoint dropped: they cannot be read",
			"tenant", p.Tenant, "host", p.Dimension, "partition", m.partition, "error", err)
		return
	}
	at := m.belongs(host{p.Tenant, p.Dimension})
	s := m.hosts[at]
	if len(said.Classes) == 0 && s == nil {
		return
	}
	if s == nil {
		s = newSite(at, m.cfg)
		m.hosts[at] = s
	}
	id := endpointID(at, said.Method, said.Template)
	for _, home := range s.homes(&said) {
		if m.stands(home) {
			m.dirty[home] = true
		}
	}
	if before, known := s.classes[id]; known && at.name != p.Dimension {
		// One of several hosts of a template speaks for itself alone.
		s.classes[id] = joined(before, said)
		return
	} else if len(said.Classes) == 0 {
		delete(s.classes, id)
		m.empty(s)
		return
	} else if !known && !m.roomForClasses(s) {
		m.metrics.classes.Inc()
		return
	}
	s.classes[id] = said
}

// inherit takes over what was said of a host that becomes part of s.
func (s *site) inherit(from *site) {
	for _, said := range from.classes {
		id := endpointID(s.host, said.Method, said.Template)
		s.classes[id] = joined(s.classes[id], said)
	}
}

// joined is what two statements say of the same endpoint.
func joined(before, said dataclass.Statement) dataclass.Statement {
	said.Classes = dataclass.Join(before.Classes, said.Classes)
	if said.Fields = dataclass.Join(before.Fields, said.Fields); len(said.Fields) > dataclass.MaxFields {
		said.Fields = said.Fields[:dataclass.MaxFields]
	}
	return said
}

// homes are the ids of the endpoints that a statement is about by now: the one that it
// names and, where that is an operation, the one of its path, which carries what all
// its operations do.
func (s *site) homes(said *dataclass.Statement) []string {
	template := s.resolve(said.Method, said.Template)
	ids := []string{endpointID(s.host, said.Method, template)}
	if path, operation := catalog.SplitOperation(template); operation != "" {
		ids = append(ids, endpointID(s.host, said.Method, path))
	}
	return ids
}

// roomForClasses makes room, if need be, by forgetting what was said of paths that
// are no endpoints: whoever asks for paths that are not there makes these.
func (m *merger) roomForClasses(s *site) bool {
	if len(s.classes) < m.cfg.MaxEndpoints {
		return true
	}
	for id, said := range s.classes {
		if !slices.ContainsFunc(s.homes(&said), m.stands) {
			delete(s.classes, id)
			m.metrics.classes.Inc()
		}
	}
	return len(s.classes) < m.cfg.MaxEndpoints
}

// carried is what the endpoints of s carry, by id.
func (s *site) carried() map[string]dataclass.Statement {
	out := map[string]dataclass.Statement{}
	for _, said := range s.classes {
		for _, id := range s.homes(&said) {
			out[id] = joined(out[id], said)
		}
	}
	return out
}

// carrying puts what the classifier confirmed into a record, beside what learned
// formats show, and weighs it.
func carrying(e catalog.Endpoint, said dataclass.Statement) catalog.Endpoint {
	if len(said.Classes) > 0 {
		e.DataClasses = dataclass.Join(e.DataClasses, said.Classes)
		e.Risk = risk(&e)
	}
	for _, f := range said.Fields {
		severity, class, path := dataclass.SplitField(f)
		e.Carries = append(e.Carries, catalog.Carried{Path: path, Class: class, Severity: severity})
	}
	slices.SortFunc(e.Carries, func(a, b catalog.Carried) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Class, b.Class))
	})
	return e
}

// empty forgets a host of which nothing is known.
func (m *merger) empty(s *site) {
	if len(s.entries) == 0 && len(s.groups) == 0 && len(s.classes) == 0 && s.tree.Pins() == 0 {
		delete(m.hosts, s.host)
	}
}

func (m *merger) appendClasses(b []byte) []byte {
	var hosts []host
	for _, h := range m.sortedHosts() {
		if len(m.hosts[h].classes) > 0 {
			hosts = append(hosts, h)
		}
	}
	b = msgp.AppendArrayHeader(b, uint32(len(hosts)))
	for _, h := range hosts {
		b = msgp.AppendString(msgp.AppendString(b, h.tenant), h.name)
		said := m.hosts[h].classes
		b = msgp.AppendArrayHeader(b, uint32(len(said)))
		for _, id := range slices.Sorted(maps.Keys(said)) {
			one := said[id]
			b = dataclass.AppendBody(b, &one)
		}
	}
	return b
}

func (m *merger) restoreClasses(r *reader) {
	for range r.Length() {
		at := host{wire.Take(&r.Reader, msgp.ReadStringBytes), wire.Take(&r.Reader, msgp.ReadStringBytes)}
		s := m.hosts[at]
		if r.Err == nil && s == nil {
			r.Fail("data classes of %s, which is no host of the snapshot", at.name)
		}
		for range r.Length() {
			said := dataclass.Read(&r.Reader)
			if r.Err != nil {
				return
			}
			s.classes[endpointID(at, said.Method, said.Template)] = said
		}
	}
}
