package discovery

import (
	"errors"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/discovery/order"
)

// order carries out what a person says of a template of a host, at once, and says
// in a finding what came of it.
func (m *merger) order(p *detect.Partial, out *detect.Out) {
	o, err := order.Decode(p.Payload)
	if err != nil {
		// Whoever sent it is no console of ours: it says nothing that can be told.
		m.metrics.malformed.Inc()
		m.log.Error("order of a person dropped: it cannot be read",
			"tenant", p.Tenant, "host", p.Dimension, "partition", m.partition, "error", err)
		return
	}
	at := host{p.Tenant, p.Dimension}
	c := change{at: at, order: &o, before: o.Template}
	if err := m.obey(m.hosts[at], &c, out); err != nil {
		m.metrics.refused.Inc()
		m.log.Warn("order of a person not carried out", "tenant", at.tenant, "host", at.name, "order", o.Op, "person", o.Person, "template", o.Template, "reason", err)
		out.Finding(c.refused(err))
		return
	}
	m.metrics.ordered.Inc()
	m.log.Info("order of a person carried out", "tenant", at.tenant, "host", at.name, "order", o.Op, "person", o.Person, "template", o.Template, "after", c.after)
	out.Finding(c.done())
}

// obey does it, or says why not: then nothing has changed.
func (m *merger) obey(s *site, c *change, out *detect.Out) error {
	if s == nil || !s.knows(c) {
		return errors.New("no endpoint of this host has such a template")
	}
	w := wish{site: s, order: c.order, segments: c.order.Segments()}
	if c.order.Op == order.Rename {
		if err := w.rename(c, m.cfg.MaxPins); err != nil {
			return err
		}
	} else {
		if !m.cfg.Learn {
			return errors.New("discovery.learn is off, so templates are what the shape of paths alone says")
		}
		if err := w.change(c, m.cfg.MaxPins); err != nil {
			return err
		}
		if s.tree.Decide() {
			m.regroup(s, out)
		}
		c.after = s.resolve(c.method, c.after)
	}
	c.id = endpointID(s.host, c.method, c.after)
	if c.order.Op == order.Rename || !m.stands(c.id) {
		c.id = endpointID(s.host, c.method, c.order.Template)
	}
	// Every record of the host carries the revision of its pins.
	for _, e := range s.entries {
		if m.stands(e.id) {
			m.dirty[e.id] = true
		}
	}
	for id := range s.groups {
		m.dirty[id] = true
	}
	return nil
}

// knows says whether there is an endpoint, or a part of one, with the template of an
// order. Of several methods the first is the one that the finding is about.
func (s *site) knows(c *change) bool {
	known := false
	is := func(op *operation) {
		o := c.order
		if op.successes > 0 && op.template == o.Template && (o.Method == "" || o.Method == op.method) && (!known || op.method < c.method) {
			known, c.method = true, op.method
		}
	}
	for _, e := range s.entries {
		is(&e.operation)
	}
	for _, g := range s.groups {
		is(&g.sum)
	}
	return known
}
