package discovery

// proven says whether what is known of op shows that it is there. A host that
// answers 200 to every path would list whatever one scanner makes up, and the
// names would be evidence for merging real ones: so with min_actors above 1, it
// takes that many callers with an answer of 2xx, or one with an identity. Where a
// sensor tells neither address nor identity, as some logs, there are none to count.
//
// It is a function of sums that only grow, so the order of differences is no matter
// and a snapshot need not hold it.
func (c *Config) proven(op *operation) bool {
	if op.successes == 0 || c.MinActors <= 1 {
		return op.successes > 0
	}
	for s, n := range op.usage.served {
		if n > 0 && s != schemeNone {
			return true
		}
	}
	if op.usage.networks[networkUnknown] > 0 {
		return true
	}
	return op.usage.callers.Estimate() >= uint64(c.MinActors)
}

// gain adds a difference to e and feeds the tree with it: all that e has once it is
// proven, each difference from then on.
func (m *merger) gain(s *site, e *entry, op *operation) {
	before, waiting := m.cfg.proven(&e.operation), e.successes > 0
	m.count(e.add(op, m.cfg))
	switch after := m.cfg.proven(&e.operation); {
	case before, after && !waiting:
		s.learn(op)
	case after:
		s.learn(&e.operation)
	case e.successes > 0 && !waiting:
		m.metrics.unproven.Inc()
	}
}
