package classifier

import (
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of both stages. Every limit that loses something has a counter.
type metrics struct {
	dropped   *prometheus.CounterVec
	malformed prometheus.Counter
}

func newMetrics(r prometheus.Registerer, log *slog.Logger) *metrics {
	m := &metrics{
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mirador_classifier_dropped_total",
			Help: "What a limit left out, by limit: max_endpoints, max_fields, max_classes, max_hits, max_value; unknown_type is a type of a newer version, untold_classes what the catalog was not told of an endpoint because its host or template is missing or too long, or they are too many.",
		}, []string{"limit"}),
		malformed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "mirador_classifier_malformed_partials_total",
			Help: "Partials that the merger could not read and left out.",
		}),
	}
	if r == nil {
		return m
	}
	// Both stages of a process, and every partition, share one set.
	var errs []error
	m.dropped = share(r, m.dropped, &errs)
	m.malformed = share(r, m.malformed, &errs)
	if err := errors.Join(errs...); err != nil && log != nil {
		log.Error("classifier: some metrics are not shown: another collector has their name", "error", err)
	}
	return m
}

// share registers c, or takes the one that is registered already.
func share[C prometheus.Collector](r prometheus.Registerer, c C, errs *[]error) C {
	err := r.Register(c)
	var twice prometheus.AlreadyRegisteredError
	if errors.As(err, &twice) {
		if old, ok := twice.ExistingCollector.(C); ok {
			return old
		}
	}
	if err != nil {
		*errs = append(*errs, err)
	}
	return c
}
