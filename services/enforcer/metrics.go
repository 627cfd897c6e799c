package enforcer

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	records       *prometheus.CounterVec // by result
	unopened      prometheus.Counter     // signature or form
	statusDropped prometheus.Counter
	edgeErrors    *prometheus.CounterVec // by edge
	notHere       *prometheus.CounterVec // by edge
	orders        prometheus.Gauge
	connected     prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "mirador", Subsystem: "enforcer", Name: name, Help: help}
	}
	m := &metrics{
		records:       prometheus.NewCounterVec(counter("records_total", "Signed records read, by what became of them."), []string{"result"}),
		unopened:      prometheus.NewCounter(counter("records_unverified_total", "Records refused for their signature, key or form.")),
		statusDropped: prometheus.NewCounter(counter("status_dropped_total", "Statuses that could not be sent.")),
		edgeErrors:    prometheus.NewCounterVec(counter("edge_errors_total", "Calls of an edge that failed."), []string{"edge"}),
		notHere:       prometheus.NewCounterVec(counter("edge_not_applicable_total", "Orders that this kind of edge cannot carry out."), []string{"edge"}),
		orders:        prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "mirador", Subsystem: "enforcer", Name: "orders", Help: "Orders in force."}),
		connected:     prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "mirador", Subsystem: "enforcer", Name: "kafka_connected", Help: "1 while Kafka answers."}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.records, m.unopened, m.statusDropped, m.edgeErrors, m.notHere, m.orders, m.connected} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}
