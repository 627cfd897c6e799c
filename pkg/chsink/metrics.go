package chsink

import "github.com/prometheus/client_golang/prometheus"

// Metrics are shared by all sinks of a process. Safe for concurrent use.
type Metrics struct {
	rows     *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	failures *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	capped   *prometheus.CounterVec
	clamped  *prometheus.CounterVec
}

// NewMetrics registers the metrics of sinks at reg, which may be nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "mirador", Subsystem: "chsink", Name: name, Help: help}, labels)
	}
	m := &Metrics{
		rows:     counter("rows_total", "Rows that ClickHouse took.", "table"),
		bytes:    counter("bytes_total", "Bytes of these rows before encoding.", "table"),
		failures: counter("insert_failures_total", "Inserts that failed; the batch was kept.", "table"),
		capped:   counter("capped_total", "Values cut at their limit, by what they are.", "table", "what"),
		clamped:  counter("clamped_total", "Events whose time was replaced by the time of receipt.", "table"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "mirador", Subsystem: "chsink", Name: "insert_seconds", Help: "Time of an insert that succeeded.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 13),
		}, []string{"table"}),
	}
	if reg != nil {
		reg.MustRegister(m.rows, m.bytes, m.failures, m.capped, m.clamped, m.seconds)
	}
	return m
}
