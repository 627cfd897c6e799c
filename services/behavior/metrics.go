package behavior

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are shared by both stages of one process. All of them are counters.
type Metrics struct {
	findings   *prometheus.CounterVec
	suppressed *prometheus.CounterVec
	evicted    *prometheus.CounterVec
	dropped    *prometheus.CounterVec
	shifts     *prometheus.CounterVec
}

// NewMetrics registers the metrics at reg, which may be nil.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	vec := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "mirador", Subsystem: Name, Name: name, Help: help}, []string{label})
	}
	m := &Metrics{
		findings:   vec("rule_findings_total", "Findings and updates put out, by rule.", "rule"),
		suppressed: vec("suppressed_total", "Decisions that a guard held back, by guard.", "guard"),
		evicted:    vec("states_evicted_total", "States forgotten for want of room, by table.", "table"),
		dropped:    vec("dropped_total", "What was left out of account, by reason.", "reason"),
		shifts:     vec("cohort_shifts_total", "Cohorts that changed as a whole and are learned anew, by rule.", "rule"),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.findings, m.suppressed, m.evicted, m.dropped, m.shifts} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("behavior: register metrics: %w", err)
		}
	}
	return m, nil
}

func (m *Metrics) eviction(table string) func() { return m.evicted.WithLabelValues(table).Inc }

func (m *Metrics) held(guard string) func() { return m.suppressed.WithLabelValues(guard).Inc }
