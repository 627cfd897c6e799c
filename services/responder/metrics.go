package responder

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are shared by all stages of one process. All of them are counters.
type Metrics struct {
	signs   *prometheus.CounterVec
	levels  *prometheus.CounterVec
	evicted *prometheus.CounterVec
}

// NewMetrics registers the metrics at reg, which may be nil.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	vec := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "mirador", Subsystem: Name, Name: name, Help: help}, []string{label})
	}
	m := &Metrics{
		signs:   vec("signs_total", "Findings and verdicts taken, by what came of each.", "outcome"),
		levels:  vec("risk_findings_total", "RISK-01 findings and updates put out, by level.", "level"),
		evicted: vec("states_evicted_total", "States forgotten for want of room, by table.", "table"),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.signs, m.levels, m.evicted} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("responder: register metrics: %w", err)
		}
	}
	return m, nil
}
