package signature

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	findings                 *prometheus.CounterVec
	errors, clipped, skipped prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "mirador", Subsystem: Name, Name: name, Help: help})
	}
	m := &metrics{
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "mirador", Subsystem: Name, Name: "rule_findings_total", Help: "Findings put out, by rule."}, []string{"rule"}),
		errors:   counter("engine_errors_total", "Transactions that the engine could not inspect to the end."),
		clipped:  counter("bodies_clipped_total", "Transactions whose body was longer than the engine inspects."),
		skipped:  counter("enforced_skipped_total", "Transactions that the edge refused for Mirador, which are not judged again."),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.findings, m.errors, m.clipped, m.skipped} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("signature: register metrics: %w", err)
		}
	}
	return m, nil
}
