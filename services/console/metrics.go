package console

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	requests *prometheus.CounterVec
	logins   *prometheus.CounterVec
	orders   *prometheus.CounterVec
	queries  *prometheus.HistogramVec
	failures *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mirador_console_requests_total", Help: "Pages asked for, by page and status."}, []string{"page", "status"}),
		logins:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mirador_console_logins_total", Help: "Logins: ok, wrong, limited."}, []string{"result"}),
		orders:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mirador_console_orders_total", Help: "Orders of people: unblock, withdraw, and what they say of templates (merge, split, pin, unpin, rename) and specifications (upload, publish, withdraw specification); ok, invalid, failed, or dropped: an upload that a newer one displaced."}, []string{"order", "result"}),
		queries:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "mirador_console_query_seconds", Help: "Time of queries.", Buckets: prometheus.ExponentialBuckets(0.002, 2.5, 10)}, []string{"query"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mirador_console_query_failures_total", Help: "Queries that failed."}, []string{"query"}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.logins, m.orders, m.queries, m.failures} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) query(name string, took time.Duration, err error) {
	m.queries.WithLabelValues(name).Observe(took.Seconds())
	if err != nil {
		m.failures.WithLabelValues(name).Inc()
	}
}
